//! Streaming what is in the account: batches of normalised assets and relations.

use serde::{Deserialize, Serialize};

use crate::Map;

/// Asks for assets.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CollectRequest {
    /// What the hand-over recorded.
    pub connection: Map,
    /// Kinds to collect; empty: all the plugin knows.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Rows a batch should hold; the plugin may send fewer. 0: the plugin's choice.
    #[serde(default)]
    pub batch_rows: u32,
}

/// One thing in an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Asset {
    /// The cloud's own identifier.
    pub id: String,
    /// The normalised kind: `virtual-machine`, `kubernetes-cluster`.
    pub kind: String,
    /// The name people gave it.
    pub name: String,
    /// The subscription, account or project it belongs to.
    pub scope: String,
    /// The region, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The cloud's own properties.
    #[serde(default)]
    pub properties: serde_json::Value,
}

/// One typed edge between two assets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Relation {
    /// The asset it starts at.
    pub from: String,
    /// The asset it ends at.
    pub to: String,
    /// What it means: `contains`, `exposes`, `runs`.
    pub kind: String,
}

/// What a batch of format [`BATCH_JSON`] holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Batch {
    /// Assets.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// Relations.
    #[serde(default)]
    pub relations: Vec<Relation>,
}

/// The batch's bytes are a JSON [`Batch`].
pub const BATCH_JSON: u16 = 1;
