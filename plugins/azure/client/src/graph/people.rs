//! Whoever is signed in, and the directory roles of people.

use serde::Deserialize;

use crate::cloud::Service;
use crate::encode::odata_literal;
use crate::request::{Path, Request};

/// Whoever is signed in, when it is a person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Person {
    /// The object id.
    pub id: String,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
}

/// A directory role somebody holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DirectoryRole {
    /// The role's id, the same in every tenant.
    pub role_template_id: String,
    /// Its name.
    pub display_name: Option<String>,
}

/// A directory role somebody could activate.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct EligibleDirectoryRole {
    /// The role's id, the same in every tenant.
    pub role_definition_id: String,
}

/// Reads whoever is signed in.
#[must_use]
pub fn me_request() -> Request {
    Request::get(Service::Graph, Path::fixed("/v1.0/me"), "reading the operator")
        .query("$select", "id,userType")
}

/// Lists the active directory roles of whoever is signed in, through groups as well.
#[must_use]
pub fn my_directory_roles_request() -> Request {
    let path = Path::fixed("/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole");
    Request::get(Service::Graph, path, "listing the operator's directory roles")
        .query("$select", "displayName,roleTemplateId")
}

/// Lists the directory roles `principal` could activate.
#[must_use]
pub fn eligible_roles_request(principal: &str) -> Request {
    let path = Path::fixed("/v1.0/roleManagement/directory/roleEligibilityScheduleInstances");
    let filter = format!("principalId eq {}", odata_literal(principal));
    Request::get(Service::Graph, path, "listing eligible directory roles").query("$filter", &filter)
}
