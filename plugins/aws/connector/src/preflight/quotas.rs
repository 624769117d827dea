//! Whether the account has room for one more role, and a role for the policies.

use skybridge_aws_client::ClientError;
use skybridge_aws_client::iam::{self, Summary};
use skybridge_plugin_sdk::{Error, Result, Retry};

use super::Writes;
use super::findings::{Findings, Problem, Weight};
use crate::errors::plain;
use crate::policies;
use crate::session::Session;

/// What was seen.
pub(super) enum Look {
    /// Nothing is in the way, or no role is made.
    Fine,
    /// There are as many roles as there may be.
    Full(u64),
    /// A role may have only so many policies.
    TooMany(u64),
    /// The operator may not ask.
    Closed(ClientError),
}

pub(super) async fn look(
    session: &Session<'_>,
    writes: &Writes,
) -> std::result::Result<Look, ClientError> {
    if writes.role.is_none() {
        return Ok(Look::Fine);
    }
    let account = writes.account.as_str();
    let summary: Summary = match session.read(account, &iam::summary_request()).await {
        Ok(summary) => summary,
        Err(error) if plain(error.clone()).retry == Retry::Permanent => {
            return Ok(Look::Closed(error));
        }
        Err(error) => return Err(error),
    };
    let per_role = summary.get("AttachedPoliciesPerRoleQuota");
    let per_role = per_role.unwrap_or(policies::PER_ROLE_MAX as u64);
    if session.settings.policies.len() as u64 > per_role {
        return Ok(Look::TooMany(per_role));
    }
    match (summary.get("Roles"), summary.get("RolesQuota")) {
        (Some(has), Some(quota)) if has >= quota => {
            // A role that is there already needs no room.
            let there = session.role(account, &session.settings.role_name).await?.is_some();
            Ok(if there { Look::Fine } else { Look::Full(quota) })
        }
        _ => Ok(Look::Fine),
    }
}

pub(super) fn tell(
    session: &Session<'_>,
    writes: &Writes,
    look: std::result::Result<Look, ClientError>,
    findings: &mut Findings,
) -> Result<()> {
    findings.looked();
    let blocks: Vec<String> = writes.role.iter().cloned().collect();
    let (summary, help) = match look.map_err(|error| -> Error { plain(error) })? {
        Look::Fine => return Ok(()),
        Look::Closed(error) => {
            findings.closed(
                "the account's quotas",
                "iam:GetAccountSummary",
                &error,
                &writes.account,
            );
            return Ok(());
        }
        Look::Full(quota) => (
            format!("the account has {quota} roles, as many as it may have"),
            "delete a role nobody needs, or have the quota raised under Service Quotas",
        ),
        Look::TooMany(quota) => (
            format!(
                "a role may have {quota} policies attached, and `policies` lists {}",
                session.settings.policies.len()
            ),
            "list fewer, or have the quota raised under Service Quotas",
        ),
    };
    let problem =
        Problem { weight: Weight::Error, code: "AWS-PREFLIGHT-005", summary, help: help.into() };
    findings.add(problem, Some(&writes.account), &blocks);
    Ok(())
}
