//! Roles.

use serde::Deserialize;

use super::{Members, reading, writing};
use crate::page::Page;
use crate::request::Request;

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Its name, unique in the account whatever the path.
    pub role_name: String,
    /// Unique, and never used again: a role made anew under the same name has another.
    pub role_id: String,
    /// Its ARN.
    pub arn: String,
    /// The path in its ARN.
    #[serde(default)]
    pub path: String,
    /// What it says of itself.
    #[serde(default)]
    pub description: Option<String>,
    /// Whom it trusts, percent-encoded JSON.
    #[serde(default)]
    pub assume_role_policy_document: Option<String>,
    /// How long a session may last, in seconds.
    #[serde(default)]
    pub max_session_duration: Option<u32>,
    #[serde(default)]
    permissions_boundary: Option<Boundary>,
    #[serde(default)]
    tags: Members<Tag>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    #[serde(default)]
    permissions_boundary_arn: Option<String>,
}

impl Role {
    /// The policy that bounds it.
    #[must_use]
    pub fn boundary(&self) -> Option<&str> {
        self.permissions_boundary.as_ref()?.permissions_boundary_arn.as_deref()
    }

    /// The value of the tag `key`.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.members.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
    }
}

/// The answer to [`get_request`].
#[derive(Debug, Deserialize)]
pub struct Got {
    #[serde(rename = "GetRoleResult")]
    result: Holder,
}

/// The answer to [`create_request`].
#[derive(Debug, Deserialize)]
pub struct Created {
    #[serde(rename = "CreateRoleResult")]
    result: Holder,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Holder {
    role: Role,
}

impl From<Got> for Role {
    fn from(answer: Got) -> Self {
        answer.result.role
    }
}

impl From<Created> for Role {
    fn from(answer: Created) -> Self {
        answer.result.role
    }
}

/// A page of roles. They come without tags.
#[derive(Debug, Deserialize)]
pub struct Roles {
    #[serde(rename = "ListRolesResult")]
    result: RolesResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RolesResult {
    #[serde(default)]
    roles: Members<Role>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for Roles {
    type Item = Role;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<Role>, Option<String>) {
        (self.result.roles.into_vec(), self.result.marker)
    }
}

/// A role to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewRole<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it says of itself.
    pub description: &'a str,
    /// Whom it trusts, JSON.
    pub trust: &'a str,
    /// How long a session may last.
    pub session_seconds: u32,
    /// The policy that bounds it.
    pub boundary: Option<&'a str>,
    /// Tags, in order.
    pub tags: &'a [(&'a str, &'a str)],
}

/// Asks for a role.
#[must_use]
pub fn get_request(name: &str) -> Request {
    reading("GetRole", "reading role").with("RoleName", name)
}

/// Lists the roles, or with a `limit` only so many of them.
#[must_use]
pub fn list_request(limit: Option<u32>) -> Request {
    let request = reading("ListRoles", "listing roles");
    match limit {
        Some(limit) => request.with("MaxItems", limit.to_string()),
        None => request,
    }
}

/// Makes a role.
#[must_use]
pub fn create_request(arn: &str, role: NewRole<'_>) -> Request {
    let request = writing("CreateRole", "creating role", arn)
        .with("RoleName", role.name)
        .with("Path", "/")
        .with("Description", role.description)
        .with("AssumeRolePolicyDocument", role.trust)
        .with("MaxSessionDuration", role.session_seconds.to_string());
    let request = match role.boundary {
        Some(boundary) => request.with("PermissionsBoundary", boundary),
        None => request,
    };
    with_tags(request, role.tags)
}

fn with_tags(request: Request, tags: &[(&str, &str)]) -> Request {
    (1_u32..).zip(tags).fold(request, |it, (n, (key, value))| {
        it.with(format!("Tags.member.{n}.Key"), *key).with(format!("Tags.member.{n}.Value"), *value)
    })
}

/// Says anew whom the role trusts.
#[must_use]
pub fn update_trust_request(arn: &str, name: &str, trust: &str) -> Request {
    writing("UpdateAssumeRolePolicy", "updating the role's trust policy", arn)
        .with("RoleName", name)
        .with("PolicyDocument", trust)
}

/// Says anew what the role says of itself and how long its sessions may last.
#[must_use]
pub fn update_request(arn: &str, name: &str, description: &str, seconds: u32) -> Request {
    writing("UpdateRole", "updating role", arn)
        .with("RoleName", name)
        .with("Description", description)
        .with("MaxSessionDuration", seconds.to_string())
}

/// Bounds the role by a policy.
#[must_use]
pub fn put_boundary_request(arn: &str, name: &str, boundary: &str) -> Request {
    writing("PutRolePermissionsBoundary", "bounding role", arn)
        .with("RoleName", name)
        .with("PermissionsBoundary", boundary)
}

/// Takes the bound away.
#[must_use]
pub fn delete_boundary_request(arn: &str, name: &str) -> Request {
    writing("DeleteRolePermissionsBoundary", "taking the role's boundary away", arn)
        .with("RoleName", name)
}

/// Deletes a role that nothing is attached to.
#[must_use]
pub fn delete_request(arn: &str, name: &str) -> Request {
    writing("DeleteRole", "deleting role", arn).with("RoleName", name)
}

/// An instance profile, by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfile {
    /// Its name.
    pub instance_profile_name: String,
}

/// The instance profiles a role is in.
#[derive(Debug, Deserialize)]
pub struct InstanceProfiles {
    #[serde(rename = "ListInstanceProfilesForRoleResult")]
    result: ProfilesResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProfilesResult {
    #[serde(default)]
    instance_profiles: Members<InstanceProfile>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for InstanceProfiles {
    type Item = InstanceProfile;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<InstanceProfile>, Option<String>) {
        (self.result.instance_profiles.into_vec(), self.result.marker)
    }
}

/// Lists the instance profiles a role is in.
#[must_use]
pub fn list_instance_profiles_request(name: &str) -> Request {
    reading("ListInstanceProfilesForRole", "listing the role's instance profiles")
        .with("RoleName", name)
}
