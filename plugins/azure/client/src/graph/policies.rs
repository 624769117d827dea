//! Policies of the tenant.

use serde::Deserialize;

use crate::cloud::Service;
use crate::request::{Path, Request};

/// The policy that says what users may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthorizationPolicy {
    /// Its id.
    pub id: Option<String>,
    /// What members may do without a role.
    pub default_user_role_permissions: Option<DefaultUserRolePermissions>,
}

/// What members may do without a role.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DefaultUserRolePermissions {
    /// Register applications.
    pub allowed_to_create_apps: Option<bool>,
}

/// The policy that limits credentials of applications.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AppManagementPolicy {
    /// Whether it is in force.
    pub is_enabled: bool,
    /// What it says of applications.
    pub application_restrictions: Option<ApplicationRestrictions>,
}

/// What credentials an application may have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ApplicationRestrictions {
    /// Secrets.
    pub password_credentials: Vec<Restriction>,
    /// Certificates.
    pub key_credentials: Vec<Restriction>,
}

/// One restriction.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Restriction {
    /// `passwordAddition`, `passwordLifetime`, `asymmetricKeyLifetime`, …
    pub restriction_type: String,
    /// `enabled` or `disabled`; in force where it says neither.
    pub state: Option<String>,
    /// A duration of ISO 8601: `P180D`.
    pub max_lifetime: Option<String>,
}

impl Restriction {
    /// Whether it is in force.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.state.as_deref() != Some("disabled")
    }
}

/// Reads the authorization policy; needs `Policy.Read.All`.
#[must_use]
pub fn get_authorization_request() -> Request {
    let path = Path::fixed("/v1.0/policies/authorizationPolicy");
    Request::get(Service::Graph, path, "reading authorization policy")
}

/// Reads what credentials applications may have.
#[must_use]
pub fn get_app_management_request() -> Request {
    let path = Path::fixed("/v1.0/policies/defaultAppManagementPolicy");
    Request::get(Service::Graph, path, "reading the policy on application credentials")
}
