//! Certificates of an application.
//!
//! The list is only ever replaced whole, so entries are kept as they came: what somebody else put
//! there goes back unchanged, fields unknown here included.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::certificate::thumbprint_of;
use crate::cloud::Service;
use crate::request::{Path, Request};

use super::applications::patch_request;

/// An application, as far as its certificates are concerned.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyHolder {
    /// Its object id.
    pub id: String,
    /// Its client id.
    pub app_id: String,
    /// Its certificates as they came.
    #[serde(default)]
    pub key_credentials: Vec<Value>,
}

/// What is read of a certificate's entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeyCredential {
    /// Its id.
    pub key_id: String,
    /// Its name: here, what it was made for.
    pub display_name: Option<String>,
    /// Until when it works, RFC 3339.
    pub end_date_time: Option<String>,
    /// The certificate in base64; only told when these entries alone are asked for.
    pub key: Option<String>,
}

impl KeyCredential {
    /// Reads an entry; what cannot be read is empty and so belongs to nobody here.
    #[must_use]
    pub fn of(entry: &Value) -> Self {
        Self::deserialize(entry).unwrap_or_default()
    }

    /// SHA-256 of the certificate, in small hexadecimal digits, when the certificate was told.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        let der = STANDARD.decode(self.key.as_ref()?).ok()?;
        Some(thumbprint_of(&der))
    }
}

/// Reads the certificates of the application with the object id `id`, public keys included.
#[must_use]
pub fn get_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(id);
    Request::get(Service::Graph, path, "reading certificates")
        .query("$select", "id,appId,keyCredentials")
}

/// An entry for the certificate `der`. `key_id` is a GUID of the caller's choosing, so that adding
/// the same certificate twice gives the same entry.
#[must_use]
pub fn entry(key_id: &str, display_name: &str, der: &[u8], start: &str, end: &str) -> Value {
    json!({
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "keyId": key_id,
        "displayName": display_name,
        "key": STANDARD.encode(der),
        "startDateTime": start,
        "endDateTime": end,
    })
}

/// Replaces the whole list of certificates.
#[must_use]
pub fn set_request(id: &str, entries: &[Value], operation: &'static str) -> Request {
    let mut request = patch_request(id, json!({ "keyCredentials": entries }));
    request.operation = operation;
    request
}
