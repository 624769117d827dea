//! Role assignments.

use serde::Deserialize;
use serde_json::json;

use super::{AUTHORIZATION_VERSION, last_segment};
use crate::cloud::Service;
use crate::encode::odata_literal;
use crate::request::{Method, Path, Request};

/// A role assignment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RoleAssignment {
    /// The whole resource id.
    pub id: String,
    /// The GUID at its end.
    pub name: String,
    /// What it says.
    pub properties: Properties,
}

/// What a role assignment says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    /// The role.
    pub role_definition_id: String,
    /// Who has it.
    pub principal_id: String,
    /// What kind of principal that is.
    #[serde(default)]
    pub principal_type: Option<String>,
    /// Where. Always in answers; optional because requests have none.
    #[serde(default)]
    pub scope: Option<String>,
    /// A condition that narrows it.
    #[serde(default)]
    pub condition: Option<String>,
}

impl RoleAssignment {
    /// Whether this is `role` for `principal` at exactly `scope`. Roles are compared by their GUID,
    /// because the service changes the scope in front of it.
    #[must_use]
    pub fn grants(&self, scope: &str, principal: &str, role: &str) -> bool {
        let at = self.properties.scope.as_deref().unwrap_or_default();
        at.trim_matches('/').eq_ignore_ascii_case(scope.trim_matches('/'))
            && self.properties.principal_id.eq_ignore_ascii_case(principal)
            && self.has_role(role)
            && self.properties.condition.is_none()
    }

    /// Whether it is about the role with the GUID at the end of `role`.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        last_segment(&self.properties.role_definition_id).eq_ignore_ascii_case(last_segment(role))
    }
}

/// What an assignment shall say.
#[derive(Debug, Clone, Copy)]
pub struct NewAssignment<'a> {
    /// The whole id of the role definition.
    pub role_definition_id: &'a str,
    /// The object id of the principal, not its client id.
    pub principal_id: &'a str,
    /// `ServicePrincipal`: the service's own default is `User`, which makes it look the principal
    /// up in a directory replica that may not know it yet.
    pub principal_type: &'a str,
    /// Free text.
    pub description: Option<&'a str>,
}

/// Creates the assignment `name` at `scope`.
#[must_use]
pub fn put_request(scope: &str, name: &str, new: NewAssignment<'_>) -> Request {
    let mut properties = json!({
        "roleDefinitionId": new.role_definition_id,
        "principalId": new.principal_id,
        "principalType": new.principal_type,
    });
    if let Some(description) = new.description {
        properties["description"] = json!(description);
    }
    Request::new(
        Service::ResourceManager,
        Method::Put,
        one(scope, name),
        "creating role assignment",
    )
    .version(AUTHORIZATION_VERSION)
    .json(json!({ "properties": properties }))
}

/// Reads the assignment `name` at `scope`.
#[must_use]
pub fn get_request(scope: &str, name: &str) -> Request {
    Request::get(Service::ResourceManager, one(scope, name), "reading role assignment")
        .version(AUTHORIZATION_VERSION)
}

/// Removes the assignment `name` at `scope`.
#[must_use]
pub fn delete_request(scope: &str, name: &str) -> Request {
    Request::new(
        Service::ResourceManager,
        Method::Delete,
        one(scope, name),
        "deleting role assignment",
    )
    .version(AUTHORIZATION_VERSION)
}

/// Lists the assignments of `principal` at, above and below `scope`.
#[must_use]
pub fn list_for_principal_request(scope: &str, principal: &str) -> Request {
    let filter = format!("principalId eq {}", odata_literal(principal));
    list(scope).query("$filter", &filter)
}

/// Lists the assignments at and above `scope`: management groups take no filter by principal.
#[must_use]
pub fn list_at_scope_request(scope: &str) -> Request {
    list(scope).query("$filter", "atScope()")
}

/// Lists what `principal` has at and above `scope`, through groups as well.
#[must_use]
pub fn list_assigned_to_request(scope: &str, principal: &str) -> Request {
    let filter = format!("atScope() and assignedTo({})", odata_literal(principal));
    list(scope).query("$filter", &filter)
}

/// Lists every assignment at, above and below `scope`.
#[must_use]
pub fn list_request(scope: &str) -> Request {
    list(scope)
}

fn list(scope: &str) -> Request {
    let path = Path::new().scope(scope).then("/providers/Microsoft.Authorization/roleAssignments");
    Request::get(Service::ResourceManager, path, "listing role assignments")
        .version(AUTHORIZATION_VERSION)
}

fn one(scope: &str, name: &str) -> Path {
    Path::new()
        .scope(scope)
        .then("/providers/Microsoft.Authorization/roleAssignments")
        .segment(name)
}
