//! Policies of the tenant.

use serde::Deserialize;

use crate::cloud::Service;
use crate::request::{Path, Request};

/// The policy that says what users may do. Only its presence is of interest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuthorizationPolicy {
    /// Its id.
    pub id: Option<String>,
}

/// Reads the authorization policy; needs `Policy.Read.All`.
#[must_use]
pub fn get_authorization_request() -> Request {
    let path = Path::fixed("/v1.0/policies/authorizationPolicy");
    Request::get(Service::Graph, path, "reading authorization policy")
}
