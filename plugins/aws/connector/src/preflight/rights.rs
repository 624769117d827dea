//! Whether the operator may do what the plan does, in IAM's own words.

use skybridge_aws_client::ClientError;
use skybridge_aws_client::iam::simulate::{self, Evaluation, Evaluations};
use skybridge_plugin_sdk::{Error, Result, Retry};

use super::Writes;
use super::findings::{Findings, Problem, Weight};
use crate::errors::plain;
use crate::session::Session;

/// What IAM says.
pub(super) enum Look {
    /// Of each action.
    Told(Vec<Evaluation>),
    /// The root user, who may do everything but what the organization forbids.
    Root,
    /// Nothing, because the operator may not ask.
    Closed(ClientError),
}

pub(super) async fn look(
    session: &Session<'_>,
    writes: &Writes,
) -> std::result::Result<Look, ClientError> {
    let account = writes.account.as_str();
    let identity = session.identity(account).await?;
    let principal = match source(session, account, &identity.arn).await {
        Ok(Some(principal)) => principal,
        Ok(None) => return Ok(Look::Root),
        Err(error) => return Ok(Look::Closed(error)),
    };
    let actions: Vec<&str> = writes.actions.keys().map(String::as_str).collect();
    let role = session.settings.role_arn(account);
    let request = simulate::principal_request(&principal, &actions, &role);
    match session.list::<Evaluations>(account, &request).await {
        Ok(told) => Ok(Look::Told(told)),
        Err(error) if is_busy(&error) => Err(error),
        Err(error) => Ok(Look::Closed(error)),
    }
}

/// The user or role behind a caller; nothing for the root user. A session names its role without
/// the path, so the role itself is asked for.
async fn source(
    session: &Session<'_>,
    account: &str,
    caller: &str,
) -> std::result::Result<Option<String>, ClientError> {
    if caller.ends_with(":root") {
        return Ok(None);
    }
    let Some((_, assumed)) = caller.split_once(":assumed-role/") else {
        return Ok(Some(caller.to_owned()));
    };
    let name = assumed.split('/').next().unwrap_or_default();
    let role = session.role(account, name).await?;
    let bare = crate::settings::role_arn(session.settings.partition(), account, name);
    Ok(Some(role.map_or(bare, |role| role.arn)))
}

/// Whether asking again would tell more. A service that refuses with an error of its own is not
/// insisted on: the look is a courtesy, and what only looks like AWS often lacks this action.
fn is_busy(error: &ClientError) -> bool {
    let error_of_its_own = error.service().is_some_and(|it| it.status >= 500 && it.code.is_empty());
    plain(error.clone()).retry != Retry::Permanent && !error_of_its_own
}

pub(super) fn tell(
    writes: &Writes,
    look: std::result::Result<Look, ClientError>,
    findings: &mut Findings,
) -> Result<()> {
    findings.looked();
    match look.map_err(|error| -> Error { plain(error) })? {
        Look::Root => {}
        Look::Closed(error) => {
            findings.closed(
                "the operator's rights",
                "iam:SimulatePrincipalPolicy",
                &error,
                &writes.account,
            );
        }
        Look::Told(all) => {
            for one in all.iter().filter(|one| !one.is_allowed()) {
                let blocks = writes.actions.get(&one.eval_action_name);
                let blocks = blocks.map(Vec::as_slice).unwrap_or_default();
                let problem = problem(one);
                let stops = if problem.weight == Weight::Error { blocks } else { &[] };
                findings.add(problem, Some(&writes.account), stops);
            }
        }
    }
    Ok(())
}

fn problem(of: &Evaluation) -> Problem {
    let action = &of.eval_action_name;
    if of.is_open() && !of.is_explicit() {
        return Problem {
            weight: Weight::Warning,
            code: "AWS-PREFLIGHT-007",
            summary: format!("whether the operator may do {action} depends on a condition"),
            help: "the run is not stopped for it: AWS decides when it is asked".into(),
        };
    }
    let (code, why, help) = if of.is_kept_by_organization() {
        (
            "AWS-PREFLIGHT-003",
            "a service control policy of the organization does not allow it",
            "have the account or the operator's role spared by the service control policy",
        )
    } else if of.is_kept_by_boundary() {
        (
            "AWS-PREFLIGHT-004",
            "the operator's permissions boundary does not allow it",
            "have the boundary extended, or operate as somebody without one",
        )
    } else if of.is_explicit() {
        (
            "AWS-PREFLIGHT-002",
            "a policy of the operator's forbids it",
            "have the policy that denies it changed; no other policy can allow it",
        )
    } else {
        (
            "AWS-PREFLIGHT-002",
            "no policy of the operator's allows it",
            "have the action allowed to the operator, or operate as an administrator of IAM",
        )
    };
    Problem {
        weight: Weight::Error,
        code,
        summary: format!("the operator may not do {action}: {why}"),
        help: help.into(),
    }
}
