//! What changed from one plan to another, for programs: JSON, versioned.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::diff::{Diff, FieldChange, Gained, StepDiff};

/// What `format` says.
pub const FORMAT: &str = "skybridge-plan-diff";

/// What changed. Every list holds what one of the plans has and the other has not, or has otherwise.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Skybridge plan diff, version 1")]
pub struct Document<'a> {
    /// `skybridge-plan-diff`
    pub format: &'static str,
    /// `1`
    pub version: u32,
    /// Whether both plans say the same.
    pub same: bool,
    /// Whether what looking at the world told was compared.
    pub with_world: bool,
    /// Permissions of the connection.
    pub permissions: Vec<Permission<'a>>,
    /// Connectors of which only one plan tells the permissions.
    pub silent: Vec<&'a str>,
    /// Places with work.
    pub scopes: Vec<Scope<'a>>,
    /// What whoever applies the plan must be allowed to do.
    pub operator: Vec<Operator<'a>>,
    /// Connectors.
    pub connectors: Vec<Connector<'a>>,
    /// Steps.
    pub steps: Vec<Step<'a>>,
    /// What is left out.
    pub left_out: Vec<LeftOut<'a>>,
    /// Steps that are the same.
    pub steps_same: usize,
}

/// What became of something.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Only the new plan has it.
    Added,
    /// Only the old plan had it.
    Removed,
    /// It says something else.
    Changed,
}

impl Change {
    const fn of(gained: bool) -> Self {
        if gained { Self::Added } else { Self::Removed }
    }
}

/// A permission of the connection.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Permission<'a> {
    /// Added or removed.
    pub change: Change,
    /// The connector.
    pub connector: &'a str,
    /// Its name in the cloud.
    pub permission: &'a str,
    /// What sort of thing it is.
    pub sort: &'a str,
    /// Where it holds, for people.
    pub scope: &'a str,
    /// Why it is asked for.
    pub why: &'a str,
    /// What whoever holds it can see or do beyond that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposes: Option<&'a str>,
}

/// A place with work.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Scope<'a> {
    /// Added or removed.
    pub change: Change,
    /// The connector.
    pub connector: &'a str,
    /// The place, as addresses have it.
    pub scope: &'a str,
}

/// A permission of whoever applies the plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Operator<'a> {
    /// Added or removed.
    pub change: Change,
    /// Its name in the cloud.
    pub permission: &'a str,
}

/// A connector.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Connector<'a> {
    /// What became of it.
    pub change: Change,
    /// Its name.
    pub connector: &'a str,
    /// What it says otherwise.
    pub fields: Vec<Field<'a>>,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Step<'a> {
    /// What became of it.
    pub change: Change,
    /// Its address.
    pub address: String,
    /// One line for people.
    pub title: String,
    /// What it does.
    pub action: &'static str,
    /// What it says otherwise.
    pub fields: Vec<Field<'a>>,
}

/// A difference within something.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Field<'a> {
    /// The field, as the plan has it; of lists that grew or shrank, only what differs is given.
    pub path: &'a str,
    /// As it was; null when it was not there.
    pub from: &'a Value,
    /// As it is; null when it is not there any more.
    pub to: &'a Value,
}

/// Something that is left out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut<'a> {
    /// Added: the new plan leaves it out, or for this reason. Removed: the old one did.
    pub change: Change,
    /// The connector.
    pub connector: &'a str,
    /// Which.
    pub scope: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Writes what changed.
///
/// # Errors
/// When writing fails.
pub fn write(diff: &Diff<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(diff))?;
    writeln!(out)
}

/// The JSON Schema.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(Document<'_>).into()
}

fn document<'d>(diff: &'d Diff<'_>) -> Document<'d> {
    Document {
        format: FORMAT,
        version: 1,
        same: diff.is_empty(),
        with_world: diff.with_world,
        permissions: diff
            .permissions
            .iter()
            .map(|Gained { gained, what: (connector, it) }| Permission {
                change: Change::of(*gained),
                connector: &connector.name,
                permission: &it.permission,
                sort: &it.sort,
                scope: &it.scope,
                why: &it.why,
                exposes: it.exposes.as_deref(),
            })
            .collect(),
        silent: diff.silent.clone(),
        scopes: diff
            .scopes
            .iter()
            .map(|Gained { gained, what: (connector, scope) }| Scope {
                change: Change::of(*gained),
                connector,
                scope,
            })
            .collect(),
        operator: diff
            .operator
            .iter()
            .map(|it| Operator { change: Change::of(it.gained), permission: &it.what })
            .collect(),
        connectors: connectors(diff),
        steps: diff.steps.iter().map(step).collect(),
        left_out: diff
            .left_out
            .iter()
            .map(|Gained { gained, what: (connector, it) }| LeftOut {
                change: Change::of(*gained),
                connector: &connector.name,
                scope: &it.scope,
                reason: &it.reason,
            })
            .collect(),
        steps_same: diff.same,
    }
}

fn connectors<'d>(diff: &'d Diff<'_>) -> Vec<Connector<'d>> {
    let one_sided = diff.connectors.iter().map(|it| Connector {
        change: Change::of(it.gained),
        connector: &it.what.name,
        fields: Vec::new(),
    });
    let changed = diff.settings.iter().map(|(name, changes)| Connector {
        change: Change::Changed,
        connector: name,
        fields: fields(changes),
    });
    one_sided.chain(changed).collect()
}

fn step<'d>(diff: &'d StepDiff<'_>) -> Step<'d> {
    let step = diff.step();
    Step {
        change: match diff {
            StepDiff::Added(_) => Change::Added,
            StepDiff::Removed(_) => Change::Removed,
            StepDiff::Changed { .. } => Change::Changed,
        },
        address: step.address_text(),
        title: step.title(),
        action: step.action().as_str(),
        fields: fields(diff.fields()),
    }
}

fn fields(changes: &[FieldChange]) -> Vec<Field<'_>> {
    changes.iter().map(|FieldChange { path, from, to }| Field { path, from, to }).collect()
}
