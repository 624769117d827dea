//! `api-permissions`: the Graph permissions the application says it needs. Grants nothing, but the
//! portal and the consent page go by it.

use serde_json::{Value, json};
use skybridge_azure_client::graph::GRAPH_APP_ID;
use skybridge_azure_client::graph::applications::{
    self, Application, RequiredResourceAccess, ResourceAccess,
};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect, observed,
};
use skybridge_plugin_sdk::{Result, async_trait};

use crate::errors::{Lag, classify};
use crate::outcome::{
    absent, did, gone, is_fresh, known, matches, needed, not_ready, nothing_left, outputs,
    own_output, ready_if, removed, still_if, undo_field,
};
use crate::roles::{GRAPH_PERMISSIONS, GraphPermission};
use crate::session::Session;
use crate::settings::Settings;
use crate::steps::Family;
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

pub(crate) const KIND: &str = "api-permissions";

/// An application permission, as opposed to a delegated one.
const ROLE: &str = "Role";

pub(crate) struct ApiPermissions;

pub(crate) fn template(settings: &Settings, graph: &str) -> StepTemplate {
    let url = format!("{graph}/v1.0/applications/<application.object-id>");
    let wanted = settings.grants().graph;
    let values: Vec<&str> = wanted.iter().map(|permission| permission.value).collect();
    StepTemplate {
        kind: KIND.into(),
        title: "list the Graph permissions on the application".into(),
        group: "Application".into(),
        reference: Some("2.1-2.7".into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "resource": "Microsoft Graph",
            "application-permissions": values,
        }),
        inputs: words(["application.object-id", "application.fresh"]),
        outputs: words(["object-id"]),
        calls: vec![
            call("GET", url.clone(), "Application.Read.All"),
            call("PATCH", url.clone(), APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "take the permissions off the application's list",
            vec![call("PATCH", url, APPLICATION_ADMINISTRATOR)],
        ),
        readiness: wait("the application shows the permissions", 2, 5 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec!["other permissions on the list are kept here".into()],
        ..StepTemplate::default()
    }
}

/// Which of `wanted` are not on the list.
fn missing(list: &[RequiredResourceAccess], wanted: &[GraphPermission]) -> Vec<&'static str> {
    let on_list = |id: &str| {
        list.iter()
            .filter(|api| api.resource_app_id.eq_ignore_ascii_case(GRAPH_APP_ID))
            .flat_map(|api| &api.resource_access)
            .any(|access| access.access_type == ROLE && access.id.eq_ignore_ascii_case(id))
    };
    wanted.iter().map(|p| p.id).filter(|id| !on_list(id)).collect()
}

/// The list with `ids` added; nothing that is on it is lost.
fn merged(list: &[RequiredResourceAccess], ids: &[&str]) -> Vec<RequiredResourceAccess> {
    let mut list = list.to_vec();
    let added = ids.iter().map(|id| ResourceAccess { id: (*id).into(), access_type: ROLE.into() });
    match list.iter_mut().find(|api| api.resource_app_id.eq_ignore_ascii_case(GRAPH_APP_ID)) {
        Some(graph) => graph.resource_access.extend(added),
        None => list.push(RequiredResourceAccess {
            resource_app_id: GRAPH_APP_ID.into(),
            resource_access: added.collect(),
        }),
    }
    list
}

/// The list without `ids`; an API with nothing left disappears from it.
fn without(list: &[RequiredResourceAccess], ids: &[String]) -> Vec<RequiredResourceAccess> {
    let mut list = list.to_vec();
    for api in &mut list {
        if api.resource_app_id.eq_ignore_ascii_case(GRAPH_APP_ID) {
            api.resource_access.retain(|a| a.access_type != ROLE || !ids.contains(&a.id));
        }
    }
    list.retain(|api| !api.resource_access.is_empty());
    list
}

fn value_of(id: &str) -> &'static str {
    GRAPH_PERMISSIONS.iter().find(|p| p.id == id).map_or("", |p| p.value)
}

fn describe(id: &str) -> Map {
    outputs([("object-id", json!(id))])
}

async fn read(session: &Session<'_>, id: &str, lag: Lag) -> Result<Application> {
    session.json(&applications::get_request(id)).await.map_err(|error| classify(error, lag))
}

#[async_trait]
impl Family for ApiPermissions {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(id) = known(step, "application.object-id") else {
            return Ok(absent("the application does not exist yet"));
        };
        let app = read(session, id, Lag::Impossible).await?;
        let wanted = session.settings.grants().graph;
        let missing = missing(&app.required_resource_access, &wanted);
        if missing.is_empty() {
            return Ok(matches(describe(id)));
        }
        if missing.len() == wanted.len() {
            return Ok(absent("the application lists none of the permissions"));
        }
        let to: Vec<_> = missing.into_iter().map(value_of).collect();
        let change =
            Change { path: "application-permissions".into(), from: json!([]), to: json!(to) };
        Ok(Observation {
            state: observed::DIFFERS.into(),
            outputs: describe(id),
            changes: vec![change],
            ..Observation::default()
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let id = needed(&request.step, "application.object-id")?;
        let lag = Lag::when(is_fresh(&request.step, "application.fresh"));
        let app = read(session, id, lag).await?;
        let wanted = session.settings.grants().graph;
        let missing = missing(&app.required_resource_access, &wanted);
        if missing.is_empty() {
            // An earlier attempt may have added them and lost the answer.
            let ids: Vec<_> = wanted.iter().map(|p| p.id).collect();
            let undo = if request.attempt > 0 {
                json!({ "object-id": id, "added": ids })
            } else {
                json!(null)
            };
            return Ok(did(applied::UNCHANGED, describe(id), undo));
        }
        let list = merged(&app.required_resource_access, &missing);
        session
            .send(&applications::set_required_access_request(id, &list))
            .await
            .map_err(|error| classify(error, lag))?;
        let undo = json!({ "object-id": id, "added": missing });
        Ok(did(applied::UPDATED, describe(id), undo))
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = own_output(&request.outputs, "object-id")?;
        let found: Option<Application> = session
            .find(&applications::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Possible))?;
        Ok(match found {
            None => not_ready("the directory does not show the application yet"),
            Some(app) => ready_if(
                missing(&app.required_resource_access, &session.settings.grants().graph).is_empty(),
                "the application does not show the permissions yet",
            ),
        })
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let id = undo_field(undo, "object-id")?;
        let plain = |error| classify(error, Lag::Impossible);
        let request = applications::get_request(id);
        let Some(app) = session.find::<Application>(&request).await.map_err(plain)? else {
            return Ok(gone());
        };
        let list = without(&app.required_resource_access, &added(undo));
        if list == app.required_resource_access {
            return Ok(gone());
        }
        session.send(&applications::set_required_access_request(id, &list)).await.map_err(plain)?;
        Ok(removed("took the permissions off the list"))
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let id = undo_field(undo, "object-id")?;
        let request = applications::get_request(id);
        let found = session.find::<Application>(&request).await;
        let Some(app) = found.map_err(|error| classify(error, Lag::Impossible))? else {
            return Ok(nothing_left());
        };
        let list = &app.required_resource_access;
        let listed = without(list, &added(undo)) != *list;
        Ok(still_if(listed, "the application still lists permissions of ours"))
    }
}

/// What an apply added to the list.
fn added(undo: &Value) -> Vec<String> {
    undo.get("added")
        .and_then(|added| serde_json::from_value(added.clone()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
