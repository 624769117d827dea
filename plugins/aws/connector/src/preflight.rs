//! Everything that would keep the planned writes from working, said before the first of them.
//!
//! IAM itself is asked whether the operator may do what the plan does, service control policies and
//! permissions boundaries included. What the operator may not ask is a warning.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use skybridge_aws_client::iam;
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::survey::{PlannedWrite, PreflightReport};

use crate::errors::plain;
use crate::policies;
use crate::session::Session;
use crate::settings::account_of;
use crate::steps::{policy_attachment, role};

mod findings;
mod quotas;
mod rights;

use findings::{Findings, Problem, Weight};

/// Accounts looked at at the same time.
const IN_FLIGHT: usize = 8;

/// What the plan does in one account.
#[derive(Debug, Clone, Default)]
struct Writes {
    account: String,
    /// The addresses of the steps that need an action, by action.
    actions: BTreeMap<String, Vec<String>>,
    /// The step that makes the role.
    role: Option<String>,
}

/// Looks at everything `steps` need.
pub(crate) async fn preflight(
    session: &Session<'_>,
    steps: &[PlannedWrite],
) -> Result<PreflightReport> {
    let mut findings = Findings::default();
    let mut looks = stream::iter(by_account(steps))
        .map(|writes| async move {
            let rights = rights::look(session, &writes).await;
            let quotas = quotas::look(session, &writes).await;
            (writes, rights, quotas)
        })
        .buffered(IN_FLIGHT);
    while let Some((writes, rights, quotas)) = looks.next().await {
        rights::tell(&writes, rights, &mut findings)?;
        quotas::tell(session, &writes, quotas, &mut findings)?;
    }
    drop(looks);
    policies_exist(session, steps, &mut findings).await?;
    trusts_itself(session, steps, &mut findings);
    Ok(findings.report())
}

fn by_account(steps: &[PlannedWrite]) -> Vec<Writes> {
    let mut all: BTreeMap<String, Writes> = BTreeMap::new();
    for step in steps {
        let Some(account) = &step.scope else { continue };
        let writes = all.entry(account.clone()).or_default();
        writes.account.clone_from(account);
        for action in &step.permissions {
            let steps = writes.actions.entry(action.clone()).or_default();
            if steps.last() != Some(&step.address) {
                steps.push(step.address.clone());
            }
        }
        if step.kind == role::KIND {
            writes.role = Some(step.address.clone());
        }
    }
    all.into_values().collect()
}

/// The policies are AWS's own, so that one account speaks for all.
async fn policies_exist(
    session: &Session<'_>,
    steps: &[PlannedWrite],
    findings: &mut Findings,
) -> Result<()> {
    let words: BTreeSet<&str> = steps
        .iter()
        .filter(|step| step.kind == policy_attachment::KIND)
        .filter_map(|step| step.name.as_deref())
        .collect();
    let settings = session.settings;
    for name in
        settings.policies.iter().filter(|name| words.contains(policies::word(name).as_str()))
    {
        findings.looked();
        let arn = policies::arn(settings.partition(), name);
        let word = policies::word(name);
        let blocks: Vec<String> = steps
            .iter()
            .filter(|step| step.kind == policy_attachment::KIND)
            .filter(|step| step.name.as_deref() == Some(word.as_str()))
            .map(|step| step.address.clone())
            .collect();
        match session.send(&settings.account, &iam::get_policy_request(&arn)).await {
            Ok(_) => {}
            Err(error) if error.is_missing() => {
                let problem = Problem {
                    weight: Weight::Error,
                    code: "AWS-POLICY-002",
                    summary: format!("AWS has no managed policy {name}"),
                    help: "check the name in `policies`; some are under a path, such as \
                           job-function/ViewOnlyAccess"
                        .into(),
                };
                findings.add(problem, None, &blocks);
            }
            Err(error) if error.is_denied() => {
                findings.closed("managed policies", "iam:GetPolicy", &error, &settings.account);
            }
            Err(error) => return Err(plain(error)),
        }
    }
    Ok(())
}

/// A role that trusts the account it is in lets everybody there become it who may become roles.
fn trusts_itself(session: &Session<'_>, steps: &[PlannedWrite], findings: &mut Findings) {
    let trusted = session.settings.trusted_principal();
    let own = account_of(&trusted);
    let is = |step: &&PlannedWrite| step.kind == role::KIND && step.scope.as_deref() == own;
    if let Some(step) = steps.iter().find(is) {
        let problem = Problem {
            weight: Weight::Note,
            code: "AWS-PREFLIGHT-006",
            summary: format!("the role trusts {trusted}, which is of the same account"),
            help: "that is right when the watching is done from this account; a vendor has its own"
                .into(),
        };
        findings.add(problem, step.scope.as_deref(), &[]);
    }
}
