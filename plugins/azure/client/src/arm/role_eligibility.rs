//! Roles somebody could activate and has not.

use serde::Deserialize;

use super::ELIGIBILITY_VERSION;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// A role that can be activated.
#[derive(Debug, Clone, Deserialize)]
pub struct EligibleRole {
    /// What it says.
    #[serde(default)]
    pub properties: Properties,
}

/// What an eligible role says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The role.
    pub role_definition_id: String,
    /// Where.
    pub scope: Option<String>,
    /// Names for people.
    pub expanded_properties: Option<Expanded>,
}

/// Names for people.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Expanded {
    /// The role's.
    pub role_definition: Option<Named>,
}

/// Something with a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Named {
    /// The name.
    pub display_name: Option<String>,
}

impl EligibleRole {
    /// The role's name, or its id where the service told no name.
    #[must_use]
    pub fn role_name(&self) -> &str {
        self.properties
            .expanded_properties
            .as_ref()
            .and_then(|expanded| expanded.role_definition.as_ref()?.display_name.as_deref())
            .unwrap_or(&self.properties.role_definition_id)
    }
}

/// Lists what the caller could activate at `scope`, above and below it.
#[must_use]
pub fn list_own_request(scope: &str) -> Request {
    let path = Path::new()
        .scope(scope)
        .then("/providers/Microsoft.Authorization/roleEligibilityScheduleInstances");
    Request::get(Service::ResourceManager, path, "listing eligible roles")
        .version(ELIGIBILITY_VERSION)
        .query("$filter", "asTarget()")
}
