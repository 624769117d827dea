//! What the suite needs to know of a plugin to use it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the suite needs to know of a plugin to use it. Every text may hold `{dir}`, which becomes an
/// empty folder, a new one each time the plugin is opened for a case.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fixture {
    /// `[connectors.NAME.settings]` of a small onboarding.
    #[serde(default = "nothing")]
    pub settings: Value,
    /// `[connectors.NAME.operator]`.
    #[serde(default)]
    pub operator: Value,
    /// Settings that the schema or opening must refuse.
    #[serde(default)]
    pub refused: Vec<Value>,
    /// Nothing answers at what the settings reach: only the cases that need no cloud are run.
    #[serde(default)]
    pub offline: bool,
    /// What the plugin's simulated cloud is to be like in each case.
    #[serde(default)]
    pub scenarios: Scenarios,
}

/// Scenario texts of the plugin's own simulated cloud. What is absent leaves its cases out, which
/// the report says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scenarios {
    /// Nothing odd, little lag; absent: the plugin's default.
    #[serde(default)]
    pub plain: Option<String>,
    /// Answers at least one call of an onboarding with "too many", and says how long to wait.
    #[serde(default)]
    pub busy: Option<String>,
    /// Lists come in pages of one or two, an empty page among them.
    #[serde(default)]
    pub paged: Option<String>,
    /// The first call of the first step has no answer for ten seconds: longer than the host waits for
    /// it once it has given up.
    #[serde(default)]
    pub slow: Option<String>,
    /// The operator may not do what the onboarding needs.
    #[serde(default)]
    pub denied: Option<String>,
}

impl Fixture {
    /// Reads TOML, as `skybridge plugin test --settings FILE` does.
    ///
    /// # Errors
    /// What does not fit, and where.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

/// `value` with `{dir}` replaced in every text.
pub(crate) fn with_folder(value: &Value, folder: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{dir}", folder)),
        Value::Array(items) => items.iter().map(|item| with_folder(item, folder)).collect(),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(key, value)| (key.clone(), with_folder(value, folder))).collect(),
        ),
        other => other.clone(),
    }
}
