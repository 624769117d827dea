//! Version 1 of the plan's JSON form. Frozen: a change of meaning or shape is a version 2, beside it.
//!
//! Optional fields may be added, for readers ignore what they do not know.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What `format` says.
pub const FORMAT: &str = "skybridge-plan";

/// What `version` says.
pub const VERSION: u32 = 1;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(title = "Skybridge plan, version 1")]
pub struct Document {
    /// `skybridge-plan`
    pub format: String,
    /// `1`
    pub version: u32,
    /// What kind of plan it is.
    pub facts: Facts,
    /// What it was made from; absent in a plan that cannot be applied from its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The connectors, each after those it waits for.
    pub connectors: Vec<Connector>,
    /// The steps, each after everything it needs.
    pub steps: Vec<Step>,
    /// Remarks on the plan.
    pub notes: Vec<Note>,
    /// What the manifest means and the plan leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The permissions the connection will hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// How many steps do what, by action.
    pub counts: BTreeMap<String, usize>,
    /// `sha256:` and the hash of the bytes of the document before the comma that precedes this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// What kind of plan it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// The world was looked at.
    pub online: bool,
    /// The plan takes the connection away.
    pub destroy: bool,
    /// Only a part of the work was asked for.
    pub narrowed: bool,
    /// Steps that were to be looked at and were not.
    pub unobserved: usize,
    /// Once it is applied, nothing is left to do.
    pub complete: bool,
    /// Applying it is possible and changes something.
    pub applyable: bool,
    /// Looking at the world failed for some step.
    pub errored: bool,
}

/// What a plan was made from: all that applying it needs besides the steps, and what tells whether
/// it still holds. No secret: a manifest has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct Origin {
    /// When, RFC 3339.
    pub made: String,
    /// The version of the Skybridge that made it.
    pub skybridge: String,
    /// The manifest.
    pub manifest: Manifest,
    /// The state directory, absolute.
    pub state: String,
    /// The plugins it was made with.
    pub plugins: Vec<Plugin>,
    /// The clouds are simulated ones, started for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub simulate: bool,
    /// What they are like: a file, absolute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// A simulated cloud that runs elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulator: Option<String>,
    /// `--only`, when it narrowed the plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// `--upto`, when it narrowed the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upto: Option<String>,
}

/// The manifest a plan was made from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// As it was named.
    pub path: String,
    /// The folder it lay in, absolute: where its relative paths start.
    pub folder: String,
    /// All of it.
    pub text: String,
}

/// A plugin a plan was made with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// The version it says it has.
    pub version: String,
    /// SHA-256 of its library, in hex.
    pub sha256: String,
}

/// A connector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Connector {
    /// Its name in the manifest.
    pub name: String,
    /// The plugin that serves it.
    pub plugin: String,
    /// The kind of destination.
    pub destination: String,
    /// The destination for people.
    pub destination_title: String,
    /// Connectors that are handed over before this one starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// `connector.kind[.name][@scope]`
    pub address: String,
    /// The connector's name.
    pub connector: String,
    /// The kind word of the address.
    pub kind: String,
    /// The name word of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The scope of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// One line for people.
    pub title: String,
    /// The heading it stands under.
    pub group: String,
    /// Where the instructions describe it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `read`, `ensure` or `mint`.
    pub effect: String,
    /// What it will do: `read`, `ensure`, `mint`, `create`, `adopt`, `update`, `replace`, `delete`,
    /// `hand-over` or `no-op`.
    pub action: String,
    /// `plugin` or `host`.
    pub performer: String,
    /// Addresses of the steps it needs; each stands before it.
    pub needs: Vec<String>,
    /// Addresses it needs that the plan leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expects: Vec<String>,
    /// What will exist afterwards. `<kind.name.output>` stands for an output of a step it needs; `<<`
    /// and `{{` stand for `<` and `{`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub desired: Value,
    /// Outputs of needed steps that it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Outputs that later steps may read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// The calls it makes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// How it is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What must be true before dependents may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Readiness>,
    /// It runs once everything it needs has ended, well or not, unless all of that was skipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub always: bool,
    /// What needs it waits for it, and does without it if it does not work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub part: bool,
    /// The token bucket its calls draw from.
    pub throttle: String,
    /// Remarks on the step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was seen when the world was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// What differs between the world and the plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A call to a cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The address, with placeholders.
    pub url: String,
    /// What the operator must be allowed to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

/// How a step is undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Undo {
    /// One line for people.
    pub title: String,
    /// The calls it makes, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
}

/// When the outcome of a step may be relied upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Readiness {
    /// What is waited for, for people.
    pub waits_for: String,
    /// Consecutive successes that count as ready.
    pub successes: u32,
    /// Milliseconds between two probes.
    pub interval_ms: u64,
    /// Milliseconds after which waiting is given up.
    pub budget_ms: u64,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Observed {
    /// The step's outputs, when the thing is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Value>,
    /// For people: what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why looking did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One difference between the world and the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What differs.
    pub path: String,
    /// As it is.
    pub from: Value,
    /// As it shall be.
    pub to: Value,
}

/// A remark on the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Note {
    /// The connector it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
    /// The remark.
    pub text: String,
}

/// Something the manifest means that cannot be onboarded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut {
    /// The connector it belongs to.
    pub connector: String,
    /// Which: a subscription's id, a cluster.
    pub scope: String,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Why, one sentence.
    pub reason: String,
    /// The plugin's stable code for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// A permission the connection will hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Permission {
    /// The connector that asks for it.
    pub connector: String,
    /// Its name in the cloud: `Reader`.
    pub permission: String,
    /// What sort of thing it is: `role`.
    pub sort: String,
    /// Where it holds, for people: `each subscription`.
    pub scope: String,
    /// Why it is asked for, one sentence.
    pub why: String,
    /// The capabilities that need it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// What stops working without it, one sentence.
    pub without: String,
    /// What whoever holds it can see or do beyond that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposes: Option<String>,
}
