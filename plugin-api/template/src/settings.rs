//! What a manifest may say about this connector.

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_plugin_sdk::{Error, Result, kind};

/// `[connectors.NAME.settings]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(crate) account: String,
    #[serde(default = "reader")]
    pub(crate) reader: String,
    #[serde(default = "endpoint")]
    pub(crate) endpoint: String,
}

fn reader() -> String {
    "skybridge".to_owned()
}

fn endpoint() -> String {
    "https://api.acme.example".to_owned()
}

impl Settings {
    /// Reads settings that fit the schema; what the schema cannot say is refused here.
    pub(crate) fn read(value: Value) -> Result<Self> {
        serde_json::from_value(value)
            .map_err(|error| Error::new(kind::INVALID_CONFIG, error.to_string()))
    }
}

/// Descriptions end up in diagnostics: they say what belongs there.
pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["account"],
        "properties": {
            "account": {
                "description": "the account's name, as Acme's console shows it",
                "type": "string",
                "pattern": "^[a-z][a-z0-9-]*$",
            },
            "reader": {
                "description": "what the reader is called",
                "type": "string",
                "pattern": "^[a-z][a-z0-9-]*$",
                "default": reader(),
            },
            "endpoint": {
                "description": "where Acme's API is",
                "type": "string",
                "pattern": "^https?://",
                "default": endpoint(),
            },
        },
    })
}

/// The schema of `[connectors.NAME.operator]`.
pub(crate) fn operator_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "token": {
                "description": "where the operator's token is, such as `file:/home/you/acme-token`",
                "type": "string",
                "pattern": "^file:/",
            },
        },
    })
}
