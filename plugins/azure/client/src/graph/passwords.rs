//! Client secrets of an application.

use serde::Deserialize;
use serde_json::json;

use crate::cloud::Service;
use crate::request::{Method, Path, Request};
use skybridge_plugin_http::Secret;

/// A password as it is listed: everything but its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordCredential {
    /// Its id.
    pub key_id: String,
    /// Its name: here, what it was made for.
    pub display_name: Option<String>,
    /// From when it works, RFC 3339.
    pub start_date_time: Option<String>,
    /// Until when it works, RFC 3339.
    pub end_date_time: Option<String>,
}

/// A password as it is made: the only time its text is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPassword {
    /// Its id.
    pub key_id: String,
    /// Its text.
    pub secret_text: Secret,
    /// Until when it works, RFC 3339.
    #[serde(default)]
    pub end_date_time: Option<String>,
}

/// Makes a password. Not idempotent: each call makes another one.
#[must_use]
pub fn add_request(application: &str, display_name: &str, start: &str, end: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(application).then("/addPassword");
    Request::new(Service::Graph, Method::Post, path, "creating client secret").json(json!({
        "passwordCredential": {
            "displayName": display_name,
            "startDateTime": start,
            "endDateTime": end,
        }
    }))
}

/// Removes a password.
#[must_use]
pub fn remove_request(application: &str, key_id: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(application).then("/removePassword");
    let mut request = Request::new(Service::Graph, Method::Post, path, "removing client secret")
        .json(json!({ "keyId": key_id }));
    // The key id names what goes; asking again finds it gone.
    request.idempotent = true;
    request
}
