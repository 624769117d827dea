//! Identity and Access Management: roles, and the policies attached to them.

use serde::Deserialize;

use crate::encode;
use crate::endpoints::Service;
use crate::page::Page;
use crate::request::Request;

pub mod role;
pub mod role_policies;
pub mod simulate;

pub use role::{NewRole, Role, Tag};

/// A list in IAM's form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Members<T> {
    #[serde(rename = "member", default = "Vec::new")]
    members: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { members: Vec::new() }
    }
}

impl<T> Members<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<T> {
        self.members
    }
}

fn reading(action: &'static str, operation: &'static str) -> Request {
    Request::query(Service::Iam, action, operation)
}

fn writing(action: &'static str, operation: &'static str, target: &str) -> Request {
    Request::query(Service::Iam, action, operation).writing(target)
}

/// A policy document as IAM answers with it: percent-encoded.
#[must_use]
pub fn document(encoded: &str) -> String {
    encode::decoded(encoded)
}

/// Asks for a managed policy.
#[must_use]
pub fn get_policy_request(arn: &str) -> Request {
    reading("GetPolicy", "reading policy").with("PolicyArn", arn)
}

/// The answer to [`summary_request`].
#[derive(Debug, Deserialize)]
pub struct Summary {
    #[serde(rename = "GetAccountSummaryResult")]
    result: SummaryResult,
}

#[derive(Debug, Deserialize)]
struct SummaryResult {
    #[serde(rename = "SummaryMap")]
    map: Entries,
}

#[derive(Debug, Deserialize)]
struct Entries {
    #[serde(rename = "entry", default)]
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    key: String,
    value: u64,
}

impl Summary {
    /// The number called `key`: `Roles`, `RolesQuota`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<u64> {
        self.result.map.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value)
    }
}

/// Asks how many of everything there are, and may be.
#[must_use]
pub fn summary_request() -> Request {
    reading("GetAccountSummary", "reading the account's quotas")
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub user_name: String,
    /// When it was made.
    #[serde(default)]
    pub create_date: String,
}

/// A page of users.
#[derive(Debug, Deserialize)]
pub struct Users {
    #[serde(rename = "ListUsersResult")]
    result: UsersResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsersResult {
    #[serde(default)]
    users: Members<User>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for Users {
    type Item = User;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<User>, Option<String>) {
        (self.result.users.into_vec(), self.result.marker)
    }
}

/// Lists the users.
#[must_use]
pub fn list_users_request() -> Request {
    reading("ListUsers", "listing users")
}
