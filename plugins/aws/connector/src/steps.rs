//! The families of steps. Every module has the same rooms: template, observe, apply, ready, undo.

use serde::de::DeserializeOwned;
use serde_json::Value;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, Undone,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::session::Session;

pub(crate) mod account;
pub(crate) mod external_id;
pub(crate) mod policy_attachment;
pub(crate) mod role;
pub(crate) mod unplanned_policies;
pub(crate) mod verification;

/// What every family of steps can do. One attempt each; never waits.
#[async_trait]
pub(crate) trait Family: Send + Sync {
    /// Looks; writes nothing.
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation>;

    /// Makes it so. Looks first, so that doing it twice equals doing it once.
    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied>;

    /// One probe of what dependents need.
    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready>;

    /// Takes back what `undo` of an apply describes.
    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone>;

    /// Looks whether something of what `undo` of an apply describes is still there. One look; what
    /// reads only leaves nothing.
    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains>;
}

/// The family of steps with the kind word `word`.
pub(crate) fn family(word: &str) -> Result<&'static dyn Family> {
    Ok(match word {
        account::KIND => &account::Accounts,
        external_id::KIND => &external_id::ExternalId,
        role::KIND => &role::Roles,
        policy_attachment::KIND => &policy_attachment::PolicyAttachments,
        unplanned_policies::KIND => &unplanned_policies::UnplannedPolicies,
        verification::KIND => &verification::Verification,
        _ => {
            let message = format!("internal error: there are no steps of the kind `{word}`");
            return Err(Error::new(kind::CONTRACT_VIOLATION, message).code("AWS-HOST-003"));
        }
    })
}

/// The desired state of a step, which is all that a resumed run has to go by.
fn desired<T: DeserializeOwned>(step: &StepCall) -> Result<T> {
    serde_json::from_value(step.desired.clone()).map_err(|error| {
        let message = format!("internal error: {}: {error}", step.address);
        Error::new(kind::CONTRACT_VIOLATION, message).code("AWS-HOST-001")
    })
}

/// The answer of a step that leaves nothing behind when it is asked to take it back.
fn nothing_to_undo() -> Undone {
    Undone { detail: Some("it only reads".into()), ..Undone::default() }
}
