//! Reading a saved plan. It may have been edited or come from elsewhere: nothing in it is trusted to
//! be consistent.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use skybridge_model::Address;
use skybridge_model::limits::PLAN_STEPS_MAX;
use skybridge_plugin_protocol::onboard::{self, StepTemplate};

use super::v1;
use crate::action::{Action, Performer};
use crate::graph::to_u32;
use crate::language::{Piece, Pieces, escape, map_texts};
use crate::plan::{Connector, Note, Plan, Planned, StepRow};

/// Why bytes are not a plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Not JSON, or not of the form of a plan.
    #[error("the file is not a plan: {0}")]
    Json(#[from] serde_json::Error),
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

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    version: Option<u64>,
}

impl Plan {
    /// Reads a plan as [`crate::view::json::write`] writes it.
    ///
    /// # Errors
    /// [`ReadError`]; a plan of a version this crate does not know is refused by naming both.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReadError> {
        let head: Head = serde_json::from_slice(bytes)?;
        match (head.format.as_deref(), head.version) {
            (Some(v1::FORMAT), Some(1)) => {}
            (Some(v1::FORMAT), Some(found)) => return Err(ReadError::Future { found }),
            (other, _) => {
                return Err(ReadError::Format(other.unwrap_or("something else").to_owned()));
            }
        }
        let document: v1::Document = serde_json::from_slice(bytes)?;
        let said = document.digest.clone();
        let plan = Self::from_document(document)?;
        match said {
            Some(said) if said != plan.digest() => {
                Err(ReadError::Digest { is: plan.digest(), said })
            }
            _ => Ok(plan),
        }
    }

    /// A plan of its parts.
    pub(crate) fn from_document(document: v1::Document) -> Result<Self, ReadError> {
        Reader::new(&document)?.read(document)
    }

    /// The hash of the plan's content: the same for two plans exactly when they say the same.
    #[must_use]
    pub fn digest(&self) -> String {
        super::digest(self)
    }
}

fn inconsistent(at: &str, problem: impl Into<String>) -> ReadError {
    ReadError::Inconsistent { at: at.to_owned(), problem: problem.into() }
}

/// Builds a plan step by step. Steps that differ in nothing but their scope share a template again.
struct Reader {
    plan: Plan,
    connectors: BTreeMap<String, u32>,
    positions: BTreeMap<String, u32>,
    templates: BTreeMap<String, u32>,
}

impl Reader {
    fn new(document: &v1::Document) -> Result<Self, ReadError> {
        if document.steps.len() > PLAN_STEPS_MAX {
            return Err(inconsistent("steps", format!("more than {PLAN_STEPS_MAX}")));
        }
        let mut connectors = BTreeMap::new();
        for (connector, at) in document.connectors.iter().zip(0..) {
            if connectors.insert(connector.name.clone(), at).is_some() {
                return Err(inconsistent(&connector.name, "there are two such connectors"));
            }
        }
        let facts = &document.facts;
        let plan = Plan {
            vars: vec![BTreeMap::new()],
            online: facts.online,
            destroy: facts.destroy,
            narrowed: facts.narrowed,
            unobserved: facts.unobserved,
            ..Plan::default()
        };
        Ok(Self { plan, connectors, positions: BTreeMap::new(), templates: BTreeMap::new() })
    }

    fn read(mut self, document: v1::Document) -> Result<Plan, ReadError> {
        let connector = |c: v1::Connector| Connector {
            name: c.name,
            plugin: c.plugin,
            destination: c.destination,
            destination_title: c.destination_title,
            depends_on: c.depends_on,
        };
        self.plan.connectors = document.connectors.into_iter().map(connector).collect();
        let note = |note: v1::Note| Note { connector: note.connector, text: note.text };
        self.plan.notes = document.notes.into_iter().map(note).collect();
        for left in document.left_out {
            self.add_left_out(left)?;
        }
        for step in document.steps {
            self.add(step)?;
        }
        self.plan.reindex();
        Ok(self.plan)
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

    fn add(&mut self, mut step: v1::Step) -> Result<(), ReadError> {
        let at = to_u32(self.plan.rows.len());
        let address = Address::parse(&step.address)
            .map_err(|error| inconsistent(&step.address, error.to_string()))?;
        let parts = (address.connector(), address.kind(), address.name(), address.scope());
        let said = (&*step.connector, &*step.kind, step.name.as_deref(), step.scope.as_deref());
        if parts != said {
            return Err(inconsistent(&step.address, "its parts are given differently"));
        }
        let known = self.connectors.get(&step.connector);
        let connector = *known.ok_or_else(|| inconsistent(&step.address, "unknown connector"))?;
        let needs = self.needs(&step)?;
        self.plan.graph.push(needs);
        let action = Action::parse(&step.action);
        let action = action.ok_or_else(|| inconsistent(&step.address, "unknown action"))?;
        self.read_observed(at, action, &mut step);
        self.read_expects(at, &step)?;
        if self.positions.insert(step.address.clone(), at).is_some() {
            return Err(inconsistent(&step.address, "there are two such steps"));
        }
        let scope = self.plan.scopes.number(step.scope.as_deref());
        let template = self.template(connector, step)?;
        self.plan.rows.push(StepRow { template, scope, vars: 0, action });
        Ok(())
    }

    /// Only steps that came before are found, so what is read has no circles.
    fn needs(&self, step: &v1::Step) -> Result<Vec<u32>, ReadError> {
        let position = |need: &String| {
            let problem = || format!("it needs `{need}`, which does not come before it");
            self.positions.get(need).copied().ok_or_else(|| inconsistent(&step.address, problem()))
        };
        let mut needs: Vec<u32> = step.needs.iter().map(position).collect::<Result<_, _>>()?;
        needs.sort_unstable();
        needs.dedup();
        Ok(needs)
    }

    fn read_expects(&mut self, at: u32, step: &v1::Step) -> Result<(), ReadError> {
        if step.expects.is_empty() {
            return Ok(());
        }
        let parse = |text: &String| {
            Address::parse(text).map_err(|error| inconsistent(&step.address, error.to_string()))
        };
        let expects = step.expects.iter().map(parse).collect::<Result<_, _>>()?;
        self.plan.expects.insert(at, expects);
        Ok(())
    }

    fn read_observed(&mut self, at: u32, action: Action, step: &mut v1::Step) {
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

    fn template(&mut self, connector: u32, step: v1::Step) -> Result<u32, ReadError> {
        let performer = match step.performer.as_str() {
            "plugin" => Performer::Plugin,
            "host" => Performer::Host,
            _ => return Err(inconsistent(&step.address, "unknown performer")),
        };
        let key_performer = step.performer.clone();
        let body = template_of(step);
        let key = format!("{connector} {key_performer} {}", serde_json::to_string(&body)?);
        if let Some(number) = self.templates.get(&key) {
            return Ok(*number);
        }
        let number = self.plan.add_template(connector, body, performer);
        self.templates.insert(key, number);
        Ok(number)
    }
}

/// A template from which the step's texts can be had again.
fn template_of(step: v1::Step) -> StepTemplate {
    let scope = step.scope.as_deref();
    let text = |text: &str| unfill(text, scope);
    let calls = |calls: &[v1::Call]| {
        let call = |c: &v1::Call| onboard::Call {
            method: c.method.clone(),
            url: text(&c.url),
            permission: c.permission.as_deref().map(text),
        };
        calls.iter().map(call).collect()
    };
    StepTemplate {
        kind: step.kind.clone(),
        name: step.name.clone(),
        title: text(&step.title),
        group: text(&step.group),
        reference: step.reference.clone(),
        effect: step.effect.clone(),
        desired: unfill_value(&step.desired, scope),
        inputs: step.inputs.clone(),
        outputs: step.outputs.clone(),
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
        throttle: text(&step.throttle),
        notes: step.notes.iter().map(|note| text(note)).collect(),
        ..StepTemplate::default()
    }
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
