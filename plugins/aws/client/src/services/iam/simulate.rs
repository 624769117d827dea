//! Asking IAM whether somebody may do something, without doing it.

use serde::Deserialize;

use super::{Members, reading};
use crate::page::Page;
use crate::request::Request;

/// What IAM decides about one action.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluation {
    /// `iam:CreateRole`.
    pub eval_action_name: String,
    /// `allowed`, `explicitDeny` or `implicitDeny`.
    pub eval_decision: String,
    /// What of the request a condition asks about and the question did not say.
    #[serde(default)]
    missing_context_values: Members<String>,
    #[serde(default)]
    organizations_decision_detail: Option<OrganizationsDetail>,
    #[serde(default)]
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationsDetail {
    #[serde(default)]
    allowed_by_organizations: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryDetail {
    #[serde(default)]
    allowed_by_permissions_boundary: Option<bool>,
}

impl Evaluation {
    /// Whether it is allowed.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.eval_decision == "allowed"
    }

    /// Whether a policy says no, as opposed to none saying yes.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.eval_decision == "explicitDeny"
    }

    /// Whether conditions were left open, so that another answer may come of the real request.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.missing_context_values.is_empty()
    }

    /// Whether a service control policy of the organization keeps it from being allowed.
    #[must_use]
    pub fn is_kept_by_organization(&self) -> bool {
        let detail = self.organizations_decision_detail.as_ref();
        detail.and_then(|it| it.allowed_by_organizations) == Some(false)
    }

    /// Whether the permissions boundary keeps it from being allowed.
    #[must_use]
    pub fn is_kept_by_boundary(&self) -> bool {
        let detail = self.permissions_boundary_decision_detail.as_ref();
        detail.and_then(|it| it.allowed_by_permissions_boundary) == Some(false)
    }
}

/// A page of decisions.
#[derive(Debug, Deserialize)]
pub struct Evaluations {
    #[serde(rename = "SimulatePrincipalPolicyResult")]
    result: Result,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Result {
    #[serde(default)]
    evaluation_results: Members<Evaluation>,
    #[serde(default)]
    marker: Option<String>,
}

impl Page for Evaluations {
    type Item = Evaluation;
    const TOKEN: &'static str = "Marker";

    fn split(self) -> (Vec<Evaluation>, Option<String>) {
        (self.result.evaluation_results.into_vec(), self.result.marker)
    }
}

/// Asks whether the user or role `principal` may do `actions` to `resource`.
#[must_use]
pub fn principal_request(principal: &str, actions: &[&str], resource: &str) -> Request {
    reading("SimulatePrincipalPolicy", "asking what is allowed")
        .with("PolicySourceArn", principal)
        .with_members("ActionNames", actions.iter().copied())
        .with_members("ResourceArns", [resource])
}
