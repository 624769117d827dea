//! The note in the vault that an operator was, or is about to be, elevated by us.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::session::Session;

/// What the vault knows it by. It is no secret; the vault is what survives a crash.
pub(super) const NAME: &str = "elevation";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Marker {
    /// The operator's object id.
    pub(crate) operator: String,
    /// When the marker was first written.
    pub(crate) at: Timestamp,
    /// The role assignment the elevation is, once it was seen.
    #[serde(default)]
    pub(crate) assignment: Option<String>,
}

pub(crate) async fn read(session: &Session<'_>) -> Result<Option<Marker>> {
    let Some(bytes) = session.host.secret(NAME).await? else { return Ok(None) };
    serde_json::from_slice(bytes.expose()).map(Some).map_err(|error| {
        Error::new(
            kind::UNEXPECTED,
            format!("the vault's note of an elevation is damaged: {error}"),
        )
        .code("AZ-ELEVATE-006")
        .help(
            "in Entra, under Properties, switch `Access management for Azure resources` off \
                 for whoever ran the onboarding",
        )
    })
}

pub(super) async fn write(session: &Session<'_>, marker: &Marker) -> Result<()> {
    let text = serde_json::to_vec(marker)
        .map_err(|error| Error::new(kind::UNEXPECTED, error.to_string()))?;
    session.host.put_secret(NAME, &text).await
}

pub(super) async fn drop(session: &Session<'_>) -> Result<()> {
    session.host.remove_secret(NAME).await
}
