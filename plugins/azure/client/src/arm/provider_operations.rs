//! The operations a resource provider knows: what a custom role may name.

use serde::Deserialize;

use super::AUTHORIZATION_VERSION;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// One namespace's operations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProviderOperations {
    /// The namespace.
    pub name: String,
    /// Operations of the provider itself.
    pub operations: Vec<Operation>,
    /// Operations by resource type.
    pub resource_types: Vec<ResourceType>,
}

/// One resource type's operations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ResourceType {
    /// `sites/config`.
    pub name: String,
    /// Its operations.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Operation {
    /// `Microsoft.Web/sites/config/list/Action`.
    pub name: String,
    /// It works on data and belongs into data actions.
    pub is_data_action: bool,
}

impl ProviderOperations {
    /// Whether `action` is one of the operations that may stand under `actions`.
    #[must_use]
    pub fn has_action(&self, action: &str) -> bool {
        self.actions().any(|known| known.eq_ignore_ascii_case(action))
    }

    /// Every operation that may stand under `actions`.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let of_types = self.resource_types.iter().flat_map(|t| &t.operations);
        self.operations
            .iter()
            .chain(of_types)
            .filter(|operation| !operation.is_data_action)
            .map(|operation| operation.name.as_str())
    }
}

/// Reads the operations of the namespace `provider`.
#[must_use]
pub fn get_request(provider: &str) -> Request {
    let path =
        Path::new().then("/providers/Microsoft.Authorization/providerOperations").segment(provider);
    Request::get(Service::ResourceManager, path, "reading provider operations")
        .version(AUTHORIZATION_VERSION)
        .query("$expand", "resourceTypes")
}
