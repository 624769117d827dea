//! The resources tokens can be asked for, by every name they have.

use crate::world::World;

/// An API of this tenant: what a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    ResourceManager,
    Graph,
    Kubernetes,
    Storage,
    KeyVault,
}

const RESOURCE_MANAGER: [&str; 3] = [
    "https://management.azure.com",
    "https://management.core.windows.net",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013",
];
const GRAPH: [&str; 2] = ["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];
/// The server application of every Entra-integrated cluster.
const KUBERNETES: [&str; 1] = ["6dae42f8-4368-4678-94ff-3960e28e3630"];
const STORAGE: [&str; 2] = ["https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"];
const KEY_VAULT: [&str; 2] = ["https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"];

impl Api {
    /// The resource of this name; a slash at its end does not matter here, only in the audience.
    pub(crate) fn named(world: &World, name: &str) -> Option<Self> {
        let name = name.strip_suffix('/').unwrap_or(name).to_lowercase();
        let is = |names: &[&str]| names.contains(&name.as_str());
        if is(&RESOURCE_MANAGER) || name == world.endpoints.resource_manager {
            Some(Self::ResourceManager)
        } else if is(&GRAPH) || name == world.endpoints.graph {
            Some(Self::Graph)
        } else if is(&KUBERNETES) {
            // Without a cluster that was ever integrated the application is not in the tenant.
            let known = world.scenario.clusters.iter().any(|cluster| cluster.managed);
            known.then_some(Self::Kubernetes)
        } else if is(&STORAGE) {
            Some(Self::Storage)
        } else {
            is(&KEY_VAULT).then_some(Self::KeyVault)
        }
    }
}
