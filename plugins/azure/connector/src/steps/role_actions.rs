//! `role-actions`: this cloud knows every action the custom role names. One unknown action makes
//! Azure refuse the whole role.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::outcome::{checked, matches, nothing_left, ready};
use crate::preflight::actions;
use crate::session::Session;
use crate::settings::Settings;
use crate::steps::{Family, nothing_to_undo};
use crate::template::call;

pub(crate) const KIND: &str = "role-actions";

pub(crate) struct RoleActions;

pub(crate) fn template(settings: &Settings, arm: &str) -> StepTemplate {
    let grants = settings.grants();
    let calls = grants.actions.iter().map(|action| {
        let url = format!(
            "{arm}/providers/Microsoft.Authorization/providerOperations/{}\
             ?api-version=2022-04-01&$expand=resourceTypes",
            action.provider
        );
        call("GET", url, "")
    });
    StepTemplate {
        kind: KIND.into(),
        title: "check that Azure knows the custom role's actions".into(),
        group: "Preflight".into(),
        reference: Some("1.15".into()),
        effect: effect::READ.into(),
        desired: json!({ "actions": grants.action_names() }),
        calls: calls.collect(),
        throttle: "arm/tenant".into(),
        notes: vec![
            "the page prints Micandrosoft.Web/sites/config/list/action, which no provider has; the \
             plan uses Microsoft.Web/sites/config/list/Action"
                .into(),
        ],
        ..StepTemplate::default()
    }
}

async fn check(session: &Session<'_>) -> Result<()> {
    let unknown = actions::unknown(session, &session.settings.grants().actions)
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    match unknown.first() {
        None => Ok(()),
        Some(unknown) => Err(Error::new(kind::INVALID_CONFIG, unknown.sentence())
            .code("AZ-ROLE-003")
            .help("this cloud lacks the action; the custom role cannot be made here")),
    }
}

#[async_trait]
impl Family for RoleActions {
    async fn observe(&self, session: &Session<'_>, _step: &StepCall) -> Result<Observation> {
        check(session).await?;
        Ok(matches(Map::new()))
    }

    async fn apply(&self, session: &Session<'_>, _request: &ApplyRequest) -> Result<Applied> {
        check(session).await?;
        Ok(checked(Map::new(), "every action is known"))
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
