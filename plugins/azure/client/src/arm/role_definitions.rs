//! Role definitions.

use serde::Deserialize;
use serde_json::json;

use super::AUTHORIZATION_VERSION;
use super::permissions::Permission;
use crate::cloud::Service;
use crate::encode::odata_literal;
use crate::request::{Method, Path, Request};

/// A role definition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RoleDefinition {
    /// The whole resource id.
    pub id: String,
    /// The GUID at its end.
    pub name: String,
    /// What it says.
    pub properties: Properties,
}

/// What a role definition says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// Its name, unique in the tenant for custom roles.
    pub role_name: String,
    /// `BuiltInRole` or `CustomRole`.
    #[serde(rename = "type")]
    pub role_type: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

/// What a custom role shall say.
#[derive(Debug, Clone, Copy)]
pub struct NewRole<'a> {
    /// Its name.
    pub role_name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// What it allows.
    pub actions: &'a [String],
    /// Where it may be assigned.
    pub assignable_scopes: &'a [String],
}

/// Creates or replaces the custom role `name` (a GUID).
#[must_use]
pub fn put_request(scope: &str, name: &str, role: NewRole<'_>) -> Request {
    let body = json!({ "properties": {
        "roleName": role.role_name,
        "description": role.description,
        "type": "CustomRole",
        "permissions": [{
            "actions": role.actions,
            "notActions": [],
            "dataActions": [],
            "notDataActions": [],
        }],
        "assignableScopes": role.assignable_scopes,
    }});
    Request::new(Service::ResourceManager, Method::Put, one(scope, name), "writing role definition")
        .version(AUTHORIZATION_VERSION)
        .json(body)
}

/// Reads the role `name` (a GUID).
#[must_use]
pub fn get_request(scope: &str, name: &str) -> Request {
    Request::get(Service::ResourceManager, one(scope, name), "reading role definition")
        .version(AUTHORIZATION_VERSION)
}

/// Removes the custom role `name` (a GUID).
#[must_use]
pub fn delete_request(scope: &str, name: &str) -> Request {
    Request::new(
        Service::ResourceManager,
        Method::Delete,
        one(scope, name),
        "deleting role definition",
    )
    .version(AUTHORIZATION_VERSION)
}

/// Lists the roles called `role_name` that can be seen at `scope`.
#[must_use]
pub fn list_by_name_request(scope: &str, role_name: &str) -> Request {
    let path = Path::new().scope(scope).then("/providers/Microsoft.Authorization/roleDefinitions");
    Request::get(Service::ResourceManager, path, "listing role definitions")
        .version(AUTHORIZATION_VERSION)
        .query("$filter", &format!("roleName eq {}", odata_literal(role_name)))
}

fn one(scope: &str, name: &str) -> Path {
    Path::new()
        .scope(scope)
        .then("/providers/Microsoft.Authorization/roleDefinitions")
        .segment(name)
}
