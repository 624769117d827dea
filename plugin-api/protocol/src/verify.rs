//! Proving a connection as the connector itself.

use serde::{Deserialize, Serialize};

use crate::Map;

/// What to verify.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VerifyRequest {
    /// What the hand-over recorded: client id, tenant id, the secret's name in the vault, …
    pub connection: Map,
}

/// One thing that was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// Where: a subscription, a management group, the directory.
    pub scope: String,
    /// What was tried, for people: `read role assignments`.
    pub what: String,
    /// A word of [`check_status`].
    pub status: String,
    /// What was seen.
    pub detail: String,
    /// What to do when it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The plugin's stable code of what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Ordered facts: request id, status, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
}

/// The words a check ends with.
pub mod check_status {
    /// It works.
    pub const OK: &str = "ok";
    /// It does not work.
    pub const FAILED: &str = "failed";
    /// It was not tried, and the detail says why.
    pub const SKIPPED: &str = "skipped";
}

/// What came out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct VerifyReport {
    /// Every check in a stable order.
    pub checks: Vec<Check>,
    /// When the credential expires, RFC 3339.
    #[serde(default)]
    pub credential_expires: Option<String>,
    /// From when its owner wants to be warned of that, RFC 3339.
    #[serde(default)]
    pub credential_warn_from: Option<String>,
}
