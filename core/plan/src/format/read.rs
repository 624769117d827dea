//! Reading a saved plan. It may have been edited or come from elsewhere: nothing in it is trusted to
//! be consistent.
//!
//! A step is looked at where it lies in the text, and only what differs from the steps before in more
//! than the scope becomes a template: reading costs what its bytes cost.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use skybridge_model::Address;
use skybridge_model::limits::{ADDRESS_BYTES_MAX, PLAN_STEPS_MAX};
use skybridge_plugin_protocol::onboard::{self, StepTemplate};

use super::alike::Likeness;
use super::parts::{self, Parts, Text};
use super::v1;
use crate::action::{Action, Performer};
use crate::digest::hex;
use crate::graph::to_u32;
use crate::language::{Piece, Pieces, escape, map_texts};
use crate::plan::{Connector, Note, Plan, Planned, StepRow};
use crate::scopes;

/// Why bytes are not a plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not of the form of a plan.
    #[error("the file is not a plan: {0}")]
    Json(#[from] serde_json::Error),
    /// One part of it does not have the form of that part.
    #[error("the file is not a plan: in its `{part}`: {error}")]
    Part {
        /// The field.
        part: &'static str,
        /// What is wrong, with the place within the part.
        error: serde_json::Error,
    },
    /// JSON of something else.
    #[error("the file holds `{0}`, not a `{format}`", format = v1::FORMAT)]
    Format(String),
    /// Written by a newer Skybridge.
    #[error(
        "the plan has format version {found}, and this Skybridge reads up to version {newest}; make the plan again with this Skybridge, or use the newer one",
        newest = v1::VERSION
    )]
    Future {
        /// The version it says it has.
        found: u64,
    },
    /// The parts contradict each other.
    #[error("the plan contradicts itself at `{at}`: {problem}")]
    Inconsistent {
        /// The address, or what stands for it.
        at: String,
        /// What is wrong.
        problem: String,
    },
    /// The content is not what the digest was taken of.
    #[error("the plan was changed after it was made: its digest is {said}, its content has {is}")]
    Digest {
        /// The digest in the file.
        said: String,
        /// The digest of the content.
        is: String,
    },
}

impl Plan {
    /// Reads a plan as [`crate::view::json::write`] writes it.
    ///
    /// # Errors
    /// [`ReadError`]; a plan of a version this crate does not know is refused by naming both.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadError> {
        // Checked at once, which is cheaper than text by text.
        let text = std::str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
        let parts: Parts<'_> = serde_json::from_str(text)?;
        match (parts.format.as_deref(), parts.version) {
            (Some(v1::FORMAT), Some(1)) => {}
            (Some(v1::FORMAT), Some(found)) => return Err(ReadError::Future { found }),
            (other, _) => {
                return Err(ReadError::Format(other.unwrap_or("something else").to_owned()));
            }
        }
        let plan = read(&parts)?;
        match parts.digest {
            Some(said) if !holds(text, &said) && said != plan.digest() => {
                Err(ReadError::Digest { is: plan.digest(), said })
            }
            _ => Ok(plan),
        }
    }

    /// A plan of its parts.
    pub(crate) fn from_document(document: &v1::Document) -> Result<Self, ReadError> {
        Self::from_json(&serde_json::to_vec(document)?)
    }

    /// The hash of the plan's content: the same for two plans exactly when they say the same.
    #[must_use]
    pub fn digest(&self) -> String {
        super::digest(self)
    }
}

/// Whether `said` is the hash of the bytes as we write them. Those of an edited or reformatted file
/// are not; then what it says is hashed anew.
fn holds(text: &str, said: &str) -> bool {
    let end = super::write::end(said);
    let content = text.strip_suffix(end.as_str());
    content.is_some_and(|content| hex(&Sha256::digest(content)) == said)
}

fn inconsistent(at: &str, problem: impl Into<String>) -> ReadError {
    ReadError::Inconsistent { at: at.to_owned(), problem: problem.into() }
}

/// Reads a part that must be there.
fn part<'a, T: Deserialize<'a>>(
    name: &'static str,
    raw: Option<&'a RawValue>,
) -> Result<T, ReadError> {
    let raw = raw.ok_or_else(|| serde_json::Error::missing_field(name))?;
    serde_json::from_str(raw.get()).map_err(|error| ReadError::Part { part: name, error })
}

/// Reads a part that may be missing.
fn option<'a, T: Deserialize<'a> + Default>(
    name: &'static str,
    raw: Option<&'a RawValue>,
) -> Result<T, ReadError> {
    if raw.is_some() { part(name, raw) } else { Ok(T::default()) }
}

fn read(parts: &Parts<'_>) -> Result<Plan, ReadError> {
    let facts: v1::Facts = part("facts", parts.facts)?;
    let mut reader = Reader::new(Plan {
        vars: vec![BTreeMap::new()],
        online: facts.online,
        destroy: facts.destroy,
        narrowed: facts.narrowed,
        unobserved: facts.unobserved,
        origin: option::<Option<v1::Origin>>("origin", parts.origin)?.map(Box::new),
        ..Plan::default()
    });
    for connector in part::<Vec<v1::Connector>>("connectors", parts.connectors)? {
        reader.add_connector(connector)?;
    }
    let note = |note: v1::Note| Note { connector: note.connector, text: note.text };
    let notes: Vec<v1::Note> = part("notes", parts.notes)?;
    reader.plan.notes = notes.into_iter().map(note).collect();
    for left in option::<Vec<v1::LeftOut>>("left-out", parts.left_out)? {
        reader.add_left_out(left)?;
    }
    for asked in option::<Vec<v1::Permission>>("permissions", parts.permissions)? {
        reader.add_permission(asked)?;
    }
    let steps = parts.steps.ok_or_else(|| serde_json::Error::missing_field("steps"))?;
    let mut problem = None;
    let mut from = serde_json::Deserializer::from_str(steps.get());
    let read = Steps { reader: &mut reader, problem: &mut problem }.deserialize(&mut from);
    match (read, problem) {
        (_, Some(problem)) => Err(problem),
        (Err(error), None) => Err(ReadError::Part { part: "steps", error }),
        (Ok(()), None) => {
            reader.plan.reindex();
            Ok(reader.plan)
        }
    }
}

/// The steps, each added as soon as it is read.
struct Steps<'r, 'p> {
    reader: &'r mut Reader,
    problem: &'p mut Option<ReadError>,
}

impl<'de> DeserializeSeed<'de> for Steps<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Steps<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of steps")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut steps: A) -> Result<(), A::Error> {
        while let Some(step) = steps.next_element::<parts::Step<'de>>()? {
            if let Err(problem) = self.reader.add(step) {
                *self.problem = Some(problem);
                return Err(A::Error::custom("see the problem"));
            }
        }
        Ok(())
    }
}

/// Builds a plan step by step. Steps that differ in nothing but their scope share a template again.
struct Reader {
    plan: Plan,
    connectors: BTreeMap<String, u32>,
    /// Connector and family by the path of an address: `contoso.role-assignment.reader`.
    paths: BTreeMap<String, u32>,
    /// By scope and family, which make an address unique.
    positions: BTreeMap<(u32, u32), u32>,
    templates: BTreeMap<Vec<u8>, u32>,
    likeness: Likeness,
}

impl Reader {
    fn new(plan: Plan) -> Self {
        Self {
            plan,
            connectors: BTreeMap::new(),
            paths: BTreeMap::new(),
            positions: BTreeMap::new(),
            templates: BTreeMap::new(),
            likeness: Likeness::new(),
        }
    }

    fn add_connector(&mut self, c: v1::Connector) -> Result<(), ReadError> {
        let at = to_u32(self.plan.connectors.len());
        if self.connectors.insert(c.name.clone(), at).is_some() {
            return Err(inconsistent(&c.name, "there are two such connectors"));
        }
        self.plan.connectors.push(Connector {
            name: c.name,
            plugin: c.plugin,
            destination: c.destination,
            destination_title: c.destination_title,
            depends_on: c.depends_on,
        });
        Ok(())
    }

    fn add_left_out(&mut self, left: v1::LeftOut) -> Result<(), ReadError> {
        let v1::LeftOut { connector, scope, name, reason, code, help } = left;
        let known = self.connectors.get(&connector);
        let problem =
            || inconsistent(&scope, format!("it is left out of `{connector}`, which is not there"));
        let connector = *known.ok_or_else(problem)?;
        self.plan.left_out.push((connector, onboard::LeftOut { scope, name, reason, code, help }));
        Ok(())
    }

    fn add_permission(&mut self, asked: v1::Permission) -> Result<(), ReadError> {
        let known = self.connectors.get(&asked.connector);
        let problem = || inconsistent(&asked.permission, "an unknown connector asks for it");
        let connector = *known.ok_or_else(problem)?;
        let permission = onboard::Permission {
            permission: asked.permission,
            sort: asked.sort,
            scope: asked.scope,
            why: asked.why,
            capabilities: asked.capabilities,
            without: asked.without,
            exposes: asked.exposes,
            asked: true,
        };
        self.plan.permissions.push((connector, permission));
        Ok(())
    }

    fn add(&mut self, mut step: parts::Step<'_>) -> Result<(), ReadError> {
        let at = to_u32(self.plan.rows.len());
        if self.plan.rows.len() >= PLAN_STEPS_MAX {
            return Err(inconsistent("steps", format!("more than {PLAN_STEPS_MAX}")));
        }
        if !is_address_of(&step) {
            return Err(inconsistent(&step.address, "its parts are given differently"));
        }
        let scopes = self.plan.scopes.len();
        let scope = self.plan.scopes.number(step.scope.as_deref());
        // Words are checked when their template is made, scopes when they are met first.
        if self.plan.scopes.len() > scopes || step.address.len() > ADDRESS_BYTES_MAX {
            check_address(&step.address)?;
        }
        let known = self.connectors.get(&*step.connector);
        let connector = *known.ok_or_else(|| inconsistent(&step.address, "unknown connector"))?;
        let needs = self.needs(&step, scope)?;
        self.plan.graph.push(needs);
        let action = Action::parse(&step.action);
        let action = action.ok_or_else(|| inconsistent(&step.address, "unknown action"))?;
        self.read_observed(at, action, &mut step);
        self.read_expects(at, &step)?;
        let template = self.template(connector, &step)?;
        let family = self.plan.templates[template as usize].family;
        if self.positions.insert((scope, family), at).is_some() {
            return Err(inconsistent(&step.address, "there are two such steps"));
        }
        self.plan.rows.push(StepRow { template, scope, vars: 0, action });
        Ok(())
    }

    /// Only steps that came before are found, so what is read has no circles.
    fn needs(&self, step: &parts::Step<'_>, scope: u32) -> Result<Vec<u32>, ReadError> {
        let position = |need: &Text<'_>| {
            let (path, of) = split(need);
            let of = match of {
                of if of == step.scope.as_deref() => scope,
                None => scopes::NONE,
                of => self.plan.scopes.find(of)?,
            };
            self.positions.get(&(of, *self.paths.get(path)?)).copied()
        };
        let mut needs = Vec::with_capacity(step.needs.len());
        for need in &step.needs {
            needs.push(position(need).ok_or_else(|| {
                let problem = format!("it needs `{}`, which does not come before it", &**need);
                inconsistent(&step.address, problem)
            })?);
        }
        needs.sort_unstable();
        needs.dedup();
        Ok(needs)
    }

    fn read_expects(&mut self, at: u32, step: &parts::Step<'_>) -> Result<(), ReadError> {
        if step.expects.is_empty() {
            return Ok(());
        }
        let parse = |text: &Text<'_>| {
            Address::parse(text).map_err(|error| inconsistent(&step.address, error.to_string()))
        };
        let expects = step.expects.iter().map(parse).collect::<Result<_, _>>()?;
        self.plan.expects.insert(at, expects);
        Ok(())
    }

    fn read_observed(&mut self, at: u32, action: Action, step: &mut parts::Step<'_>) {
        let Some(observed) = step.observed.take() else { return };
        let change = |c: v1::Change| onboard::Change { path: c.path, from: c.from, to: c.to };
        let planned = Planned {
            action,
            changes: std::mem::take(&mut step.changes).into_iter().map(change).collect(),
            outputs: observed.outputs,
            detail: observed.detail,
            error: observed.error,
        };
        self.plan.planned.insert(at, planned);
    }

    fn template(&mut self, connector: u32, step: &parts::Step<'_>) -> Result<u32, ReadError> {
        let likeness = self.likeness.of(connector, step);
        if let Some(number) = self.templates.get(likeness) {
            return Ok(*number);
        }
        check_address(&step.address)?;
        let performer = match &*step.performer {
            "plugin" => Performer::Plugin,
            "host" => Performer::Host,
            _ => return Err(inconsistent(&step.address, "unknown performer")),
        };
        let likeness = likeness.to_vec();
        let number = self.plan.add_template(connector, template_of(step)?, performer);
        self.templates.insert(likeness, number);
        let family = self.plan.templates[number as usize].family;
        self.paths.insert(split(&step.address).0.to_owned(), family);
        Ok(number)
    }
}

/// An address's path and scope.
fn split(address: &str) -> (&str, Option<&str>) {
    match address.split_once('@') {
        Some((path, scope)) => (path, Some(scope)),
        None => (address, None),
    }
}

/// Whether the address is made of the parts that are given beside it.
fn is_address_of(step: &parts::Step<'_>) -> bool {
    let (path, scope) = split(&step.address);
    let local = path.strip_prefix(&*step.connector).and_then(|rest| rest.strip_prefix('.'));
    let name = local.and_then(|local| local.strip_prefix(&*step.kind));
    let name = name.map(|rest| rest.strip_prefix('.').or(rest.is_empty().then_some("")));
    name == Some(Some(step.name.as_deref().unwrap_or_default()))
        && step.name.as_deref() != Some("")
        // A dot within a part would let the same address have other parts.
        && !step.connector.contains('.')
        && !step.kind.contains('.')
        && scope == step.scope.as_deref()
}

fn check_address(address: &str) -> Result<(), ReadError> {
    match Address::parse(address) {
        Ok(_) => Ok(()),
        Err(error) => Err(inconsistent(address, error.to_string())),
    }
}

/// A template from which the step's texts can be had again.
fn template_of(step: &parts::Step<'_>) -> Result<StepTemplate, ReadError> {
    let scope = step.scope.as_deref();
    let text = |text: &Text<'_>| unfill(text, scope);
    let owned = |texts: &[Text<'_>]| texts.iter().map(|text| text.to_string()).collect();
    let calls = |calls: &[parts::Call<'_>]| {
        let call = |c: &parts::Call<'_>| onboard::Call {
            method: c.method.to_string(),
            url: text(&c.url),
            permission: c.permission.as_ref().map(text),
        };
        calls.iter().map(call).collect()
    };
    let desired = step.desired.map(|raw| serde_json::from_str(raw.get())).transpose()?;
    Ok(StepTemplate {
        kind: step.kind.to_string(),
        name: step.name.as_deref().map(str::to_owned),
        title: text(&step.title),
        group: text(&step.group),
        reference: step.reference.as_deref().map(str::to_owned),
        effect: step.effect.to_string(),
        desired: unfill_value(&desired.unwrap_or_default(), scope),
        inputs: owned(&step.inputs),
        outputs: owned(&step.outputs),
        calls: calls(&step.calls),
        undo: step
            .undo
            .as_ref()
            .map(|undo| onboard::Undo { title: text(&undo.title), calls: calls(&undo.calls) }),
        readiness: step.readiness.as_ref().map(|readiness| onboard::Readiness {
            waits_for: text(&readiness.waits_for),
            successes: readiness.successes,
            interval_ms: readiness.interval_ms,
            budget_ms: readiness.budget_ms,
        }),
        always: step.always,
        part: step.part,
        throttle: text(&step.throttle),
        notes: step.notes.iter().map(text).collect(),
        ..StepTemplate::default()
    })
}

/// A text for people as a template: every occurrence of the scope becomes `{scope}`, which reads the
/// same when it is filled in, and the rest stands for itself.
fn unfill(text: &str, scope: Option<&str>) -> String {
    match scope {
        Some(scope) => text.split(scope).map(escape).collect::<Vec<_>>().join("{scope}"),
        None => escape(text),
    }
}

/// The same for a desired state, whose placeholders stay.
fn unfill_value(value: &Value, scope: Option<&str>) -> Value {
    let unfill_text = |text: &str| {
        let mut out = String::with_capacity(text.len());
        for piece in Pieces::of(text) {
            match piece {
                Piece::Text(text) => out.push_str(&unfill(text, scope)),
                Piece::Output(reference) => out.push_str(&format!("<{reference}>")),
                Piece::Brace => out.push_str("{{"),
                Piece::Angle => out.push_str("<<"),
                Piece::Var(name) => out.push_str(&format!("{{{{{name}}}")),
                Piece::Odd(odd) => out.push_str(&escape(odd)),
            }
        }
        Ok::<_, std::convert::Infallible>(Value::String(out))
    };
    map_texts(value, &mut { unfill_text }).unwrap_or_else(|never| match never {})
}
