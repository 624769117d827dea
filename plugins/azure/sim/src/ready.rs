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
    /// The three services, in HTTPS.
    pub endpoints: ReadyEndpoints,
    /// The certificate authority's certificate, when there is a state directory to keep it in.
    pub ca_file: Option<PathBuf>,
    /// The same as text.
    pub ca_pem: String,
    /// The tenant's id.
    pub tenant: Uuid,
    /// Who runs the onboarding.
    pub operator: ReadyOperator,
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
}

/// How the operator signs in. The secret opens a simulated tenant and nothing else.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReadyOperator {
    /// Always `client-secret`.
    pub kind: String,
    /// The tenant's id.
    pub tenant_id: Uuid,
    /// The operator's application id.
    pub client_id: Uuid,
    /// Its secret.
    pub client_secret: String,
}

impl std::fmt::Debug for ReadyOperator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ReadyOperator")
            .field("kind", &self.kind)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
