//! Management groups.

use serde::Deserialize;

use super::{MANAGEMENT_GROUPS_VERSION, last_segment};
use crate::cloud::Service;
use crate::request::{Path, Request};

/// A management group. The root group's name is the tenant's id.
#[derive(Debug, Clone, Deserialize)]
pub struct ManagementGroup {
    /// The whole resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub properties: Properties,
}

/// What a management group says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The tenant.
    pub tenant_id: Option<String>,
    /// Its name for people.
    pub display_name: Option<String>,
}

/// The scope of the management group `name`.
#[must_use]
pub fn scope(name: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{name}")
}

/// Reads one management group.
#[must_use]
pub fn get_request(name: &str) -> Request {
    let path = Path::new().scope(&scope(name));
    fresh(Request::get(Service::ResourceManager, path, "reading management group"))
}

/// Lists the management groups the caller can see.
#[must_use]
pub fn list_request() -> Request {
    let path = Path::fixed("/providers/Microsoft.Management/managementGroups");
    fresh(Request::get(Service::ResourceManager, path, "listing management groups"))
}

/// A group or subscription somewhere below a management group.
#[derive(Debug, Clone, Deserialize)]
pub struct Descendant {
    /// A group's name, a subscription's id.
    pub name: String,
    /// The resource type.
    #[serde(rename = "type", default)]
    pub kind: String,
}

impl Descendant {
    /// Whether it is a subscription.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        last_segment(&self.kind).eq_ignore_ascii_case("subscriptions")
    }
}

/// Lists everything below the management group `name`, every level of it.
#[must_use]
pub fn descendants_request(name: &str) -> Request {
    let path = Path::new().scope(&scope(name)).then("/descendants");
    fresh(Request::get(Service::ResourceManager, path, "listing what a management group holds"))
}

/// The service caches its answers unless it is told not to.
fn fresh(request: Request) -> Request {
    request.version(MANAGEMENT_GROUPS_VERSION).header("cache-control", "no-cache")
}
