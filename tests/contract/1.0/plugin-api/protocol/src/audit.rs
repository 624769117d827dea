//! What a plugin puts on record: every write it makes to a cloud, and what a person has to do.

use serde::{Deserialize, Serialize};

/// One write, told before its outcome is used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Write {
    /// What was being done: `creating role assignment`.
    pub operation: String,
    /// The HTTP method, or the cloud's own verb.
    pub method: String,
    /// What was written, without query and without secrets.
    pub target: String,
    /// The answer's status; 0 when none came.
    pub status: u16,
    /// The cloud's request id, when it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Something only a person can do, told while the call waits for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notice {
    /// What to do, one sentence: `open the address and enter the code`.
    pub text: String,
    /// The address to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The code to enter there. Not a secret: it is of use only to whoever signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}
