//! Looking from outside, where only others can become the role.

use skybridge_aws_client::iam::simulate::{self, Evaluations};
use skybridge_plugin_sdk::{Error, kind};

use super::{Probe, Wanted};
use crate::errors::Lag;
use crate::policies::{self, Read};
use crate::session::Session;
use crate::steps::unplanned_policies::holdings;
use crate::trust_policy;

/// What the role must be allowed to do, by the reads that would prove it.
const fn action(read: Read) -> &'static str {
    match read {
        Read::Roles => "iam:ListRoles",
        Read::Regions => "ec2:DescribeRegions",
        Read::Buckets => "s3:ListAllMyBuckets",
    }
}

/// What no reading role may be allowed to do.
const FORBIDDEN: &str = "iam:CreateUser";

pub(super) async fn prove(session: &Session<'_>, wanted: Wanted<'_>) -> Vec<Probe> {
    let mut probes = vec![trust(session, wanted).await, attached(session, wanted).await];
    probes.extend(may(session, wanted).await);
    probes.push(Probe::skipped(
        wanted.account,
        "become the role",
        "nobody here can sign in as the trusted principal; `trust.proof` names who can",
    ));
    probes
}

async fn trust(session: &Session<'_>, wanted: Wanted<'_>) -> Probe {
    let (scope, what) = (wanted.account, "find the role and its trust policy");
    let settings = session.settings;
    let refuse = |kind, message: String| {
        let error = Error::new(kind, message).code("AWS-VERIFY-002");
        Probe::refused(scope, what, error.help("apply again, which repairs it"))
    };
    match session.role(scope, &settings.role_name).await {
        Ok(Some(role)) => {
            let trust = role.assume_role_policy_document.as_deref();
            let trusted = settings.trusted_principal();
            match trust_policy::difference(trust, &trusted, wanted.external_id) {
                None => Probe::works(scope, what, format!("it trusts {trusted} alone")),
                Some(_) if wanted.trusts_anew => {
                    Probe::not_yet(scope, what, "it reads as it was before", "wait a little")
                }
                Some(_) => refuse(
                    kind::PRECONDITION,
                    "the role trusts somebody else than the manifest says".into(),
                ),
            }
        }
        Ok(None) => {
            refuse(kind::NOT_FOUND, format!("there is no role {}", settings.role_arn(scope)))
        }
        Err(error) => Probe::failed(scope, what, error, Lag::Impossible),
    }
}

async fn attached(session: &Session<'_>, wanted: Wanted<'_>) -> Probe {
    let (scope, what) = (wanted.account, "find the policies on the role");
    let settings = session.settings;
    match holdings(session, scope, &settings.role_name).await {
        Ok(has) => {
            let planned = settings.policy_arns();
            let missing: Vec<&str> = planned
                .iter()
                .filter(|arn| !has.managed.contains(arn))
                .map(|arn| policies::last(arn))
                .collect();
            if missing.is_empty() {
                return Probe::works(scope, what, format!("all {} are attached", planned.len()));
            }
            let detail = format!("{} not attached", missing.join(", "));
            Probe::not_yet(scope, what, detail, "apply again, which attaches them")
        }
        Err(error) => Probe::failed(scope, what, error, Lag::Impossible),
    }
}

/// IAM's own word on what the role may do, where the operator may ask for it.
async fn may(session: &Session<'_>, wanted: Wanted<'_>) -> Vec<Probe> {
    let (scope, what) = (wanted.account, "ask IAM what the role may do");
    let reads = policies::reads(&session.settings.policies);
    let mut actions: Vec<&str> = reads.into_iter().map(action).collect();
    actions.push(FORBIDDEN);
    let role = session.settings.role_arn(scope);
    let request = simulate::principal_request(&role, &actions, "*");
    let found = match session.list::<Evaluations>(scope, &request).await {
        Ok(found) => found,
        Err(error) => {
            return vec![Probe::skipped(scope, what, &format!("it could not be asked: {error}"))];
        }
    };
    let judge = |action: &str| found.iter().find(|it| it.eval_action_name == action);
    let mut probes = Vec::new();
    for action in actions {
        let allowed = judge(action).is_some_and(simulate::Evaluation::is_allowed);
        let what = if action == FORBIDDEN { format!("not {action}") } else { action.to_owned() };
        probes.push(match (allowed, action == FORBIDDEN) {
            (true, false) => Probe::works(scope, &what, "IAM allows it"),
            (false, true) => Probe::works(scope, &what, "IAM does not allow it, as it must not"),
            (false, false) => {
                let help = "a boundary or a service control policy may keep it from the role";
                Probe::not_yet(scope, &what, "IAM does not allow it", help)
            }
            (true, true) => {
                let error = Error::new(kind::PRECONDITION, "the role may do more than read")
                    .code("AWS-VERIFY-006");
                Probe::refused(scope, &what, error.help("look at what is attached to the role"))
            }
        });
    }
    probes
}
