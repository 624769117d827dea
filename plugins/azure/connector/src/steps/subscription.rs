//! `subscription@ID`: it exists, is in use, belongs to the tenant, and the operator may assign
//! roles in it. Found out before anything is made, and again in a run that makes something in it;
//! one that fails then is left out, and the others are connected without it.

use serde_json::{Value, json};
use skybridge_azure_client::arm::{permissions, subscriptions};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::outcome::{absent, checked, matches, nothing_left, outputs, ready, scope_of};
use crate::session::Session;
use crate::settings::Settings;
use crate::steps::{Family, nothing_to_undo};
use crate::survey::EACH;
use crate::template::{ASSIGN, DEFINE, call, words};

pub(crate) const KIND: &str = "subscription";

pub(crate) struct Subscription;

/// The operator may not do there what onboarding takes.
const LACKING: &str = "AZ-SUB-004";

pub(crate) fn template(settings: &Settings, arm: &str) -> StepTemplate {
    let tenant = settings.tenant_id();
    let url = format!("{arm}/subscriptions/{{scope}}");
    StepTemplate {
        kind: KIND.into(),
        title: "check subscription {scope} and the operator's rights in it".into(),
        group: "Preflight".into(),
        reference: Some("prerequisites".into()),
        effect: effect::READ.into(),
        desired: json!({ "state": "Enabled", "tenant": tenant, "operator-may": needed_actions(settings) }),
        outputs: words(["display-name"]),
        calls: vec![
            call(
                "GET",
                format!("{url}?api-version=2022-12-01"),
                "Microsoft.Resources/subscriptions/read",
            ),
            call(
                "GET",
                format!(
                    "{url}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
                ),
                "",
            ),
        ],
        throttle: "arm/{scope}".into(),
        part: true,
        ..StepTemplate::default()
    }
}

/// What the operator must be allowed to do in every subscription.
pub(crate) fn needed_actions(settings: &Settings) -> Vec<&'static str> {
    let custom = !settings.grants().actions.is_empty();
    [ASSIGN].into_iter().chain(custom.then_some(DEFINE)).collect()
}

async fn check(session: &Session<'_>, step: &StepCall) -> Result<Map> {
    let id = scope_of(step)?;
    if id == EACH {
        let message = "which subscriptions are meant is found when planning online";
        return Err(Error::new(kind::PRECONDITION, message)
            .code("AZ-SCOPE-008")
            .help("plan without `--offline`, and apply that plan"));
    }
    let wrong = |kind, code: &str, message: String| Error::new(kind, message).code(code);
    let found: subscriptions::Subscription = session
        .json(&subscriptions::get_request(id))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    let tenant = session.settings.tenant_id();
    if let Some(of) = found.tenant_id.as_deref().filter(|of| !of.eq_ignore_ascii_case(&tenant)) {
        let message = format!("subscription {id} belongs to tenant {of}, not to {tenant}");
        return Err(wrong(kind::INVALID_CONFIG, "AZ-SUB-002", message)
            .pointer("/tenant")
            .help("correct `tenant`, or take the subscription out of `scope`"));
    }
    let state = found.state.as_deref().unwrap_or("unknown");
    if state != "Enabled" {
        let message = format!("subscription {id} is {state}, and only Enabled ones are onboarded");
        return Err(wrong(kind::PRECONDITION, "AZ-SUB-003", message)
            .help("enable the subscription, or take it out of `scope.subscriptions`"));
    }
    let grants: Vec<permissions::Permission> = session
        .list(permissions::list_request(&format!("/subscriptions/{id}")))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    for action in needed_actions(session.settings) {
        if !permissions::any_allows(&grants, action) {
            let message = format!("the operator lacks {action} in subscription {id}");
            return Err(wrong(kind::PERMISSION_DENIED, LACKING, message).help(
                "the operator needs Owner or User Access Administrator in the subscription; a \
                 role that is only eligible has to be activated first",
            ));
        }
    }
    Ok(outputs([("display-name", json!(found.display_name.unwrap_or_default()))]))
}

#[async_trait]
impl Family for Subscription {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        match check(session, step).await {
            Ok(outputs) => Ok(matches(outputs)),
            // The preflight says so together with everything else that is lacking.
            Err(error) if error.detail.code.as_deref() == Some(LACKING) => {
                Ok(absent(error.detail.message))
            }
            Err(error) => Err(error),
        }
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let outputs = check(session, &request.step).await?;
        Ok(checked(outputs, "enabled, in the tenant, and the operator may assign roles"))
    }

    async fn ready(&self, _session: &Session<'_>, _request: &ReadyRequest) -> Result<Ready> {
        Ok(ready())
    }

    async fn undo(&self, _session: &Session<'_>, _undo: &Value) -> Result<Undone> {
        Ok(nothing_to_undo())
    }

    async fn remains(&self, _session: &Session<'_>, _undo: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
