//! `application`: the application in Entra, found again by a unique name chosen beforehand.

use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::graph::applications;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall,
    StepTemplate, Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{LATER, Lag, classify};
use crate::names;
use crate::outcome::{
    absent, change, checked, compared, did, foreign, gone, matches, outputs, own_output, ready_if,
    removed, still, undo_field,
};
use crate::session::Session;
use crate::settings::{DeletedApplication, Settings};
use crate::steps::Family;
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

pub(crate) const KIND: &str = "application";

/// Only accounts of the tenant itself.
const AUDIENCE: &str = "AzureADMyOrg";
/// The word of `desired` that makes the step find and not make.
const EXISTING: &str = "existing";
const DESCRIPTION: &str = "Reads this tenant for a security platform. Managed by Skybridge.";

mod deleted;
mod ownership;

pub(crate) use deleted::{deleted_in_the_way, purge, remains_deleted};
pub(crate) use ownership::is_ours;
use ownership::{Found, find};

pub(crate) struct Applications;

pub(crate) fn template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let unique_name = unique_name(connector, settings);
    let keyed = format!("{graph}/v1.0/applications(uniqueName='{unique_name}')");
    let by_id = format!("{graph}/v1.0/applications/<application.object-id>");
    StepTemplate {
        kind: KIND.into(),
        title: format!("register the application {}", settings.display_name),
        group: "Application".into(),
        reference: Some("1.1-1.6".into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "display-name": settings.display_name,
            "unique-name": unique_name,
            "sign-in-audience": AUDIENCE,
            "tags": tags(connector),
        }),
        outputs: words(["object-id", "client-id", "unique-name", "fresh"]),
        calls: vec![
            call("GET", keyed.clone(), "Application.Read.All"),
            call("PATCH", keyed, APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "delete the application (restorable for 30 days)",
            vec![call("DELETE", by_id, APPLICATION_ADMINISTRATOR)],
        ),
        readiness: wait("the application is readable in the directory", 3, 5 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec![
            "an application of this name that somebody registered by hand is used as it is, if \
             nobody holds a credential of it; one that belongs to something else is left alone"
                .into(),
            match settings.deleted_application {
                DeletedApplication::Restore => "a deleted one that holds the name is restored",
                DeletedApplication::Purge => "a deleted one that holds the name is purged first",
                DeletedApplication::Refuse => "a deleted one that holds the name ends the run",
            }
            .into(),
        ],
        ..StepTemplate::default()
    }
}

/// The same step in a rotation: the application has to be there and to be ours.
pub(crate) fn existing_template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let mut template = template(connector, settings, graph);
    template.title = format!("find the application {}", settings.display_name);
    template.reference = None;
    template.effect = effect::READ.into();
    template.desired[EXISTING] = json!(true);
    template.calls.truncate(1);
    template.undo = None;
    template.notes.clear();
    template
}

/// Finds the application of a connection that is there.
async fn existing(
    session: &Session<'_>,
) -> Result<std::result::Result<applications::Application, Error>> {
    let name = unique_name(session.connector, session.settings);
    let found = find(session, &name).await?;
    let refuse = |message: String| {
        Error::new(kind::PRECONDITION, message)
            .code("AZ-ROTATE-004")
            .operation("finding application")
    };
    Ok(match found {
        None => Err(refuse(format!("no application has the unique name {name}"))
            .help("there is nothing to rotate yet; run `skybridge apply` first")),
        Some(Found { app, ours: true }) if !is_ours(session.connector, &app) => {
            Err(refuse(format!("the application {name} is not marked as this connector's"))
                .help("`skybridge apply` marks it, if it is"))
        }
        // One that was adopted is not ours; our credential of it is.
        Some(Found { app, .. }) => Ok(app),
    })
}

fn is_existing(step: &StepCall) -> bool {
    step.desired.get(EXISTING).and_then(Value::as_bool).unwrap_or(false)
}

fn unique_name(connector: &str, settings: &Settings) -> String {
    names::application(connector, &settings.tenant_id(), &settings.display_name)
}

fn tags(connector: &str) -> Vec<String> {
    vec!["managed-by:skybridge".into(), format!("skybridge-connector:{connector}")]
}

fn differences(
    connector: &str,
    settings: &Settings,
    found: &applications::Application,
) -> Vec<Change> {
    let display = change("display-name", json!(found.display_name), json!(settings.display_name));
    let audience = change("sign-in-audience", json!(found.sign_in_audience), json!(AUDIENCE));
    let wanted = merged_tags(connector, &found.tags);
    let tags = change("tags", json!(found.tags), json!(wanted));
    display.into_iter().chain(audience).chain(tags).collect()
}

/// Ours after those that are there: a patch replaces the list whole.
fn merged_tags(connector: &str, present: &[String]) -> Vec<String> {
    let mut merged = present.to_vec();
    for tag in tags(connector) {
        if !merged.contains(&tag) {
            merged.push(tag);
        }
    }
    merged
}

fn describe(found: &applications::Application, unique_name: &str, fresh: bool) -> Map {
    outputs([
        ("object-id", json!(found.id)),
        ("client-id", json!(found.app_id)),
        ("unique-name", json!(unique_name)),
        ("fresh", json!(fresh)),
    ])
}

/// Creates or updates; nothing when the service says it updated and shows nothing.
async fn upsert(
    session: &Session<'_>,
    unique_name: &str,
    tags: &[String],
) -> std::result::Result<Option<applications::Application>, ClientError> {
    let new = applications::NewApplication {
        display_name: &session.settings.display_name,
        description: DESCRIPTION,
        tags,
    };
    let request = applications::upsert_request(unique_name, new);
    let response = session.send(&request).await?;
    if response.status() == 204 || response.body().is_empty() {
        return Ok(None);
    }
    skybridge_azure_client::client::decode(&request, &response).map(Some)
}

/// The next attempt will find what this one started.
fn not_yet(message: &str) -> Error {
    Error::new(kind::NOT_REPLICATED, message)
        .code("AZ-APP-002")
        .operation("creating application")
        .help(LATER)
}

#[async_trait]
impl Family for Applications {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        if is_existing(step) {
            return Ok(match existing(session).await? {
                Ok(found) => {
                    let name = unique_name(session.connector, session.settings);
                    matches(describe(&found, &name, false))
                }
                Err(error) => absent(error.detail.message.clone()),
            });
        }
        let name = unique_name(session.connector, session.settings);
        Ok(match find(session, &name).await? {
            None => absent(match deleted::look(session, &name).await? {
                None => format!("no application has the unique name {name}"),
                Some(item) => format!(
                    "the application {} holds the unique name {name} and was deleted{}",
                    item.app_id,
                    item.when()
                ),
            }),
            Some(Found { app, ours: false }) => {
                let detail = format!("the application {} exists and is used as it is", app.app_id);
                foreign(describe(&app, &name, false), detail)
            }
            Some(Found { app, ours: true }) => compared(
                describe(&app, &name, false),
                differences(session.connector, session.settings, &app),
            ),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        if is_existing(&request.step) {
            let found = existing(session).await??;
            let name = unique_name(session.connector, session.settings);
            return Ok(checked(describe(&found, &name, false), "there, and this connector's"));
        }
        let name = unique_name(session.connector, session.settings);
        // An earlier attempt may have made it and lost the answer.
        let fresh = request.attempt > 0;
        let found = match find(session, &name).await? {
            Some(Found { app, ours: false }) => {
                return Ok(did(applied::ADOPTED, describe(&app, &name, false), json!(null)));
            }
            Some(Found { app, ours: true }) => Some(app),
            None => None,
        };
        if let Some(found) = &found
            && differences(session.connector, session.settings, found).is_empty()
        {
            let undo = json!({ "object-id": found.id });
            return Ok(did(applied::UNCHANGED, describe(found, &name, fresh), undo));
        }
        let tags = merged_tags(session.connector, found.as_ref().map_or(&[], |app| &app.tags));
        let (written, action) = match upsert(session, &name, &tags).await {
            Ok(Some(created)) => (Some(created), applied::CREATED),
            Ok(None) => {
                (ownership::by_unique_name(session, &name).await.ok().flatten(), applied::UPDATED)
            }
            Err(error) => {
                let error = classify(error, Lag::Possible);
                let taken = error.detail.code.as_deref() == Some("AZ-APP-001");
                return Err(if taken {
                    deleted::settle(session, &name, request, error).await?
                } else {
                    error
                });
            }
        };
        let Some(app) = written.or(found) else {
            return Err(not_yet("the application was written and cannot be read back yet"));
        };
        let made = fresh || action == applied::CREATED;
        Ok(did(action, describe(&app, &name, made), json!({ "object-id": app.id })))
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = own_output(&request.outputs, "object-id")?;
        let found: Option<applications::Application> = session
            .find(&applications::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Possible))?;
        Ok(ready_if(found.is_some(), "the directory does not show the application yet"))
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let id = undo_field(undo, "object-id")?;
        let undone = match session.send(&applications::delete_request(id)).await {
            Ok(_) => removed("deleted the application; it can be restored for 30 days"),
            Err(error) if error.is_status(404) => gone(),
            Err(error) => return Err(classify(error, Lag::Impossible)),
        };
        if session.purge { purge(session, id, undone).await } else { Ok(undone) }
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let id = undo_field(undo, "object-id")?;
        let found: Option<applications::Application> = session
            .find(&applications::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        if found.is_some() {
            return Ok(still("the application is still there"));
        }
        remains_deleted(session, id).await
    }
}
