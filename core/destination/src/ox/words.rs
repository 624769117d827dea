//! The plugin's words for the platform: which connector, which type of credentials, which fields.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::connection::{Connection, Field, broken};
use crate::error::Result;
use crate::limits::{FIELDS_MAX, KEY_CHARS_MAX};

/// The field that tells a secret from the one before it, when the plugin names none.
const KEY_FIELD: &str = "key-id";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    connector_names: Vec<String>,
    credentials_type: String,
    #[serde(default)]
    credentials_object: Option<String>,
    #[serde(default)]
    key_field: Option<String>,
    fields: BTreeMap<String, String>,
}

/// The words, checked.
#[derive(Debug)]
pub(crate) struct Words {
    /// Any of these, in any case.
    pub(crate) connector_names: Vec<String>,
    pub(crate) credentials_type: String,
    /// The GraphQL type such credentials are listed as: a GraphQL name.
    pub(crate) credentials_object: String,
    key_field: Option<String>,
    /// The connection's field, and what the platform calls it.
    fields: BTreeMap<String, String>,
}

impl Words {
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let wrong = |why: &dyn std::fmt::Display| {
            let plugin = &connection.plugin;
            broken(format!("the plugin `{plugin}` has no usable words for this platform: {why}"))
        };
        let written = Written::deserialize(&connection.platform).map_err(|error| wrong(&error))?;
        let object = written.credentials_object;
        let object = object.unwrap_or_else(|| format!("{}Credentials", written.credentials_type));
        if written.connector_names.iter().all(|name| name.trim().is_empty()) {
            return Err(wrong(&"`connector-names` is empty"));
        }
        // A type's name cannot be a variable: it is the one word that goes into a document.
        if !is_name(&written.credentials_type) || !is_name(&object) {
            return Err(wrong(&"the type of credentials is no GraphQL name"));
        }
        if written.fields.is_empty() || written.fields.len() > FIELDS_MAX {
            return Err(wrong(&format!("`fields` must have 1 to {FIELDS_MAX} entries")));
        }
        let theirs: BTreeSet<&String> = written.fields.values().collect();
        if theirs.len() < written.fields.len() {
            return Err(wrong(&"`fields` gives two fields one name"));
        }
        let words = Self {
            connector_names: written.connector_names,
            credentials_type: written.credentials_type,
            credentials_object: object,
            key_field: written.key_field,
            fields: written.fields,
        };
        words.fields(connection)?;
        Ok(words)
    }

    /// What all names of this connector's credentials begin with, and no other connector's.
    pub(crate) fn prefix(connection: &Connection) -> String {
        format!("skybridge {} ", connection.connector)
    }

    /// The name of the credentials with just this secret.
    pub(crate) fn credentials_name(&self, connection: &Connection) -> Result<String> {
        let wanted = self.key_field.as_deref().unwrap_or(KEY_FIELD);
        let secret = connection.fields.iter().find(|field| field.secret);
        let field = match (connection.field(wanted), &self.key_field) {
            (Some(field), _) => Some(field),
            (None, None) => secret,
            (None, Some(_)) => None,
        };
        let key = field.and_then(|field| field.value.as_str()).filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| {
            broken(format!(
                "the field `{wanted}`, which tells one secret from the next, is missing"
            ))
        })?;
        if key.chars().count() > KEY_CHARS_MAX || key.chars().any(char::is_control) {
            return Err(broken(format!("the field `{wanted}` cannot be part of a name")));
        }
        Ok(format!("{}{key}", Self::prefix(connection)))
    }

    /// The connection's fields under the platform's names; each must have a text.
    pub(crate) fn fields<'a>(
        &'a self,
        connection: &'a Connection,
    ) -> Result<Vec<(&'a str, &'a Field)>> {
        let pair = |(own, theirs): (&'a String, &'a String)| {
            let field = connection.field(own);
            let field = field.ok_or_else(|| format!("has no field `{own}`"))?;
            match field.value.as_str() {
                Some(text) if !text.is_empty() => Ok((theirs.as_str(), field)),
                _ => Err(format!("has no text in the field `{own}`")),
            }
        };
        let pairs: std::result::Result<Vec<_>, String> = self.fields.iter().map(pair).collect();
        pairs.map_err(|why| broken(format!("the connection {why}, which the platform needs")))
    }
}

/// Whether `text` is what GraphQL calls a name.
fn is_name(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    text.len() <= 100
        && text.bytes().next().is_some_and(letter)
        && text.bytes().all(|b| letter(b) || b.is_ascii_digit())
}
