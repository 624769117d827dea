//! What is handed over, and how its secrets are opened.

use std::collections::BTreeSet;

use futures_util::future::BoxFuture;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use skybridge_model::Secret;
use skybridge_model::address::is_word;

use crate::codes;
use crate::error::{DeliveryError, Result, kind};
use crate::limits::FIELDS_MAX;
use crate::quote::Hidden;

/// What an onboarding made. Holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// The connector's name.
    pub connector: String,
    /// The plugin that serves it.
    pub plugin: String,
    /// In the order the plugin gave them.
    pub fields: Vec<Field>,
    /// The plugin's words for this destination; null when it needs none.
    pub platform: Value,
}

/// One value of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name: `client-id`.
    pub name: String,
    /// For people: `Client ID`.
    pub label: String,
    /// The value; for a secret its name in the vault.
    pub value: Value,
    /// The value is the name of a secret in the vault.
    pub secret: bool,
}

/// Why a secret could not be opened: one sentence without the secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Opens a connector's secrets at the moment they are sent.
pub trait Secrets: Send + Sync {
    /// The text of a secret, or nothing when there is none of that name.
    fn text<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, std::result::Result<Option<Secret<String>>, SecretError>>;
}

pub(crate) fn broken(message: impl Into<String>) -> DeliveryError {
    DeliveryError::permanent(codes::CONNECTION, kind::CONTRACT_VIOLATION, message)
}

impl Connection {
    /// Complains about what no destination can take.
    pub(crate) fn check(&self) -> Result<()> {
        // Names at a platform are told apart by it.
        if !is_word(&self.connector) {
            return Err(broken(format!("`{}` is no connector's name", self.connector)));
        }
        if self.fields.len() > FIELDS_MAX {
            let count = self.fields.len();
            return Err(broken(format!(
                "the connection has {count} fields, more than {FIELDS_MAX}"
            )));
        }
        let mut seen = BTreeSet::new();
        for Field { name, value, secret, .. } in &self.fields {
            if !seen.insert(name) {
                return Err(broken(format!("the connection has the field `{name}` twice")));
            }
            if *secret && value.as_str().is_none_or(str::is_empty) {
                return Err(broken(format!("the secret field `{name}` does not name a secret")));
            }
        }
        Ok(())
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.fields.iter().any(|field| field.secret)
    }
}

/// Fields under the names the receiver has for them, secrets in clear: it is only ever serialized
/// into a body, and has no `Debug`.
pub(crate) struct Opened<'a>(Vec<(&'a str, Shown<'a>)>);

enum Shown<'a> {
    Plain(&'a Value),
    Secret(Secret<String>),
}

impl<'a> Opened<'a> {
    /// Opens the secrets among `fields` and hides them from whatever is quoted later.
    pub(crate) async fn open(
        fields: Vec<(&'a str, &'a Field)>,
        secrets: &dyn Secrets,
        hidden: &mut Hidden,
    ) -> Result<Self> {
        let mut opened = Vec::new();
        for (name, field) in fields {
            opened.push((
                name,
                match (field.secret, field.value.as_str()) {
                    (true, Some(wanted)) => {
                        Shown::Secret(open(field, wanted, secrets, hidden).await?)
                    }
                    _ => Shown::Plain(&field.value),
                },
            ));
        }
        Ok(Self(opened))
    }

    /// Fields of which none is secret.
    pub(crate) fn plain(fields: impl IntoIterator<Item = &'a Field>) -> Self {
        let plain = |field: &'a Field| (field.name.as_str(), Shown::Plain(&field.value));
        Self(fields.into_iter().filter(|field| !field.secret).map(plain).collect())
    }
}

async fn open(
    field: &Field,
    wanted: &str,
    secrets: &dyn Secrets,
    hidden: &mut Hidden,
) -> Result<Secret<String>> {
    let failed = |why: String| {
        let message = format!("the secret `{wanted}` of the field `{}` {why}", field.name);
        DeliveryError::permanent(codes::SECRET, kind::PRECONDITION, message)
    };
    match secrets.text(wanted).await {
        Ok(Some(secret)) if secret.expose().is_empty() => Err(failed("is empty".to_owned())),
        Ok(Some(secret)) => {
            hidden.add(&secret);
            Ok(secret)
        }
        Ok(None) => Err(failed("is not in the vault".to_owned())),
        Err(error) => Err(failed(format!("cannot be opened: {error}"))),
    }
}

impl Serialize for Opened<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, shown) in &self.0 {
            match shown {
                Shown::Plain(value) => map.serialize_entry(name, value)?,
                Shown::Secret(secret) => map.serialize_entry(name, secret.expose())?,
            }
        }
        map.end()
    }
}
