//! What a role may do: managed policies attached to it, and policies written into it.

use serde::Deserialize;

use super::{Members, reading, writing};
use crate::page::Page;
use crate::request::Request;

/// A managed policy that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attached {
    /// Its ARN.
    pub policy_arn: String,
}

/// A page of attached policies.
#[derive(Debug, Deserialize)]
pub struct AttachedPolicies {
    #[serde(rename = "ListAttachedRolePoliciesResult")]
    result: AttachedResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedResult {
    #[serde(default)]
    attached_policies: Members<Attached>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for AttachedPolicies {
    type Item = Attached;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<Attached>, Option<String>) {
        (self.result.attached_policies.into_vec(), self.result.marker)
    }
}

/// A page of names of policies written into a role.
#[derive(Debug, Deserialize)]
pub struct InlinePolicies {
    #[serde(rename = "ListRolePoliciesResult")]
    result: InlineResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InlineResult {
    #[serde(default)]
    policy_names: Members<String>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for InlinePolicies {
    type Item = String;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<String>, Option<String>) {
        (self.result.policy_names.into_vec(), self.result.marker)
    }
}

/// Lists the managed policies attached to a role.
#[must_use]
pub fn list_attached_request(name: &str) -> Request {
    reading("ListAttachedRolePolicies", "listing the role's policies").with("RoleName", name)
}

/// Lists the policies written into a role.
#[must_use]
pub fn list_inline_request(name: &str) -> Request {
    reading("ListRolePolicies", "listing the role's inline policies").with("RoleName", name)
}

/// Attaches a managed policy.
#[must_use]
pub fn attach_request(arn: &str, name: &str, policy: &str) -> Request {
    writing("AttachRolePolicy", "attaching policy", arn)
        .with("RoleName", name)
        .with("PolicyArn", policy)
}

/// Detaches a managed policy.
#[must_use]
pub fn detach_request(arn: &str, name: &str, policy: &str) -> Request {
    writing("DetachRolePolicy", "detaching policy", arn)
        .with("RoleName", name)
        .with("PolicyArn", policy)
}

/// Deletes a policy written into a role.
#[must_use]
pub fn delete_inline_request(arn: &str, name: &str, policy: &str) -> Request {
    writing("DeleteRolePolicy", "deleting inline policy", arn)
        .with("RoleName", name)
        .with("PolicyName", policy)
}
