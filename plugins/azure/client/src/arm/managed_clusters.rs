//! Managed Kubernetes clusters.

use serde::Deserialize;

use super::MANAGED_CLUSTERS_VERSION;
use crate::cloud::Service;
use crate::request::{Path, Request};

/// A cluster.
#[derive(Debug, Clone, Deserialize)]
pub struct ManagedCluster {
    /// The whole resource id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    #[serde(default)]
    pub properties: Properties,
}

/// What a cluster says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// How it signs people in.
    pub aad_profile: Option<AadProfile>,
    /// Certificates of its own are switched off.
    pub disable_local_accounts: Option<bool>,
}

/// How a cluster signs people in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AadProfile {
    /// Entra does it.
    pub managed: Option<bool>,
    /// Azure roles decide what they may do.
    #[serde(rename = "enableAzureRBAC")]
    pub enable_azure_rbac: Option<bool>,
}

impl ManagedCluster {
    /// Whether the file for plain users is an administrator's credential: nobody signs in with
    /// Entra, and the cluster's own certificates work.
    #[must_use]
    pub fn has_local_administrator(&self) -> bool {
        let entra = self.properties.aad_profile.as_ref().is_some_and(|p| p.managed == Some(true));
        !entra && self.properties.disable_local_accounts != Some(true)
    }

    /// Whether Azure roles mean anything inside the cluster.
    #[must_use]
    pub fn honours_azure_roles(&self) -> bool {
        self.properties
            .aad_profile
            .as_ref()
            .is_some_and(|p| p.managed == Some(true) && p.enable_azure_rbac == Some(true))
    }
}

/// Lists the clusters of a subscription.
#[must_use]
pub fn list_request(subscription: &str) -> Request {
    let path = Path::new()
        .segment("subscriptions")
        .segment(subscription)
        .then("/providers/Microsoft.ContainerService/managedClusters");
    Request::get(Service::ResourceManager, path, "listing managed clusters")
        .version(MANAGED_CLUSTERS_VERSION)
}

/// Reads one cluster by its resource id.
#[must_use]
pub fn get_request(id: &str) -> Request {
    Request::get(Service::ResourceManager, Path::new().scope(id), "reading managed cluster")
        .version(MANAGED_CLUSTERS_VERSION)
}
