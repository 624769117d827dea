//! The tenant itself.

use serde::Deserialize;

use crate::cloud::Service;
use crate::request::{Path, Request};

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// Lists the one tenant there is; needs `Directory.Read.All` or similar.
#[must_use]
pub fn list_request() -> Request {
    Request::get(Service::Graph, Path::fixed("/v1.0/organization"), "reading organization")
        .query("$select", "id,displayName")
}
