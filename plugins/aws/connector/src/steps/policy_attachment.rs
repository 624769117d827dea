//! `policy-attachment.POLICY@ACCOUNT`: a managed policy attached to the role.

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_aws_client::iam::Role;
use skybridge_aws_client::iam::role_policies::{self, AttachedPolicies};
use skybridge_aws_client::{ClientError, Endpoints, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Result, Retry, async_trait};

use super::{Family, desired};
use crate::errors::{Lag, classify, plain};
use crate::outcome::{
    absent, did, foreign, gone, is_fresh, known, matches, needed, nothing_left, outputs, ready_if,
    removed, scope_of, still_if, undo_field,
};
use crate::policies;
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{MINUTE_MS, call, undo, wait, words};

pub(crate) const KIND: &str = "policy-attachment";

pub(crate) struct PolicyAttachments;

/// The step for the policy called `name` in the manifest.
pub(crate) fn template(settings: &Settings, endpoints: &Endpoints, name: &str) -> StepTemplate {
    let iam = endpoints.base(Service::Iam, None);
    let one = |action: &str| call(&iam, "iam", action);
    StepTemplate {
        kind: KIND.into(),
        name: Some(policies::word(name)),
        title: format!("attach {} to the role in account {{scope}}", policies::last(name)),
        group: "Account {scope}".into(),
        effect: effect::ENSURE.into(),
        desired: json!({
            "role-name": settings.role_name,
            "policy-arn": policies::arn(settings.partition(), name),
        }),
        inputs: words(["role.arn", "role.role-id", "role.ours", "role.fresh"]),
        outputs: words(["policy-arn"]),
        calls: vec![one("ListAttachedRolePolicies"), one("AttachRolePolicy")],
        undo: undo("detach the policy", vec![one("DetachRolePolicy")]),
        readiness: wait("the role lists the policy", 3, 5 * MINUTE_MS),
        throttle: "iam/{scope}".into(),
        ..StepTemplate::default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wanted {
    role_name: String,
    policy_arn: String,
}

impl Wanted {
    fn outputs(&self) -> Map {
        outputs([("policy-arn", json!(self.policy_arn))])
    }

    /// What taking back needs: the id tells the role from one made anew under the same name.
    fn undo(&self, account: &str, step: &StepCall) -> Result<Value> {
        Ok(json!({
            "account": account,
            "role-name": self.role_name,
            "role-id": needed(step, "role.role-id")?,
            "policy-arn": self.policy_arn,
        }))
    }
}

/// Whether the policy is attached.
async fn is_attached(
    session: &Session<'_>,
    account: &str,
    role: &str,
    policy: &str,
) -> std::result::Result<bool, ClientError> {
    let request = role_policies::list_attached_request(role);
    let attached = session.list::<AttachedPolicies>(account, &request).await?;
    Ok(attached.iter().any(|one| one.policy_arn == policy))
}

#[async_trait]
impl Family for PolicyAttachments {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        if known(step, "role.arn").is_none() {
            return Ok(absent("the role does not exist yet"));
        }
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let attached = is_attached(session, account, &wanted.role_name, &wanted.policy_arn);
        Ok(match attached.await.map_err(plain)? {
            false => absent("the policy is not attached"),
            true if is_fresh(step, "role.ours") => matches(wanted.outputs()),
            true => foreign(wanted.outputs(), "the policy is attached already; it stays"),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let step = &request.step;
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let lag = Lag::when(is_fresh(step, "role.fresh"));
        let (role, policy) = (wanted.role_name.as_str(), wanted.policy_arn.as_str());
        // A role that is new may be unknown to the replica that is asked.
        let unseen = |error: ClientError| {
            let missing = error.is_missing() && lag == Lag::Possible;
            let error = classify(error, if missing { lag } else { Lag::Impossible });
            if missing { error.retry(Retry::Eventual) } else { error }
        };
        if is_attached(session, account, role, policy).await.map_err(unseen)? {
            let ours = is_fresh(step, "role.ours");
            // An earlier attempt may have attached it and lost the answer.
            let (action, undo) = if ours || request.attempt > 0 {
                (applied::UNCHANGED, wanted.undo(account, step)?)
            } else {
                (applied::ADOPTED, json!(null))
            };
            return Ok(did(action, wanted.outputs(), undo));
        }
        let attach = role_policies::attach_request(needed(step, "role.arn")?, role, policy);
        session.send(account, &attach).await.map_err(unseen)?;
        Ok(did(applied::CREATED, wanted.outputs(), wanted.undo(account, step)?))
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let step = &request.step;
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let listed = is_attached(session, account, &wanted.role_name, &wanted.policy_arn).await;
        match listed {
            Ok(is) => Ok(ready_if(is, "the role does not list the policy yet")),
            Err(error) if error.is_missing() => Ok(ready_if(false, "the role is not seen yet")),
            Err(error) => Err(plain(error)),
        }
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let (account, policy) = (undo_field(undo, "account")?, undo_field(undo, "policy-arn")?);
        let Some(role) = same_role(session, undo).await? else { return Ok(gone()) };
        let request = role_policies::detach_request(&role.arn, &role.role_name, policy);
        match session.send(account, &request).await {
            Ok(_) => Ok(removed("detached the policy")),
            Err(error) if error.is_missing() => Ok(gone()),
            Err(error) => Err(plain(error)),
        }
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let (account, policy) = (undo_field(undo, "account")?, undo_field(undo, "policy-arn")?);
        let Some(role) = same_role(session, undo).await? else { return Ok(nothing_left()) };
        match is_attached(session, account, &role.role_name, policy).await {
            Ok(there) => Ok(still_if(there, "the policy is still attached")),
            Err(error) if error.is_missing() => Ok(nothing_left()),
            Err(error) => Err(plain(error)),
        }
    }
}

/// The role the policy was attached to, if it is still there: one that somebody made anew under its
/// name keeps its policies.
async fn same_role(session: &Session<'_>, undo: &Value) -> Result<Option<Role>> {
    let (account, name) = (undo_field(undo, "account")?, undo_field(undo, "role-name")?);
    let id = undo_field(undo, "role-id")?;
    let found = session.role(account, name).await.map_err(plain)?;
    Ok(found.filter(|role| role.role_id == id))
}
