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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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
    /// What the plugin needs of the machine beyond the network, when it runs in a process of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
}

/// Something of the machine that a plugin in a process of its own needs and would not get unasked.
///
/// What it gets unasked: TCP to port 443, to the ports of addresses in the settings and of the
/// environment's proxies, in a rehearsal to the simulated cloud and nothing else; name resolution; the
/// system's libraries, certificates and time zones; proxy variables, `SSL_CERT_FILE`, `SSL_CERT_DIR`,
/// `TZ`, `LANG`; files that the settings name as `file:PATH`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Need {
    /// What for, in a few words: a person decides by it.
    pub why: String,
    /// Only when the manifest says so; always, when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// Environment variables, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Programmes to run, by name or path. They run within the same limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exec: Vec<String>,
    /// Files and folders to read: absolute, `~/…`, `$NAME` for the one that an environment variable
    /// names, or `@/settings/…` for the one that the settings name there (a JSON pointer).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// Files and folders to read and write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// TCP ports to connect to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
}

/// A condition on the connector's part of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct When {
    /// A JSON pointer that begins with `/settings` or `/operator`.
    pub pointer: String,
    /// Met by any of these values; null means that nothing is there.
    pub one_of: Vec<serde_json::Value>,
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
