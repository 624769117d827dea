//! `client-secret`: the one effect that cannot be repeated. Its text is told once, in an answer
//! that may be lost.
//!
//! So the secret's name says which step of which run made it. A secret with our name whose text is
//! in the vault is used; one whose text is not was lost on the way and is removed before another is
//! made. The text is sealed before anybody is told that the step is done.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_azure_client::graph::passwords::{self, NewPassword};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{LATER, Lag, classify, known_as};
use crate::names;
use crate::outcome::{
    absent, did, gone, is_fresh, known, matches, needed, not_ready, outputs, own_output, removed,
    still, still_if, undo_field,
};
use crate::proof;
use crate::session::Session;
use crate::settings::Settings;
use crate::steps::Family;
use crate::steps::credential::{self, CLOCK_SLACK, seconds};
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

pub(crate) mod decision;
use decision::{Decision, Stored};

pub(crate) const KIND: &str = "client-secret";

pub(crate) struct ClientSecret;

pub(crate) fn template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let url = format!("{graph}/v1.0/applications/<application.object-id>");
    StepTemplate {
        kind: KIND.into(),
        title: "create the client secret and seal it in the vault".into(),
        group: "Credential".into(),
        reference: Some("2.9-2.13".into()),
        effect: effect::MINT.into(),
        desired: json!({
            "name": format!("{}<<run>", names::secret_prefix(connector)),
            "lifetime-days": settings.credential.lifetime.0,
            "warn-days": settings.credential.warn.0,
        }),
        inputs: words(["application.object-id", "application.client-id", "application.fresh"]),
        outputs: words(["key-id", "expires", "warn-from", "vault-name", "client-id"]),
        calls: vec![
            call("GET", url.clone(), "Application.Read.All"),
            call("POST", format!("{url}/addPassword"), APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "remove the client secret from the application and from the vault",
            vec![call("POST", format!("{url}/removePassword"), APPLICATION_ADMINISTRATOR)],
        ),
        // The application itself may be missing to some replicas for as long.
        readiness: wait("the login service accepts the secret", 3, 5 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec!["a second run uses the secret that is there and makes no other".into()],
        ..StepTemplate::default()
    }
}

/// The same step in a rotation: it makes a new secret although one is there that works.
pub(crate) fn rotation_template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let mut template = template(connector, settings, graph);
    template.title = "create another client secret and seal it in the vault".into();
    template.reference = None;
    template.desired[credential::ALWAYS_NEW] = json!(true);
    template.notes =
        vec!["the secret in use goes on working until the new one is handed over".into()];
    template
}

/// The application's secrets of this connector, with what the vault knows of each.
pub(crate) async fn stored(session: &Session<'_>, app: &Application) -> Result<Vec<Stored>> {
    let prefix = names::secret_prefix(session.connector);
    let mut all = Vec::new();
    for password in &app.password_credentials {
        let name = password.display_name.clone().unwrap_or_default();
        if !name.starts_with(&prefix) {
            continue;
        }
        let text = session.host.secret(&names::vault_name(&password.key_id)).await?;
        all.push(Stored {
            key_id: password.key_id.clone(),
            name,
            expires: password.end_date_time.as_deref().and_then(|end| end.parse().ok()),
            in_vault: text.is_some(),
        });
    }
    Ok(all)
}

fn describe(
    session: &Session<'_>,
    key_id: &str,
    expires: Option<Timestamp>,
    client_id: &str,
) -> Map {
    outputs([
        ("key-id", json!(key_id)),
        ("expires", json!(credential::shown(expires))),
        ("warn-from", json!(credential::shown(credential::warn_from(session.settings, expires)))),
        ("vault-name", json!(names::vault_name(key_id))),
        ("client-id", json!(client_id)),
    ])
}

fn undo_of(app: &str, key_id: &str) -> Value {
    json!({ "object-id": app, "key-id": key_id })
}

/// Removes a secret whose text nobody has.
pub(crate) async fn remove_orphan(session: &Session<'_>, app: &str, key_id: &str) -> Result<()> {
    tracing::info!(key_id, "removing a client secret that nobody will use");
    remove(session, app, key_id, Lag::Possible).await.map(drop)
}

/// Takes a secret off the application; whether it was there.
pub(crate) async fn remove(
    session: &Session<'_>,
    app: &str,
    key_id: &str,
    lag: Lag,
) -> Result<bool> {
    let error = match session.send(&passwords::remove_request(app, key_id)).await {
        Ok(_) => return Ok(true),
        Err(error) if error.is_status(404) => return Ok(false),
        Err(error) => error,
    };
    let unknown = error
        .service()
        .is_some_and(|it| it.status == 400 && it.says("no password credential found"));
    if !unknown {
        return Err(classify(error, lag));
    }
    // A replica that has not heard of it says the same: the list decides.
    if !is_listed(session, app, key_id).await? {
        return Ok(false);
    }
    let message =
        format!("the application lists the secret {key_id}, and it cannot be removed yet");
    let soon = Error::new(kind::NOT_REPLICATED, message)
        .code("AZ-SECRET-004")
        .operation("removing client secret")
        .help(LATER);
    Err(known_as(soon, &error))
}

async fn is_listed(session: &Session<'_>, app: &str, key_id: &str) -> Result<bool> {
    let found: Option<Application> = session
        .find(&applications::get_request(app))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(found.is_some_and(|app| app.password_credentials.iter().any(|one| one.key_id == key_id)))
}

async fn mint(
    session: &Session<'_>,
    app: &str,
    tag: &str,
    lag: Lag,
) -> Result<(String, Option<Timestamp>)> {
    let now = session.host.now();
    let start = now.checked_sub(CLOCK_SLACK).unwrap_or(now);
    let lifetime =
        SignedDuration::from_hours(24 * i64::from(session.settings.credential.lifetime.0));
    let end = start.checked_add(lifetime).unwrap_or(Timestamp::MAX);
    let request = passwords::add_request(app, tag, &seconds(start), &seconds(end));
    let made: NewPassword = session.json(&request).await.map_err(|error| classify(error, lag))?;
    let name = names::vault_name(&made.key_id);
    if let Err(error) = session.host.put_secret(&name, made.secret_text.expose().as_bytes()).await {
        // Nobody will ever know its text. If removing fails too, the next attempt finds it.
        if let Err(also) = remove_orphan(session, app, &made.key_id).await {
            tracing::warn!(key_id = made.key_id, %also, "the unsealed client secret is left behind");
        }
        return Err(error);
    }
    let expires = made.end_date_time.as_deref().and_then(|end| end.parse().ok()).unwrap_or(end);
    Ok((made.key_id, Some(expires)))
}

/// Why the application's list of secrets cannot be relied upon yet.
///
/// A secret whose answer was lost may not have been listed when the next attempt looked for it.
/// Once the newer one is listed the older one is too, and is removed here; from the vault as well,
/// when the attempt that made it came so far.
async fn unsettled(
    session: &Session<'_>,
    application: &str,
    key_id: &str,
) -> Result<Option<String>> {
    let app: Option<Application> = session
        .find(&applications::get_request(application))
        .await
        .map_err(|error| classify(error, Lag::Possible))?;
    let Some(app) = app else {
        return Ok(Some("the directory does not show the application yet".into()));
    };
    let stored = stored(session, &app).await?;
    let Some(ours) = stored.iter().find(|one| one.key_id == key_id) else {
        return Ok(Some("the application does not list the secret yet".into()));
    };
    let twins = decision::twins(&stored, ours);
    for twin in &twins {
        remove_orphan(session, application, &twin.key_id).await?;
        if twin.in_vault {
            session.host.remove_secret(&names::vault_name(&twin.key_id)).await?;
        }
    }
    let reason = "removed a secret that an attempt made whose answer was lost on the way";
    Ok((!twins.is_empty()).then(|| reason.to_owned()))
}

#[async_trait]
impl Family for ClientSecret {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(id) = known(step, "application.object-id") else {
            return Ok(absent("the application does not exist yet"));
        };
        let app: Application = session
            .json(&applications::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let stored = stored(session, &app).await?;
        if credential::is_always_new(step) {
            return Ok(absent("a new secret is made beside the one in use"));
        }
        let now = session.host.now();
        Ok(match decision::usable(&stored, now) {
            Some(found) => Observation {
                detail: credential::warning(session.settings, found.expires, now),
                ..matches(describe(session, &found.key_id, found.expires, &app.app_id))
            },
            None => absent("there is no unexpired secret whose text the vault has"),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let _alone = session.credentials.lock().await;
        let id = needed(&request.step, "application.object-id")?;
        let lag = Lag::when(is_fresh(&request.step, "application.fresh"));
        let app: Application = session
            .json(&applications::get_request(id))
            .await
            .map_err(|error| classify(error, lag))?;
        let tag = names::secret_tag(session.connector, &request.key);
        let stored = stored(session, &app).await?;
        let decide = if credential::is_always_new(&request.step) {
            decision::decide_new
        } else {
            decision::decide
        };
        match decide(&stored, &tag, session.host.now()) {
            Decision::Use(found) => {
                let outputs = describe(session, &found.key_id, found.expires, &app.app_id);
                Ok(did(applied::UNCHANGED, outputs, undo_of(id, &found.key_id)))
            }
            Decision::Mint { orphans } => {
                for orphan in orphans {
                    remove_orphan(session, id, &orphan).await?;
                }
                let (key_id, expires) = mint(session, id, &tag, lag).await?;
                let outputs = describe(session, &key_id, expires, &app.app_id);
                Ok(did(applied::CREATED, outputs, undo_of(id, &key_id)))
            }
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let name = own_output(&request.outputs, "vault-name")?;
        let client_id = own_output(&request.outputs, "client-id")?;
        let key_id = own_output(&request.outputs, "key-id")?;
        let application = needed(&request.step, "application.object-id")?;
        if let Some(reason) = unsettled(session, application, key_id).await? {
            return Ok(not_ready(reason));
        }
        let proof = proof::from_vault(session, name).await?;
        credential::accepted(session, client_id, proof).await
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let (app, key_id) = (undo_field(undo, "object-id")?, undo_field(undo, "key-id")?);
        let was_there = remove(session, app, key_id, Lag::Impossible).await?;
        let undone = if was_there { removed("removed the client secret") } else { gone() };
        // Last: while the secret works, its text must not be lost.
        session.host.remove_secret(&names::vault_name(key_id)).await?;
        Ok(undone)
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let (app, key_id) = (undo_field(undo, "object-id")?, undo_field(undo, "key-id")?);
        if is_listed(session, app, key_id).await? {
            return Ok(still("the application still lists the secret"));
        }
        let kept = session.host.secret(&names::vault_name(key_id)).await?.is_some();
        Ok(still_if(kept, "the vault still keeps the secret's text"))
    }
}
