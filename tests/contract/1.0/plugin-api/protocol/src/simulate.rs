//! Starting a simulated cloud inside the plugin.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Map;

/// How to start it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SimulateRequest {
    /// The loopback address to listen on; port 0 lets the system choose.
    pub listen: String,
    /// Where the simulated cloud keeps its state; absent: in memory only.
    #[serde(default)]
    pub state_dir: Option<String>,
    /// The scenario's text; absent: the plugin's default.
    #[serde(default)]
    pub scenario: Option<String>,
    /// A file to record every exchange in, secrets redacted.
    #[serde(default)]
    pub record: Option<String>,
}

/// What started: the one line `skybridge simulator` prints.
///
/// Unknown keys are kept in `more`, so that a plugin may tell its users more than the host needs.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SimulateReply {
    /// The control address.
    pub url: String,
    /// Base addresses of the simulated services.
    pub endpoints: std::collections::BTreeMap<String, String>,
    /// The certificate authority, PEM.
    pub ca_pem: String,
    /// Where the certificate authority lies as a file, if anywhere.
    #[serde(default)]
    pub ca_file: Option<String>,
    /// The operator's credential.
    pub operator: Map,
    /// Whatever else the plugin tells.
    #[serde(flatten)]
    pub more: Map,
}

/// Without the operator, who has a secret.
impl fmt::Debug for SimulateReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulateReply").field("url", &self.url).finish_non_exhaustive()
    }
}
