//! The steps of an onboarding: described offline, then observed, applied, awaited and undone.
//!
//! A plan of 10,000 subscriptions has about 100,000 steps but only some twenty *kinds* of steps, so
//! a description is a few [`StepTemplate`]s and many small [`Step`]s that point at them. Texts of a
//! template may hold `{scope}` or `{name}` of [`Step::vars`]; values that only an earlier step will
//! know are written `<application.client-id>`: the output `client-id` of the step `application`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Map;
use crate::rate_limit::{RateLimit, Told};

/// Asks for the steps. Answering is offline and deterministic: the same request, the same answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DescribeRequest {
    /// A word of [`purpose`]; empty means [`purpose::CONNECT`].
    #[serde(default)]
    pub purpose: String,
    /// [`Survey::facts`](crate::survey::Survey::facts) as the plugin gave them; null in an offline
    /// plan.
    #[serde(default)]
    pub survey: serde_json::Value,
    /// For [`purpose::ROTATE`]: what the record of the connection says, by name of the
    /// [`HandoverField`]; of a secret the name it has in the vault.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub connection: Map,
}

/// The words for what steps are asked for.
pub mod purpose {
    /// To connect: everything that has to exist.
    pub const CONNECT: &str = "connect";
    /// To replace the connection's credential, the old one working until the new one is proved.
    pub const ROTATE: &str = "rotate";
}

/// Everything the onboarding of one connector consists of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// The kinds of steps.
    pub templates: Vec<StepTemplate>,
    /// The steps; positions are what [`Step::needs`] speaks of.
    pub steps: Vec<Step>,
    /// What the plan should tell the reader once: `the page misspells Microsoft.Web; corrected`.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is handed to the platform at the end.
    #[serde(default)]
    pub handover: Vec<HandoverField>,
    /// What the manifest means and the steps leave out, each with its reason.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Every permission the connection will hold, with what it is for.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// What platforms call this kind of connection, by the platform's word: the plugin knows the
    /// names of its fields there, the host knows how to talk to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub platforms: BTreeMap<String, serde_json::Value>,
}

/// Something the manifest means that cannot be onboarded; it does not stop the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeftOut {
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

/// One permission the connection will hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Permission {
    /// Its name in the cloud: `Reader`, `Directory.Read.All`.
    pub permission: String,
    /// What sort of thing it is, for people: `role`, `custom role action`, `Graph permission`.
    pub sort: String,
    /// Where it holds, for people: `each subscription`.
    pub scope: String,
    /// Why it is asked for, one sentence.
    pub why: String,
    /// The capabilities that need it: `asset-visibility`.
    pub capabilities: Vec<String>,
    /// What stops working without it, one sentence.
    pub without: String,
    /// What whoever holds it can see or do beyond that, when it is more than names and settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposes: Option<String>,
    /// Whether these settings ask for it; what they leave out is told too.
    pub asked: bool,
}

/// One value of the hand-over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HandoverField {
    /// Its name in the connection record: `client-id`.
    pub name: String,
    /// For people: `Client ID`.
    pub label: String,
    /// A literal, or a placeholder such as `<application.client-id>`.
    pub value: String,
    /// The value is the *name* of a secret in the vault; the destination fetches it there.
    #[serde(default)]
    pub secret: bool,
    /// The value is a list of scopes, separated by commas. Those of steps that are a
    /// [`part`](StepTemplate::part) and did not work are left out of what is handed over.
    #[serde(default, skip_serializing_if = "is_false")]
    pub scopes: bool,
}

/// What all steps of one kind share.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepTemplate {
    /// The kind word of the address: `role-assignment`.
    pub kind: String,
    /// The name word of the address: `reader`.
    #[serde(default)]
    pub name: Option<String>,
    /// One line: `assign Reader on {scope}`.
    pub title: String,
    /// The heading it stands under in the plan: `Entra application`, `Subscription {scope}`.
    pub group: String,
    /// Where the seed describes it: `1.7-1.12`.
    #[serde(default)]
    pub reference: Option<String>,
    /// A word of [`effect`].
    pub effect: String,
    /// What will exist afterwards, with placeholders.
    #[serde(default)]
    pub desired: serde_json::Value,
    /// Outputs of direct dependencies that this step reads: `application.client-id`.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Outputs that later steps may read: `object-id`.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// The calls it makes, in order.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// How it is undone; absent: it is not.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// What must be true before dependents may start.
    #[serde(default)]
    pub readiness: Option<Readiness>,
    /// The token bucket its calls draw from: `arm/{scope}`, `graph`.
    pub throttle: String,
    /// It runs once everything it needs has *ended*, well or not: it puts back what another step
    /// changed for the time of the run only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub always: bool,
    /// It stands for one part of what is connected, of which there may be several. What needs it
    /// waits until it has ended, and does without it if it failed or was skipped, as long as another
    /// part that is needed is done; [`StepCall::without`] says so. Whatever this step alone needs
    /// belongs to the part. One that only reads is asked again in a run that changes what needs it,
    /// however well it looked before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub part: bool,
    /// It needs the hand-over: it takes away what the platform no longer uses.
    #[serde(default, skip_serializing_if = "is_false")]
    pub after_handover: bool,
    /// Remarks on this step: what it exposes, what was corrected.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The words for what a step does to the world.
pub mod effect {
    /// Reads only: a preflight or a verification.
    pub const READ: &str = "read";
    /// Makes something that can be found again and compared.
    pub const ENSURE: &str = "ensure";
    /// Makes something new each time it runs, once: a secret.
    pub const MINT: &str = "mint";
}

/// One call of a step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Call {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The address with placeholders, api-version included.
    pub url: String,
    /// What the operator must be allowed to do.
    #[serde(default)]
    pub permission: Option<String>,
}

/// How a step is undone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Undo {
    /// One line: `delete the role assignment`.
    pub title: String,
    /// The calls it makes.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// When the outcome of a step may be relied upon.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Readiness {
    /// What is waited for, for people: `the application is readable in the directory`.
    pub waits_for: String,
    /// Consecutive successes that count as ready: reads hit different replicas.
    pub successes: u32,
    /// Milliseconds between two probes.
    pub interval_ms: u64,
    /// Milliseconds after which waiting is given up.
    pub budget_ms: u64,
}

/// One step, small: the rest stands in its template.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Step {
    /// Position of its template.
    #[serde(rename = "t")]
    pub template: u32,
    /// The scope of its address.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Positions of the steps it depends on.
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    /// Values for the template's texts.
    #[serde(rename = "v", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
}

/// A step as the plugin is asked to act on it: nothing left to decide or to fill in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepCall {
    /// The whole address, for messages.
    pub address: String,
    /// The kind word.
    pub kind: String,
    /// The name word.
    #[serde(default)]
    pub name: Option<String>,
    /// The scope.
    #[serde(default)]
    pub scope: Option<String>,
    /// The template's `desired` with every placeholder replaced.
    #[serde(default)]
    pub desired: serde_json::Value,
    /// Outputs of dependencies, by `kind[.name].output`, as the template's `inputs` asked.
    #[serde(default)]
    pub inputs: Map,
    /// The scopes of the [parts](StepTemplate::part) it needs that did not work, and that it has to
    /// do without: the same at every call of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

/// Looks whether the world is as the step wants it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObserveRequest {
    /// The step.
    pub step: StepCall,
}

/// The words for what was seen.
pub mod observed {
    /// Nothing there: the step will create.
    pub const ABSENT: &str = "absent";
    /// There and as wanted.
    pub const MATCHES: &str = "matches";
    /// There and not as wanted: the step will update.
    pub const DIFFERS: &str = "differs";
    /// There, as wanted, made by somebody else: the step will adopt it.
    pub const FOREIGN: &str = "foreign";
}

/// What was seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Observation {
    /// A word of [`observed`].
    pub state: String,
    /// The step's outputs, when the thing is there.
    #[serde(default)]
    pub outputs: Map,
    /// What differs.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// For people: what was found.
    #[serde(default)]
    pub detail: Option<String>,
    /// What the cloud said about further calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}

/// One difference between the world and the plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// What differs: `permissions.actions`.
    pub path: String,
    /// As it is.
    pub from: serde_json::Value,
    /// As it shall be.
    pub to: serde_json::Value,
}

/// Makes the world as the step wants it. Doing it twice must equal doing it once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ApplyRequest {
    /// The step.
    pub step: StepCall,
    /// The run it belongs to.
    pub run: String,
    /// Unique to this step in this run and the same at every attempt: what a step that cannot be
    /// made idempotent tags its effect with, to find it again after a crash.
    pub key: String,
    /// Attempts before this one, over all processes that worked on the run.
    pub attempt: u32,
}

/// The words for what an apply did.
pub mod applied {
    /// Made it.
    pub const CREATED: &str = "created";
    /// Found it, made by somebody else, and uses it.
    pub const ADOPTED: &str = "adopted";
    /// Changed it.
    pub const UPDATED: &str = "updated";
    /// Found it as wanted.
    pub const UNCHANGED: &str = "unchanged";
    /// Read it and found it good.
    pub const CHECKED: &str = "checked";
}

/// What an apply did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Applied {
    /// A word of [`applied`].
    pub action: String,
    /// The step's outputs. Never a secret: that goes to the vault, and its name here.
    #[serde(default)]
    pub outputs: Map,
    /// What undoing needs to know; null when there is nothing to undo.
    #[serde(default)]
    pub undo: serde_json::Value,
    /// For people: what was done.
    #[serde(default)]
    pub detail: Option<String>,
    /// What the cloud said about further calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}

/// Asks whether dependents may rely on what was applied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyRequest {
    /// The step.
    pub step: StepCall,
    /// Its outputs.
    pub outputs: Map,
}

/// The answer to one probe.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ready {
    /// Whether this probe saw what dependents need.
    pub ready: bool,
    /// What was seen instead.
    #[serde(default)]
    pub reason: Option<String>,
    /// What the cloud said about further calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}

/// Takes one step back.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UndoRequest {
    /// The step's address.
    pub address: String,
    /// The kind word.
    pub kind: String,
    /// What [`Applied::undo`] said.
    pub undo: serde_json::Value,
    /// Leave nothing that could be restored either.
    #[serde(default)]
    pub purge: bool,
}

/// What undoing did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Undone {
    /// Whether something was removed, as opposed to already gone.
    pub removed: bool,
    /// For people.
    #[serde(default)]
    pub detail: Option<String>,
    /// What the cloud said about further calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}

/// What a look for something that was taken back found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remains {
    /// Whether it is still there.
    pub remains: bool,
    /// For people: what was found.
    #[serde(default)]
    pub detail: Option<String>,
    /// What the cloud said about further calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}

macro_rules! told {
    ($($answer:ty),*) => {$(
        impl Told for $answer {
            fn rate_limits(&mut self) -> &mut Vec<RateLimit> {
                &mut self.rate_limits
            }
        }
    )*};
}

told!(Observation, Applied, Ready, Undone, Remains);

fn is_false(value: &bool) -> bool {
    !value
}
