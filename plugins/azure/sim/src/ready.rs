//! What a started simulator says of itself: where it is, whom to trust, who may sign in.

use std::path::PathBuf;

use serde::Serialize;
use uuid::Uuid;

/// One JSON line is all a client needs to use the simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ready {
    /// The control endpoints, in plain HTTP.
    pub url: String,
    /// The services, in HTTPS.
    pub endpoints: ReadyEndpoints,
    /// The certificate authority's certificate, when there is a state directory to keep it in.
    pub ca_file: Option<PathBuf>,
    /// The same as text.
    pub ca_pem: String,
    /// The tenant's id.
    pub tenant: Uuid,
    /// Who runs the onboarding.
    pub operator: ReadyOperator,
    /// How a hosted program is given the operator's identity.
    pub identity: ReadyIdentity,
    /// The keys of the platform connections are handed to.
    pub platform: ReadyPlatform,
}

/// Where the services are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyEndpoints {
    /// The token service.
    pub login: String,
    /// Resource Manager.
    pub resource_manager: String,
    /// Microsoft Graph.
    pub graph: String,
    /// The platform's gateway, a whole address.
    pub ox: String,
    /// Where the platform takes signed deliveries, a whole address.
    pub webhook: String,
}

/// The managed identity endpoint, in App Service form.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyIdentity {
    /// Its address, as in `IDENTITY_ENDPOINT`.
    pub endpoint: String,
    /// What the program shows, as in `IDENTITY_HEADER`.
    pub header: String,
}

impl std::fmt::Debug for ReadyIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("ReadyIdentity");
        shown.field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Keys of the platform: new ones at each start.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyPlatform {
    /// What the gateway wants to see as `Authorization`.
    pub ox_key: String,
    /// What deliveries are signed with.
    pub webhook_key: String,
}

impl std::fmt::Debug for ReadyPlatform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ReadyPlatform").finish_non_exhaustive()
    }
}

/// How the operator signs in: an application with a secret, which opens a simulated tenant and
/// nothing else, or a person with a device code.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyOperator {
    /// `client-secret` or `person`.
    pub kind: String,
    /// The tenant's id.
    pub tenant_id: Uuid,
    /// The operator's application id; of a person, that of the public client to sign in to.
    pub client_id: Uuid,
    /// The application's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The person's principal name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl std::fmt::Debug for ReadyOperator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReadyOperator")
            .field("kind", &self.kind)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
