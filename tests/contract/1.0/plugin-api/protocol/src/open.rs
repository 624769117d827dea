//! Opening an instance of a plugin: one per connector.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Map;

/// What an instance is opened with. Opening is offline: no network, no credentials are touched.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenRequest {
    /// The connector's name; empty for an instance that only simulates.
    pub connector: String,
    /// `[connectors.NAME.settings]`, already valid by the plugin's schema; absent for an instance
    /// that only simulates.
    #[serde(default)]
    pub settings: Option<serde_json::Value>,
    /// `[connectors.NAME.operator]`.
    #[serde(default)]
    pub operator: serde_json::Value,
    /// When set, everything runs against this simulated cloud, as its operator.
    #[serde(default)]
    pub simulated: Option<SimulatedCloud>,
}

/// Where a simulated cloud is and who may operate it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SimulatedCloud {
    /// Base addresses by the plugin's own names: `login`, `resource-manager`, `graph`.
    pub endpoints: std::collections::BTreeMap<String, String>,
    /// The certificate authority to trust, PEM; and no other.
    pub ca_pem: String,
    /// The operator's credential, in the plugin's own form. Lives in memory only.
    pub operator: Map,
}

/// Without the operator, who has a secret.
impl fmt::Debug for SimulatedCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedCloud").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}
