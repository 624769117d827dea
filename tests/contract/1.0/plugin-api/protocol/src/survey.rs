//! Looking before planning, and before the first write.
//!
//! A survey finds what the settings only name by pattern; its facts go into the description, so
//! that describing stays offline. A preflight then says everything that would go wrong at once.

use serde::{Deserialize, Serialize};

/// Asks what the world has of what the settings mean. Reads only.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SurveyRequest {
    /// A word of [`purpose`](crate::onboard::purpose).
    #[serde(default)]
    pub purpose: String,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Survey {
    /// For the plugin's own description, in its own form. No secrets.
    #[serde(default)]
    pub facts: serde_json::Value,
    /// What people should know of it.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Asks whether the operator can do what the plan is about to. Reads only.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreflightRequest {
    /// The steps that will write, in the order of the plan.
    pub steps: Vec<PlannedWrite>,
}

/// A step that will write.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlannedWrite {
    /// The step's address.
    pub address: String,
    /// Its kind word.
    pub kind: String,
    /// Its name word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The scope of its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What its calls need, as the template says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// What would go wrong, and what people should know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreflightReport {
    /// All of it at once.
    pub findings: Vec<Finding>,
    /// How many things were looked at, for people.
    #[serde(default)]
    pub checked: u64,
}

/// One thing a person should know before anything is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// A word of [`severity`].
    pub severity: String,
    /// The plugin's stable code.
    pub code: String,
    /// Where: a subscription, the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// One sentence.
    pub summary: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Ordered facts: request id, role, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
    /// The addresses of the steps that would fail because of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
}

/// The words for how bad a finding is.
pub mod severity {
    /// The run would fail: nothing is written.
    pub const ERROR: &str = "error";
    /// The run will work, and somebody will wish they had known.
    pub const WARNING: &str = "warning";
    /// Good to know.
    pub const NOTE: &str = "note";
}
