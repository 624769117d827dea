//! Service principals: what an application is inside a tenant, and what roles are assigned to.

use serde::Deserialize;
use serde_json::json;

use crate::cloud::Service;
use crate::request::{Method, Path, Request};

const SELECT: &str = "id,appId,displayName,appOwnerOrganizationId,accountEnabled";

/// A service principal.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Its object id: the principal of role assignments.
    pub id: String,
    /// The client id of its application.
    pub app_id: String,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The tenant its application belongs to.
    #[serde(default)]
    pub app_owner_organization_id: Option<String>,
    /// Whether it may sign in.
    #[serde(default)]
    pub account_enabled: Option<bool>,
    /// The permissions it offers to other applications.
    #[serde(default)]
    pub app_roles: Vec<AppRole>,
}

/// A permission for applications.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppRole {
    /// Its id.
    pub id: String,
    /// Its name: `Directory.Read.All`.
    #[serde(default)]
    pub value: Option<String>,
    /// Whether it can be granted.
    #[serde(default)]
    pub is_enabled: Option<bool>,
}

/// Creates the service principal of the application `app_id`.
#[must_use]
pub fn create_request(app_id: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals");
    Request::new(Service::Graph, Method::Post, path, "creating service principal")
        .json(json!({ "appId": app_id, "accountEnabled": true }))
}

/// Reads the service principal of the application `app_id`.
#[must_use]
pub fn get_by_app_id_request(app_id: &str) -> Request {
    let path = Path::fixed("/v1.0").keyed("servicePrincipals", "appId", app_id);
    Request::get(Service::Graph, path, "reading service principal").query("$select", SELECT)
}

/// Reads the service principal of the application `app_id` and the permissions it offers.
#[must_use]
pub fn get_app_roles_request(app_id: &str) -> Request {
    let path = Path::fixed("/v1.0").keyed("servicePrincipals", "appId", app_id);
    Request::get(Service::Graph, path, "reading app roles")
        .query("$select", "id,appId,displayName,appRoles")
}

/// Reads the service principal with the object id `id`.
#[must_use]
pub fn get_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals").segment(id);
    Request::get(Service::Graph, path, "reading service principal").query("$select", SELECT)
}

/// Reads the service principal with the object id `id` and the permissions it offers.
#[must_use]
pub fn get_with_app_roles_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals").segment(id);
    Request::get(Service::Graph, path, "reading app roles")
        .query("$select", "id,appId,displayName,appRoles")
}

/// Removes the service principal.
#[must_use]
pub fn delete_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/servicePrincipals").segment(id);
    Request::new(Service::Graph, Method::Delete, path, "deleting service principal")
}
