//! Who a plugin is and what it can do.

use serde::{Deserialize, Serialize};

/// The words a plugin declares its abilities with. The host asks, never assumes.
pub mod capability {
    /// Describes, observes, applies and undoes the steps of an onboarding.
    pub const ONBOARD: &str = "onboard";
    /// Proves a connection as the connector itself.
    pub const VERIFY: &str = "verify";
    /// Replaces the connection's credential.
    pub const ROTATE: &str = "rotate";
    /// Streams assets and relations.
    pub const COLLECT: &str = "collect";
    /// Starts a simulated cloud.
    pub const SIMULATE: &str = "simulate";
    /// Is a destination that connections are handed over to.
    pub const PLATFORM: &str = "platform";
}

/// What a plugin says about itself before anything is opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PluginManifest {
    /// The name by which manifests refer to it: `azure`.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// One line for people.
    pub title: String,
    /// Words of [`capability`]; unknown ones are ignored.
    pub capabilities: Vec<String>,
    /// JSON Schema (draft 2020-12) of `[connectors.NAME.settings]`.
    pub settings_schema: serde_json::Value,
    /// JSON Schema of `[connectors.NAME.operator]`.
    #[serde(default)]
    pub operator_schema: serde_json::Value,
    /// What the plugin's diagnostics mean.
    #[serde(default)]
    pub explanations: Vec<Explanation>,
}

/// What one of the plugin's codes means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The code: `AZ-RBAC-001`.
    pub code: String,
    /// One line.
    pub title: String,
    /// Why it happens.
    pub cause: String,
    /// What to do about it.
    pub fix: String,
    /// Where the cloud's own documentation speaks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl PluginManifest {
    /// Whether the plugin declares `capability`.
    #[must_use]
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| c == capability)
    }
}
