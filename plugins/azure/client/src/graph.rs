//! Microsoft Graph v1.0: request builders and what is read of the answers.

pub mod app_role_assignments;
pub mod applications;
pub mod deleted_items;
pub mod federated_credentials;
pub mod key_credentials;
pub mod organization;
pub mod passwords;
pub mod people;
pub mod policies;
pub mod service_principals;

/// Microsoft Graph's own client id, the same in every cloud.
pub const GRAPH_APP_ID: &str = "00000003-0000-0000-c000-000000000000";
