//! A plugin as the destination of connections.

use serde::{Deserialize, Serialize};

use crate::Map;

/// Hands a connection over.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeliverRequest {
    /// The connector's name.
    pub connector: String,
    /// What is handed over; a secret is named, not shown: `{"vault": "client-secret"}`.
    pub connection: Map,
}

/// What the platform answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeliverReply {
    /// What the platform calls the connection.
    pub reference: String,
    /// What withdrawing it needs.
    #[serde(default)]
    pub undo: serde_json::Value,
}
