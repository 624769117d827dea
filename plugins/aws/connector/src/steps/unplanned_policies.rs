//! `unplanned-policies@ACCOUNT`: looks the other way round: what the role may do that nobody
//! planned. From a role of ours it is taken away; of a role that was adopted it is only told.

use serde::Deserialize;
use serde_json::{Value, json};
use skybridge_aws_client::iam::role_policies::{self, AttachedPolicies, InlinePolicies};
use skybridge_aws_client::{ClientError, Endpoints, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect,
};
use skybridge_plugin_sdk::{Result, async_trait};

use super::{Family, desired, nothing_to_undo};
use crate::errors::plain;
use crate::outcome::{
    absent, compared, did, is_fresh, known, matches, needed, nothing_left, ready_if, scope_of,
};
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{MINUTE_MS, call, wait, words};

pub(crate) const KIND: &str = "unplanned-policies";

pub(crate) struct UnplannedPolicies;

pub(crate) fn template(settings: &Settings, endpoints: &Endpoints) -> StepTemplate {
    let iam = endpoints.base(Service::Iam, None);
    let one = |action: &str| call(&iam, "iam", action);
    StepTemplate {
        kind: KIND.into(),
        title: "take away what nobody planned for the role in account {scope}".into(),
        group: "Account {scope}".into(),
        effect: effect::ENSURE.into(),
        desired: json!({ "role-name": settings.role_name, "policies": settings.policy_arns() }),
        inputs: words(["role.arn", "role.ours"]),
        calls: vec![
            one("ListAttachedRolePolicies"),
            one("ListRolePolicies"),
            one("DetachRolePolicy"),
            one("DeleteRolePolicy"),
        ],
        readiness: wait("the role lists nothing that was not planned", 3, 5 * MINUTE_MS),
        throttle: "iam/{scope}".into(),
        ..StepTemplate::default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Wanted {
    role_name: String,
    policies: Vec<String>,
}

/// What a role may do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// ARNs of managed policies.
    pub(crate) managed: Vec<String>,
    /// Names of policies written into it.
    pub(crate) inline: Vec<String>,
}

/// What the role `name` holds.
pub(crate) async fn holdings(
    session: &Session<'_>,
    account: &str,
    name: &str,
) -> std::result::Result<Holdings, ClientError> {
    let request = role_policies::list_attached_request(name);
    let managed = session.list::<AttachedPolicies>(account, &request).await?;
    let request = role_policies::list_inline_request(name);
    let inline = session.list::<InlinePolicies>(account, &request).await?;
    Ok(Holdings { managed: managed.into_iter().map(|one| one.policy_arn).collect(), inline })
}

impl Holdings {
    /// Without what is planned.
    fn beyond(mut self, planned: &[String]) -> Self {
        self.managed.retain(|arn| !planned.contains(arn));
        self
    }

    fn is_empty(&self) -> bool {
        self.managed.is_empty() && self.inline.is_empty()
    }

    /// For people.
    fn texts(&self) -> impl Iterator<Item = String> {
        let inline = self.inline.iter().map(|name| format!("the inline policy {name}"));
        self.managed.iter().cloned().chain(inline)
    }
}

async fn extras(session: &Session<'_>, step: &StepCall) -> Result<Holdings> {
    let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
    match holdings(session, account, &wanted.role_name).await {
        Ok(all) => Ok(all.beyond(&wanted.policies)),
        Err(error) if error.is_missing() => Ok(Holdings::default()),
        Err(error) => Err(plain(error)),
    }
}

#[async_trait]
impl Family for UnplannedPolicies {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        if known(step, "role.arn").is_none() {
            return Ok(absent("there is no role that could have been given anything yet"));
        }
        let extras = extras(session, step).await?;
        if extras.is_empty() {
            return Ok(matches(Map::new()));
        }
        if !is_fresh(step, "role.ours") {
            let all: Vec<String> = extras.texts().collect();
            let detail = Some(format!("left alone on the adopted role: {}", all.join(", ")));
            return Ok(Observation { detail, ..matches(Map::new()) });
        }
        let change =
            |text: String| Change { path: "extra".into(), from: json!(text), to: json!(null) };
        Ok(compared(Map::new(), extras.texts().map(change).collect()))
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let step = &request.step;
        let (account, wanted): (&str, Wanted) = (scope_of(step)?, desired(step)?);
        let (arn, name) = (needed(step, "role.arn")?, wanted.role_name.as_str());
        let extras = extras(session, step).await?;
        if extras.is_empty() || !is_fresh(step, "role.ours") {
            return Ok(did(applied::UNCHANGED, Map::new(), json!(null)));
        }
        let detach = extras.managed.iter().map(|it| role_policies::detach_request(arn, name, it));
        let delete =
            extras.inline.iter().map(|it| role_policies::delete_inline_request(arn, name, it));
        for request in detach.chain(delete) {
            match session.send(account, &request).await {
                Ok(_) => {}
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(plain(error)),
            }
        }
        let all: Vec<String> = extras.texts().collect();
        let detail = Some(format!("took away {}", all.join(", ")));
        // What somebody else gave is not given back.
        Ok(Applied { detail, ..did(applied::UPDATED, Map::new(), json!(null)) })
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let clean = !is_fresh(&request.step, "role.ours")
            || extras(session, &request.step).await?.is_empty();
        Ok(ready_if(clean, "something that was not planned is still listed"))
    }

    async fn undo(&self, _: &Session<'_>, _: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _: &Session<'_>, _: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
