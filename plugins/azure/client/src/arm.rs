//! Azure Resource Manager: request builders and what is read of the answers.
//!
//! Answers keep only the fields somebody here reads; unknown ones are ignored.

pub mod deny_assignments;
pub mod elevation;
pub mod managed_clusters;
pub mod management_groups;
pub mod permissions;
pub mod provider_operations;
pub mod role_assignments;
pub mod role_definitions;
pub mod role_eligibility;
pub mod subscriptions;

/// Authorization: role assignments, role definitions, permissions, provider operations.
pub const AUTHORIZATION_VERSION: &str = "2022-04-01";
/// Roles somebody could activate.
pub const ELIGIBILITY_VERSION: &str = "2020-10-01";
/// Management groups.
pub const MANAGEMENT_GROUPS_VERSION: &str = "2023-04-01";
/// Subscriptions.
pub const SUBSCRIPTIONS_VERSION: &str = "2022-12-01";
/// Managed clusters.
pub const MANAGED_CLUSTERS_VERSION: &str = "2024-02-01";

/// The last segment of a resource id: services change the part before it at will.
#[must_use]
pub fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
