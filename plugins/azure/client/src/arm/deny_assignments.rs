//! Deny assignments: what nobody's role helps against.

use serde::Deserialize;

use super::AUTHORIZATION_VERSION;
use super::permissions::Permission;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// A deny assignment.
#[derive(Debug, Clone, Deserialize)]
pub struct DenyAssignment {
    /// What it says.
    #[serde(default)]
    pub properties: Properties,
}

/// What a deny assignment says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// Its name for people.
    pub deny_assignment_name: String,
    /// What it denies, in the form in which roles allow.
    pub permissions: Vec<Permission>,
    /// Where it stands.
    pub scope: Option<String>,
    /// It says nothing about what is below its scope.
    pub do_not_apply_to_child_scopes: bool,
    /// Whom it names.
    pub principals: Vec<Principal>,
    /// Whom it spares.
    pub exclude_principals: Vec<Principal>,
    /// A condition that narrows it.
    pub condition: Option<String>,
}

/// Somebody a deny assignment names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Principal {
    /// An object id; zeros for everyone.
    pub id: String,
    /// `User`, `Group`, `ServicePrincipal`, `SystemDefined`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Lists the deny assignments at and above `scope`.
#[must_use]
pub fn list_at_scope_request(scope: &str) -> Request {
    let path = Path::new().scope(scope).then("/providers/Microsoft.Authorization/denyAssignments");
    Request::get(Service::ResourceManager, path, "listing deny assignments")
        .version(AUTHORIZATION_VERSION)
        .query("$filter", "atScope()")
}
