//! `service-principal`: what the application is inside the tenant. The portal makes it unasked.

use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::graph::{applications, service_principals};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{LATER, Lag, classify, known_as};
use crate::outcome::{
    absent, did, gone, is_fresh, known, matches, needed, outputs, own_output, ready_if, removed,
    still, undo_field,
};
use crate::session::Session;
use crate::steps::{Family, application};
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

pub(crate) const KIND: &str = "service-principal";

pub(crate) struct ServicePrincipals;

pub(crate) fn template(graph: &str) -> StepTemplate {
    let all = format!("{graph}/v1.0/servicePrincipals");
    StepTemplate {
        kind: KIND.into(),
        title: "create the application's service principal".into(),
        group: "Application".into(),
        reference: Some("1.1-1.6 (implicit)".into()),
        effect: effect::ENSURE.into(),
        desired: json!({ "client-id": "<application.client-id>", "account-enabled": true }),
        inputs: words(["application.client-id", "application.object-id", "application.fresh"]),
        outputs: words(["object-id", "fresh"]),
        calls: vec![
            call("GET", format!("{all}(appId='<application.client-id>')"), "Application.Read.All"),
            call("POST", all.clone(), APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "delete the service principal",
            vec![call(
                "DELETE",
                format!("{all}/<service-principal.object-id>"),
                APPLICATION_ADMINISTRATOR,
            )],
        ),
        readiness: wait("the service principal is readable in the directory", 3, 10 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec!["the page does not name this step: the portal does it unasked".into()],
        ..StepTemplate::default()
    }
}

type Found = service_principals::ServicePrincipal;

async fn find(
    session: &Session<'_>,
    client_id: &str,
) -> std::result::Result<Option<Found>, ClientError> {
    session.find(&service_principals::get_by_app_id_request(client_id)).await
}

/// Somebody who switched the principal off meant it; it is not switched on again behind their back.
fn refuse_disabled(found: &Found) -> Result<()> {
    if found.account_enabled == Some(false) {
        let message = format!("sign-in is switched off for the service principal {}", found.id);
        return Err(Error::new(kind::PRECONDITION, message).code("AZ-SP-003").help(
            "find out who switched it off and why; switch it on under Enterprise applications",
        ));
    }
    Ok(())
}

/// An application of another tenant has a principal here too; it is never ours to use.
fn refuse_foreign(session: &Session<'_>, found: &Found) -> Result<()> {
    let tenant = session.settings.tenant_id();
    match found.app_owner_organization_id.as_deref() {
        Some(owner) if !owner.eq_ignore_ascii_case(&tenant) => {
            let message = format!(
                "the service principal {} stands for an application of tenant {owner}",
                found.id
            );
            Err(Error::new(kind::PRECONDITION, message)
                .code("AZ-SP-005")
                .help("plan again; the application's client id is another tenant's"))
        }
        _ => Ok(()),
    }
}

fn describe(found: &Found, fresh: bool) -> Map {
    outputs([("object-id", json!(found.id)), ("fresh", json!(fresh))])
}

/// Whether the application behind a refusal exists, so that the refusal is a matter of time.
async fn lag_of_application(session: &Session<'_>, step: &StepCall) -> Lag {
    if is_fresh(step, "application.fresh") {
        return Lag::Possible;
    }
    let Some(id) = known(step, "application.object-id") else { return Lag::Impossible };
    let found = session.find::<applications::Application>(&applications::get_request(id)).await;
    Lag::when(!matches!(found, Ok(None)))
}

#[async_trait]
impl Family for ServicePrincipals {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(client_id) = known(step, "application.client-id") else {
            return Ok(absent("the application does not exist yet"));
        };
        let found =
            find(session, client_id).await.map_err(|error| classify(error, Lag::Impossible))?;
        match found {
            None => Ok(absent("the application has no service principal in this tenant")),
            Some(found) => {
                refuse_disabled(&found)?;
                refuse_foreign(session, &found)?;
                Ok(matches(describe(&found, false)))
            }
        }
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let client_id = needed(&request.step, "application.client-id")?;
        let plain = |error| classify(error, Lag::Impossible);
        // An earlier attempt may have made it and lost the answer.
        let fresh = request.attempt > 0;
        if let Some(found) = find(session, client_id).await.map_err(plain)? {
            refuse_disabled(&found)?;
            refuse_foreign(session, &found)?;
            let undo = json!({ "object-id": found.id });
            return Ok(did(applied::UNCHANGED, describe(&found, fresh), undo));
        }
        match session.json::<Found>(&service_principals::create_request(client_id)).await {
            Ok(made) => {
                let undo = json!({ "object-id": made.id });
                Ok(did(applied::CREATED, describe(&made, true), undo))
            }
            Err(error) if is_duplicate(&error) => {
                let message = "the service principal exists and cannot be read yet";
                let soon = Error::new(kind::NOT_REPLICATED, message)
                    .code("AZ-SP-004")
                    .operation("creating service principal")
                    .help(LATER);
                Err(known_as(soon, &error))
            }
            Err(error) => {
                let lag = lag_of_application(session, &request.step).await;
                Err(classify(error, lag))
            }
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = own_output(&request.outputs, "object-id")?;
        let found: Option<Found> = session
            .find(&service_principals::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Possible))?;
        Ok(ready_if(found.is_some(), "the directory does not show the service principal yet"))
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let id = undo_field(undo, "object-id")?;
        let undone = match session.send(&service_principals::delete_request(id)).await {
            Ok(_) => removed("deleted the service principal"),
            Err(error) if error.is_status(404) => gone(),
            Err(error) => return Err(classify(error, Lag::Impossible)),
        };
        if session.purge { application::purge(session, id, undone).await } else { Ok(undone) }
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let id = undo_field(undo, "object-id")?;
        let found: Option<Found> = session
            .find(&service_principals::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        if found.is_some() {
            return Ok(still("the service principal is still there"));
        }
        application::remains_deleted(session, id).await
    }
}

fn is_duplicate(error: &ClientError) -> bool {
    error.service().is_some_and(|error| {
        matches!(error.status, 400 | 409)
            && (error.is("Request_MultipleObjectsWithSameKeyValue") || error.says("already"))
    })
}
