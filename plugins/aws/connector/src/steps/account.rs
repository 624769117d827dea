//! `account@ID`: the operator can work in the account, and it is the one that is meant. Found out
//! before anything is made.

use serde_json::{Value, json};
use skybridge_aws_client::{Endpoints, Service};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use super::{Family, nothing_to_undo};
use crate::errors::plain;
use crate::outcome::{checked, matches, nothing_left, outputs, ready, scope_of};
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{call, free_call, words};

pub(crate) const KIND: &str = "account";

pub(crate) struct Accounts;

/// Whether the account is the operator's own, or one that has to be entered.
pub(crate) fn template(settings: &Settings, endpoints: &Endpoints, own: bool) -> StepTemplate {
    let sts = endpoints.base(Service::Sts, None);
    let (name, title, desired) = if own {
        ("own", "check that the operator's credentials are of account {scope}", json!({}))
    } else {
        let title = "enter account {scope} and check that it is the one";
        ("member", title, json!({ "role": settings.member_role_arn("{scope}") }))
    };
    let mut calls = vec![free_call(&sts, "GetCallerIdentity")];
    if !own {
        calls.insert(0, call(&sts, "sts", "AssumeRole"));
    }
    StepTemplate {
        kind: KIND.into(),
        name: Some(name.into()),
        title: title.into(),
        group: "Preflight".into(),
        effect: effect::READ.into(),
        desired,
        outputs: words(["operator"]),
        calls,
        throttle: "sts/{scope}".into(),
        ..StepTemplate::default()
    }
}

async fn check(session: &Session<'_>, step: &StepCall) -> Result<Map> {
    let account = scope_of(step)?;
    let identity = session.identity(account).await.map_err(plain)?;
    if identity.account != account {
        return Err(other_account(&identity.account, account));
    }
    Ok(outputs([("operator", json!(identity.arn))]))
}

/// The credentials are somebody else's.
pub(crate) fn other_account(found: &str, wanted: &str) -> Error {
    let message = format!("the credentials are of account {found}, not of {wanted}");
    Error::new(kind::UNAUTHENTICATED, message)
        .code("AWS-ACCOUNT-001")
        .operation("asking who the credentials belong to")
        .help("choose credentials of the manifest's account, or correct `account`")
}

#[async_trait]
impl Family for Accounts {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        Ok(matches(check(session, step).await?))
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let outputs = check(session, &request.step).await?;
        Ok(checked(outputs, "the operator works in the account"))
    }

    async fn ready(&self, _: &Session<'_>, _: &ReadyRequest) -> Result<Ready> {
        Ok(ready())
    }

    async fn undo(&self, _: &Session<'_>, _: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _: &Session<'_>, _: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
