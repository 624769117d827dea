//! What a plugin says when something did not work.
//!
//! The number (`kind`) and the retry class travel in the binary interface; this is the rest.

use serde::{Deserialize, Serialize};

use crate::rate_limit::RateLimit;

/// The text part of a plugin's error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ErrorDetail {
    /// One sentence: what, where and why. Lower case, no full stop, no secret.
    pub message: String,
    /// The plugin's stable code, such as `AZ-RBAC-003`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What was being done: `creating role assignment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Ordered facts: request id, correlation id, status, the cloud's own code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
    /// For complaints about settings: the JSON pointer of the value concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What the cloud said about further calls. The host takes it out; it is never written down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limits: Vec<RateLimit>,
}
