//! AWS Organizations: which accounts there are.

use serde::Deserialize;
use serde_json::json;

use crate::endpoints::Service;
use crate::page::Page;
use crate::request::{Payload, Request};

/// An account of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// The name people gave it.
    #[serde(default)]
    pub name: String,
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, …; newer than `status`.
    #[serde(default)]
    state: Option<String>,
    /// What older answers say in its place.
    #[serde(default)]
    status: Option<String>,
}

impl Account {
    /// The state it is in.
    #[must_use]
    pub fn state(&self) -> &str {
        self.state.as_deref().or(self.status.as_deref()).unwrap_or("in an unknown state")
    }
}

/// A page of accounts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Accounts {
    #[serde(default)]
    accounts: Vec<Account>,
    #[serde(default)]
    next_token: Option<String>,
}

impl Page for Accounts {
    type Item = Account;
    const TOKEN: &'static str = "NextToken";

    fn split(self) -> (Vec<Account>, Option<String>) {
        (self.accounts, self.next_token)
    }
}

/// Lists every account. For the management account and delegated administrators only.
#[must_use]
pub fn list_accounts_request() -> Request {
    let payload = Payload::Json(json!({}));
    Request::new(Service::Organizations, "ListAccounts", "listing accounts", payload)
}

/// The organization itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Organization {
    /// The account that pays for all.
    pub master_account_id: String,
}

/// The answer to [`describe_request`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Described {
    /// The organization.
    pub organization: Organization,
}

/// Asks which organization the account belongs to.
#[must_use]
pub fn describe_request() -> Request {
    let payload = Payload::Json(json!({}));
    Request::new(
        Service::Organizations,
        "DescribeOrganization",
        "reading the organization",
        payload,
    )
}
