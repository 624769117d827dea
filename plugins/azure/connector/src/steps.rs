//! The families of steps. Every module has the same rooms: templates, observe, apply, ready, undo.

use serde_json::Value;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, Undone,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::session::Session;

pub(crate) mod admin_consent;
pub(crate) mod api_permissions;
pub(crate) mod application;
pub(crate) mod certificate;
pub(crate) mod client_secret;
pub(crate) mod credential;
pub(crate) mod elevation;
pub(crate) mod federated_credential;
pub(crate) mod retired_credentials;
pub(crate) mod role_actions;
pub(crate) mod role_assignment;
pub(crate) mod role_definition;
pub(crate) mod service_principal;
pub(crate) mod subscription;
pub(crate) mod unplanned_grants;
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
        subscription::KIND => &subscription::Subscription,
        role_actions::KIND => &role_actions::RoleActions,
        application::KIND => &application::Applications,
        service_principal::KIND => &service_principal::ServicePrincipals,
        role_assignment::KIND => &role_assignment::RoleAssignments,
        role_definition::KIND => &role_definition::RoleDefinitions,
        api_permissions::KIND => &api_permissions::ApiPermissions,
        admin_consent::KIND => &admin_consent::AdminConsent,
        client_secret::KIND => &client_secret::ClientSecret,
        certificate::KIND => &certificate::Certificates,
        federated_credential::KIND => &federated_credential::FederatedCredentials,
        retired_credentials::KIND => &retired_credentials::RetiredCredentials,
        elevation::KIND => &elevation::Elevation,
        elevation::REMOVAL_KIND => &elevation::ElevationRemoval,
        unplanned_grants::KIND => &unplanned_grants::UnplannedGrants,
        verification::KIND => &verification::Verification,
        _ => {
            let message = format!("internal error: there are no steps of the kind `{word}`");
            return Err(Error::new(kind::CONTRACT_VIOLATION, message).code("AZ-HOST-003"));
        }
    })
}

/// The answer of a step that leaves nothing behind when it is asked to take it back.
pub(crate) fn nothing_to_undo() -> Undone {
    Undone { detail: Some("it only reads".into()), ..Undone::default() }
}
