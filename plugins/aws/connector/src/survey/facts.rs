//! What a survey found, in the form in which the host keeps it for the description.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::{Error, Result, kind};

/// The scope word that stands for all accounts of a plan made without a look at the organization.
pub(crate) const EACH: &str = "each-account";

/// The form described here. Another one is refused: it is only ever read moments after it was
/// written, by the same plugin.
const VERSION: u32 = 1;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Facts {
    version: u32,
    /// The accounts that are onboarded, by id.
    pub(crate) accounts: Vec<Found>,
    /// What is meant, or was looked at, and is not.
    pub(crate) left_out: Vec<LeftOut>,
}

/// An account that can be onboarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Facts {
    pub(crate) fn of(mut accounts: Vec<Found>, mut left_out: Vec<LeftOut>) -> Self {
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        left_out.sort_by(|a, b| a.scope.cmp(&b.scope));
        Self { version: VERSION, accounts, left_out }
    }

    /// Reads what the host kept; nothing when nobody looked.
    pub(crate) fn read(value: &Value) -> Result<Option<Self>> {
        if value.is_null() {
            return Ok(None);
        }
        let facts: Option<Self> = serde_json::from_value(value.clone()).ok();
        facts.filter(|facts| facts.version == VERSION).map(Some).ok_or_else(|| {
            Error::new(kind::CONTRACT_VIOLATION, "the facts of the survey are of another version")
                .code("AWS-HOST-004")
                .help("plan again with this version of the plugin")
        })
    }

    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
