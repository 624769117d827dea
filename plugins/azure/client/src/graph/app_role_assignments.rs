//! App role assignments: application permissions that were consented to.

use serde::Deserialize;
use serde_json::json;

use crate::cloud::Service;
use crate::request::{Method, Path, Request};

/// One consented permission.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRoleAssignment {
    /// Its id: opaque, and capitals count.
    pub id: String,
    /// The permission.
    pub app_role_id: String,
    /// Who has it.
    pub principal_id: String,
    /// The API it is for.
    pub resource_id: String,
}

impl AppRoleAssignment {
    /// Whether this is `role` of `resource` for `principal`.
    #[must_use]
    pub fn grants(&self, principal: &str, resource: &str, role: &str) -> bool {
        self.principal_id.eq_ignore_ascii_case(principal)
            && self.resource_id.eq_ignore_ascii_case(resource)
            && self.app_role_id.eq_ignore_ascii_case(role)
    }
}

/// Grants `role` of `resource` to `principal`; all three are object ids.
#[must_use]
pub fn grant_request(principal: &str, resource: &str, role: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals").segment(resource).then("/appRoleAssignedTo");
    Request::new(Service::Graph, Method::Post, path, "granting admin consent").json(json!({
        "principalId": principal,
        "resourceId": resource,
        "appRoleId": role,
    }))
}

/// Lists what `principal` was granted.
#[must_use]
pub fn list_request(principal: &str) -> Request {
    let path =
        Path::fixed("/v1.0/servicePrincipals").segment(principal).then("/appRoleAssignments");
    Request::get(Service::Graph, path, "listing admin consents")
}

/// Takes the grant `id` of `resource` back.
#[must_use]
pub fn revoke_request(resource: &str, id: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals")
        .segment(resource)
        .then("/appRoleAssignedTo")
        .segment(id);
    Request::new(Service::Graph, Method::Delete, path, "revoking admin consent")
}
