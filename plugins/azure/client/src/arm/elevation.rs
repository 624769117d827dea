//! Elevation: a Global Administrator takes User Access Administrator at `/`, the scope above every
//! management group.

use super::AUTHORIZATION_VERSION;
use crate::cloud::Service;
use crate::encode::odata_literal;
use crate::request::{Method, Path, Request};

/// The scope the elevation is at.
pub const SCOPE: &str = "/";

/// The role the elevation gives: User Access Administrator.
pub const ROLE: &str = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9";

/// The version the elevation is documented with.
const ELEVATE_VERSION: &str = "2016-07-01";

/// Elevates the caller: 200 with nothing. Elevating twice equals elevating once.
#[must_use]
pub fn elevate_request() -> Request {
    let path = Path::fixed("/providers/Microsoft.Authorization/elevateAccess");
    let mut request =
        Request::new(Service::ResourceManager, Method::Post, path, "elevating the operator")
            .version(ELEVATE_VERSION);
    request.idempotent = true;
    request
}

/// Lists what `principal` holds at `/`.
#[must_use]
pub fn list_request(principal: &str) -> Request {
    let path = Path::fixed("/providers/Microsoft.Authorization/roleAssignments");
    let filter = format!("principalId eq {}", odata_literal(principal));
    Request::get(Service::ResourceManager, path, "listing the operator's own roles")
        .version(AUTHORIZATION_VERSION)
        .query("$filter", &filter)
}

/// Removes the assignment `name` at `/`.
#[must_use]
pub fn remove_request(name: &str) -> Request {
    let path = Path::fixed("/providers/Microsoft.Authorization/roleAssignments").segment(name);
    Request::new(Service::ResourceManager, Method::Delete, path, "removing the elevation")
        .version(AUTHORIZATION_VERSION)
}
