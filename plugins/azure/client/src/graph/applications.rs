//! Applications (app registrations).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::passwords::PasswordCredential;
use crate::cloud::Service;
use crate::request::{Method, Path, Request};

/// The fields that are asked for.
const SELECT: &str = "id,appId,displayName,uniqueName,description,signInAudience,\
                      requiredResourceAccess,passwordCredentials,tags";

/// An application.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Its object id: what paths below `/applications` want.
    pub id: String,
    /// Its client id: what tokens and people want.
    pub app_id: String,
    /// Its name for people, not unique.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its name for programs, unique in the tenant; only set by programs.
    #[serde(default)]
    pub unique_name: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Who may sign in.
    #[serde(default)]
    pub sign_in_audience: Option<String>,
    /// The permissions it says it needs. Grants nothing.
    #[serde(default)]
    pub required_resource_access: Vec<RequiredResourceAccess>,
    /// Its passwords, without their text.
    #[serde(default)]
    pub password_credentials: Vec<PasswordCredential>,
    /// Free labels.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Permissions needed of one API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequiredResourceAccess {
    /// The API's client id.
    pub resource_app_id: String,
    /// The permissions.
    pub resource_access: Vec<ResourceAccess>,
}

/// One permission needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceAccess {
    /// The permission's id.
    pub id: String,
    /// `Role` for an application permission, `Scope` for a delegated one.
    #[serde(rename = "type")]
    pub access_type: String,
}

/// What an application shall say.
#[derive(Debug, Clone, Copy)]
pub struct NewApplication<'a> {
    /// Its name for people.
    pub display_name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// Free labels; they replace those that are there.
    pub tags: &'a [String],
}

/// Creates or updates the application called `unique_name`: 201 with it, or 204 with nothing.
#[must_use]
pub fn upsert_request(unique_name: &str, new: NewApplication<'_>) -> Request {
    let path = Path::fixed("/v1.0").keyed("applications", "uniqueName", unique_name);
    Request::new(Service::Graph, Method::Patch, path, "creating application")
        .header("prefer", "create-if-missing")
        .json(json!({
            "displayName": new.display_name,
            "description": new.description,
            // The service's own default opens the application to every tenant and to personal
            // accounts.
            "signInAudience": "AzureADMyOrg",
            "tags": new.tags,
        }))
}

/// Reads the application with the object id `id`.
#[must_use]
pub fn get_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(id);
    Request::get(Service::Graph, path, "reading application").query("$select", SELECT)
}

/// Reads the application called `unique_name`.
#[must_use]
pub fn get_by_unique_name_request(unique_name: &str) -> Request {
    let path = Path::fixed("/v1.0").keyed("applications", "uniqueName", unique_name);
    Request::get(Service::Graph, path, "reading application").query("$select", SELECT)
}

/// Lists the applications a filter selects, for example `uniqueName eq 'x'`.
#[must_use]
pub fn list_request(filter: &str) -> Request {
    Request::get(Service::Graph, Path::fixed("/v1.0/applications"), "listing applications")
        .query("$filter", filter)
        .query("$select", SELECT)
}

/// What an application can sign in with, whoever holds it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct HeldCredentials {
    /// Its passwords.
    pub password_credentials: Vec<PasswordCredential>,
    /// Its certificates.
    pub key_credentials: Vec<PasswordCredential>,
}

/// Reads what the application with the object id `id` can sign in with.
#[must_use]
pub fn get_credentials_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(id);
    Request::get(Service::Graph, path, "reading the application's credentials")
        .query("$select", "id,passwordCredentials,keyCredentials")
}

/// Changes the fields in `changes`; lists are replaced whole.
#[must_use]
pub fn patch_request(id: &str, changes: Value) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(id);
    Request::new(Service::Graph, Method::Patch, path, "updating application").json(changes)
}

/// Replaces the permissions the application says it needs.
#[must_use]
pub fn set_required_access_request(id: &str, access: &[RequiredResourceAccess]) -> Request {
    patch_request(id, json!({ "requiredResourceAccess": access }))
}

/// Removes the application; it stays among the deleted items for 30 days.
#[must_use]
pub fn delete_request(id: &str) -> Request {
    let path = Path::fixed("/v1.0/applications").segment(id);
    Request::new(Service::Graph, Method::Delete, path, "deleting application")
}
