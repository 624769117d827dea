//! The destinations the host itself hands a connection to: this machine, or a person.
//!
//! Both write the connection's record; the secret stays sealed in the vault and the record names it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_protocol::Map;

use crate::failure::{Failure, Outcome};
use crate::state::{StateDir, write_durably};

/// The version of a connection's record.
const VERSION: u32 = 1;

/// `connections/NAME.json`: what was handed over. Secrets are named, never held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Connection {
    pub(crate) version: u32,
    pub(crate) connector: String,
    pub(crate) plugin: String,
    pub(crate) destination: String,
    /// In the order the plugin gave them.
    pub(crate) fields: Vec<Field>,
    /// What the platform knows it by, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivery: Option<String>,
}

/// What withdrawing needs to know, as the journal of the run that handed over keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Given {
    pub(crate) connection: Connection,
    /// The plugin's words for the platform.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) platform: Value,
    /// What the delivery said undoing it needs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(crate) delivery: Value,
}

/// One value of a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) value: Value,
    /// The value is the name of a secret in the vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) secret: bool,
    /// The value is a list of scopes, separated by commas.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) scopes: bool,
}

/// As many scopes are named where people read; there may be thousands.
const NAMED: usize = 4;

impl Field {
    /// The value for people; of a long list how many there are and the first of them.
    pub(crate) fn shown(&self) -> String {
        match &self.value {
            Value::String(list) if self.scopes => {
                let all: Vec<&str> = list.split(',').collect();
                let named = all.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
                match all.len().saturating_sub(NAMED) {
                    0 => named,
                    more => format!("{}: {named} and {more} more, all on record", all.len()),
                }
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

impl Connection {
    pub(crate) fn new(
        connector: &str,
        plugin: &str,
        destination: &str,
        fields: Vec<Field>,
    ) -> Self {
        Self {
            version: VERSION,
            connector: connector.to_owned(),
            plugin: plugin.to_owned(),
            destination: destination.to_owned(),
            fields,
            delivery: None,
        }
    }

    /// Whether the other says the same; how the platform calls it is nothing one could want.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let bare = |it: &Self| Self { delivery: None, ..it.clone() };
        bare(self) == bare(other)
    }

    /// As a plugin gets it: value by name.
    pub(crate) fn facts(&self) -> Map {
        self.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect()
    }

    /// The records of a state directory, by name; files that are no record are left out.
    pub(crate) fn all(state: &Path) -> Vec<Self> {
        let Ok(entries) = fs_err::read_dir(state.join("connections")) else { return Vec::new() };
        let read = |entry: std::io::Result<fs_err::DirEntry>| {
            serde_json::from_slice(&fs_err::read(entry.ok()?.path()).ok()?).ok()
        };
        let mut found: Vec<Self> = entries.filter_map(read).collect();
        found.sort_by(|a, b| a.connector.cmp(&b.connector));
        found
    }

    /// The record of a connector, if it was handed over.
    pub(crate) fn load(state: &StateDir, connector: &str) -> Outcome<Option<Self>> {
        let path = state.connection(connector);
        let bytes = match fs_err::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::io("reading the connection", &error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let text = format!("{}: {error}", path.display());
            Failure::usage(text, "the record was changed by hand; remove it and apply again")
        })
    }

    /// Removes the record of a connector; whether there was one.
    pub(crate) fn remove(state: &StateDir, connector: &str) -> std::io::Result<bool> {
        let path = state.connection(connector);
        match fs_err::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
        if let Some(folder) = path.parent() {
            fs_err::File::open(folder)?.sync_all()?;
        }
        Ok(true)
    }

    /// Writes the record; it is on disk on return.
    pub(crate) fn save(&self, state: &StateDir) -> std::io::Result<PathBuf> {
        let path = state.connection(&self.connector);
        write_durably(&path, &serde_json::to_vec_pretty(self)?)?;
        Ok(path)
    }
}

/// What a person needs to paste, with where the secret is and how it opens.
pub(crate) fn instructions(connection: &Connection, state: &StateDir, identity: &str) -> String {
    let width = connection.fields.iter().map(|field| field.label.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for field in &connection.fields {
        let value = field.shown();
        if field.secret {
            let file = state.vault().join(&connection.connector).join(format!("{value}.age"));
            lines.push(format!("  {:width$}  sealed in {}", field.label, file.display()));
            lines.push(format!(
                "  {:width$}  opens with: age --decrypt -i {identity} {}",
                "",
                file.display()
            ));
        } else {
            lines.push(format!("  {:width$}  {value}", field.label));
        }
    }
    lines.join("\n")
}
