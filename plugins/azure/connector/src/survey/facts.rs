//! What a survey found, in the form in which the host keeps it for the description.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::{Error, Result, kind};

use super::EXCLUDED;

/// The scope word that stands for all subscriptions of a plan made without a look at the tenant.
pub(crate) const EACH: &str = "each-subscription";

/// The form described here. Another one is refused: it is only ever read moments after it was
/// written, by the same plugin.
const VERSION: u32 = 1;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Facts {
    version: u32,
    /// The subscriptions that are onboarded, by id.
    pub(crate) subscriptions: Vec<Found>,
    /// What is meant, or was looked at, and is not.
    pub(crate) left_out: Vec<LeftOut>,
}

/// A subscription that can be onboarded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
}

impl Facts {
    pub(crate) fn of(mut subscriptions: Vec<Found>, mut left_out: Vec<LeftOut>) -> Self {
        subscriptions.sort_by(|a, b| a.id.cmp(&b.id));
        left_out.sort_by(|a, b| a.scope.cmp(&b.scope));
        Self { version: VERSION, subscriptions, left_out }
    }

    /// Reads what the host kept; nothing when nobody looked.
    pub(crate) fn read(value: &Value) -> Result<Option<Self>> {
        if value.is_null() {
            return Ok(None);
        }
        let facts: Option<Self> = serde_json::from_value(value.clone()).ok();
        facts.filter(|facts| facts.version == VERSION).map(Some).ok_or_else(|| {
            Error::new(kind::CONTRACT_VIOLATION, "the facts of the survey are of another version")
                .code("AZ-SCOPE-013")
                .help("plan again with this version of the plugin")
        })
    }

    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The scopes that are meant and could not be planned now: whatever was granted there earlier
    /// stays. What a pattern excludes is not meant.
    pub(crate) fn left_alone(&self) -> Vec<String> {
        self.left_out
            .iter()
            .filter(|left| left.code.as_deref() != Some(EXCLUDED))
            .map(|left| {
                if left.scope.starts_with('/') {
                    left.scope.clone()
                } else {
                    format!("/subscriptions/{}", left.scope)
                }
            })
            .collect()
    }
}

/// Whether something at `at` holds at `scope`: the same place, or one above it. Management groups
/// are above whatever a service lists them for.
pub(crate) fn covers(at: Option<&str>, scope: &str) -> bool {
    let (at, scope) = (at.unwrap_or_default().to_lowercase(), scope.to_lowercase());
    let at = at.trim_end_matches('/');
    if at.is_empty() || at == scope {
        return true;
    }
    let group = at.starts_with("/providers/microsoft.management/");
    let below_group = !scope.starts_with("/providers/microsoft.management/");
    (group && below_group) || scope.strip_prefix(at).is_some_and(|rest| rest.starts_with('/'))
}
