//! `certificate`: a key of ours, and its public half on the application.
//!
//! The private key is sealed in the vault before the public half is sent anywhere, and a key that
//! is under way is remembered there: whatever is lost in between, the next attempt goes on with
//! the same key, whose entry has an id made from its thumbprint. Entries of others are sent back as
//! they came, because the list can only be replaced whole.

use serde_json::{Value, json};
use skybridge_azure_client::graph::key_credentials::{self, KeyCredential, KeyHolder};
use skybridge_azure_client::{Certificate, ClientError};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{
    absent, did, foreign, gone, is_fresh, known, matches, needed, not_ready, outputs, own_output,
    removed, still, still_if, undo_field,
};
use crate::proof;
use crate::session::Session;
use crate::settings::Settings;
use crate::steps::Family;
use crate::steps::client_secret::decision::{self, Decision, Stored};
use crate::steps::credential::{self, seconds};
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

mod key;
#[cfg(test)]
pub(crate) use key::made;

pub(crate) const KIND: &str = "certificate";

pub(crate) struct Certificates;

pub(crate) fn template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let url = format!("{graph}/v1.0/applications/<application.object-id>");
    let (title, note) = match settings.credential.certificate() {
        None => (
            "make a key, seal it in the vault and list its certificate on the application",
            "the private key never leaves the vault; Entra gets the certificate",
        ),
        Some(_) => (
            "seal the certificate of the file in the vault and list it on the application",
            "the certificate's own end counts, not `credential.lifetime`",
        ),
    };
    let mut desired = json!({
        "name": format!("{}<<run>", names::secret_prefix(connector)),
        "warn-days": settings.credential.warn.0,
    });
    if settings.credential.certificate().is_none() {
        desired["lifetime-days"] = json!(settings.credential.lifetime.0);
        desired["key"] = json!("RSA 2048");
    }
    StepTemplate {
        kind: KIND.into(),
        title: title.into(),
        group: "Credential".into(),
        effect: effect::MINT.into(),
        desired,
        inputs: words(["application.object-id", "application.client-id", "application.fresh"]),
        outputs: words(["key-id", "thumbprint", "expires", "warn-from", "vault-name", "client-id"]),
        calls: vec![
            call("GET", url.clone(), "Application.Read.All"),
            call("PATCH", url.clone(), APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "take the certificate off the application and out of the vault",
            vec![call("PATCH", url, APPLICATION_ADMINISTRATOR)],
        ),
        readiness: wait("the login service accepts the certificate", 3, 5 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec![note.into(), "certificates that others listed are kept".into()],
        ..StepTemplate::default()
    }
}

/// The same step in a rotation: it makes a new key although one is there that works.
pub(crate) fn rotation_template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let mut template = template(connector, settings, graph);
    template.desired[credential::ALWAYS_NEW] = json!(true);
    template
        .notes
        .push("the certificate in use goes on working until the new one is handed over".into());
    template
}

/// One certificate of the application, as far as it concerns this connector.
pub(crate) struct Listed {
    pub(crate) stored: Stored,
    pub(crate) thumbprint: String,
}

/// The application's certificates of this connector, with what the vault knows of each.
pub(crate) async fn listed(session: &Session<'_>, app: &KeyHolder) -> Result<Vec<Listed>> {
    let prefix = names::secret_prefix(session.connector);
    let mut all = Vec::new();
    for entry in app.key_credentials.iter().map(KeyCredential::of) {
        let name = entry.display_name.clone().unwrap_or_default();
        if !name.starts_with(&prefix) {
            continue;
        }
        let thumbprint = entry.thumbprint().unwrap_or_default();
        let in_vault = !thumbprint.is_empty()
            && session.host.secret(&names::certificate_vault_name(&thumbprint)).await?.is_some();
        let expires = entry.end_date_time.as_deref().and_then(|end| end.parse().ok());
        let stored = Stored { key_id: entry.key_id, name, expires, in_vault };
        all.push(Listed { stored, thumbprint });
    }
    Ok(all)
}

/// Reads the application with its certificates.
pub(crate) async fn read(session: &Session<'_>, id: &str, lag: Lag) -> Result<KeyHolder> {
    session.json(&key_credentials::get_request(id)).await.map_err(|error| classify(error, lag))
}

/// Takes the entries with these ids off the list; whether there were any.
pub(crate) async fn unlist(
    session: &Session<'_>,
    app: &KeyHolder,
    key_ids: &[String],
) -> std::result::Result<bool, ClientError> {
    let kept: Vec<Value> = app
        .key_credentials
        .iter()
        .filter(|entry| !key_ids.contains(&KeyCredential::of(entry).key_id))
        .cloned()
        .collect();
    if kept.len() == app.key_credentials.len() {
        return Ok(false);
    }
    let request = key_credentials::set_request(&app.id, &kept, "removing certificate");
    session.send(&request).await?;
    Ok(true)
}

fn describe(session: &Session<'_>, found: &Listed, client_id: &str) -> Map {
    let expires = found.stored.expires;
    outputs([
        ("key-id", json!(found.stored.key_id)),
        ("thumbprint", json!(found.thumbprint)),
        ("expires", json!(credential::shown(expires))),
        ("warn-from", json!(credential::shown(credential::warn_from(session.settings, expires)))),
        ("vault-name", json!(names::certificate_vault_name(&found.thumbprint))),
        ("client-id", json!(client_id)),
    ])
}

fn undo_of(app: &str, found: &Listed) -> Value {
    json!({
        "object-id": app,
        "key-id": found.stored.key_id,
        "thumbprint": found.thumbprint,
    })
}

/// Lists `certificate` on the application under `name`, in place of the entries in `orphans` and of
/// an entry of its own that an earlier attempt made.
async fn list(
    session: &Session<'_>,
    app: &KeyHolder,
    certificate: &Certificate,
    name: &str,
    orphans: &[String],
    lag: Lag,
) -> Result<Listed> {
    let thumbprint = certificate.thumbprint();
    let key_id = names::certificate_key_id(&thumbprint);
    let mut entries: Vec<Value> = app
        .key_credentials
        .iter()
        .filter(|entry| {
            let entry = KeyCredential::of(entry);
            entry.key_id != key_id && !orphans.contains(&entry.key_id)
        })
        .cloned()
        .collect();
    let (start, end) = (seconds(certificate.starts()), seconds(certificate.expires()));
    entries.push(key_credentials::entry(&key_id, name, certificate.der(), &start, &end));
    let request = key_credentials::set_request(&app.id, &entries, "adding certificate");
    session.send(&request).await.map_err(|error| classify(error, lag))?;
    let expires = Some(certificate.expires());
    let stored = Stored { key_id, name: name.to_owned(), expires, in_vault: true };
    Ok(Listed { stored, thumbprint })
}

/// With a certificate from a file there is nothing to choose: it is listed or it is not.
async fn apply_own(
    session: &Session<'_>,
    step: &StepCall,
    app: &KeyHolder,
    tag: &str,
    lag: Lag,
) -> Result<Applied> {
    let certificate = key::from_settings(session)?;
    let thumbprint = certificate.certificate.thumbprint();
    key::seal(session, &certificate).await?;
    let mut present = app.key_credentials.iter().map(KeyCredential::of);
    let same = |one: &KeyCredential| one.thumbprint().as_deref() == Some(thumbprint.as_str());
    if let Some(entry) = present.find(same) {
        let name = entry.display_name.unwrap_or_default();
        if credential::is_always_new(step) && name != tag {
            return Err(key::already_in_use(session, &thumbprint));
        }
        let ours = name.starts_with(&names::secret_prefix(session.connector));
        let expires = Some(certificate.certificate.expires());
        let stored = Stored { key_id: entry.key_id, name, expires, in_vault: true };
        let found = Listed { stored, thumbprint };
        let outputs = describe(session, &found, &app.app_id);
        return Ok(if ours {
            did(applied::UNCHANGED, outputs, undo_of(&app.id, &found))
        } else {
            did(applied::ADOPTED, outputs, json!(null))
        });
    }
    let found = list(session, app, &certificate.certificate, tag, &[], lag).await?;
    let outputs = describe(session, &found, &app.app_id);
    Ok(did(applied::CREATED, outputs, undo_of(&app.id, &found)))
}

async fn apply_made(
    session: &Session<'_>,
    step: &StepCall,
    app: &KeyHolder,
    tag: &str,
    lag: Lag,
) -> Result<Applied> {
    let all = listed(session, app).await?;
    let stored: Vec<Stored> = all.iter().map(|one| one.stored.clone()).collect();
    let always_new = credential::is_always_new(step);
    let decide = if always_new { decision::decide_new } else { decision::decide };
    match decide(&stored, tag, session.host.now()) {
        Decision::Use(chosen) => {
            let found = all.iter().find(|one| one.stored.key_id == chosen.key_id);
            let found = found.ok_or_else(|| {
                Error::new(kind::UNEXPECTED, "internal error: the chosen certificate is not listed")
            })?;
            key::finished(session).await?;
            let outputs = describe(session, found, &app.app_id);
            Ok(did(applied::UNCHANGED, outputs, undo_of(&app.id, found)))
        }
        Decision::Mint { orphans } => {
            let made = key::under_way(session).await?;
            key::seal(session, &made).await?;
            let found = list(session, app, &made.certificate, tag, &orphans, lag).await?;
            key::finished(session).await?;
            let outputs = describe(session, &found, &app.app_id);
            Ok(did(applied::CREATED, outputs, undo_of(&app.id, &found)))
        }
    }
}

/// The certificate of the file, as the application shows it.
fn observe_own(session: &Session<'_>, app: &KeyHolder) -> Result<Observation> {
    let certificate = key::from_settings(session)?.certificate;
    let thumbprint = certificate.thumbprint();
    let found = app
        .key_credentials
        .iter()
        .map(KeyCredential::of)
        .find(|one| one.thumbprint().as_deref() == Some(thumbprint.as_str()));
    let Some(entry) = found else {
        return Ok(absent(format!("the application does not list the certificate {thumbprint}")));
    };
    let name = entry.display_name.unwrap_or_default();
    let ours = name.starts_with(&names::secret_prefix(session.connector));
    let expires = Some(certificate.expires());
    let stored = Stored { key_id: entry.key_id, name, expires, in_vault: true };
    let outputs = describe(session, &Listed { stored, thumbprint }, &app.app_id);
    if !ours {
        return Ok(foreign(outputs, "somebody else listed this certificate"));
    }
    let detail = credential::warning(session.settings, expires, session.host.now());
    Ok(Observation { detail, ..matches(outputs) })
}

#[async_trait]
impl Family for Certificates {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(id) = known(step, "application.object-id") else {
            return Ok(absent("the application does not exist yet"));
        };
        let app = read(session, id, Lag::Impossible).await?;
        if credential::is_always_new(step) {
            return Ok(absent("a new certificate is listed beside the one in use"));
        }
        if session.settings.credential.certificate().is_some() {
            return observe_own(session, &app);
        }
        let all = listed(session, &app).await?;
        let stored: Vec<Stored> = all.iter().map(|one| one.stored.clone()).collect();
        let now = session.host.now();
        let chosen = decision::usable(&stored, now).map(|chosen| &chosen.key_id);
        Ok(match all.iter().find(|one| Some(&one.stored.key_id) == chosen) {
            Some(found) => Observation {
                detail: credential::warning(session.settings, found.stored.expires, now),
                ..matches(describe(session, found, &app.app_id))
            },
            None => absent("there is no unexpired certificate whose key the vault has"),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let _alone = session.credentials.lock().await;
        let id = needed(&request.step, "application.object-id")?;
        let lag = Lag::when(is_fresh(&request.step, "application.fresh"));
        let app = read(session, id, lag).await?;
        let tag = names::secret_tag(session.connector, &request.key);
        if session.settings.credential.certificate().is_some() {
            apply_own(session, &request.step, &app, &tag, lag).await
        } else {
            apply_made(session, &request.step, &app, &tag, lag).await
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let name = own_output(&request.outputs, "vault-name")?;
        let client_id = own_output(&request.outputs, "client-id")?;
        let key_id = own_output(&request.outputs, "key-id")?;
        let id = needed(&request.step, "application.object-id")?;
        let app: Option<KeyHolder> = session
            .find(&key_credentials::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Possible))?;
        let shown = app.is_some_and(|app| {
            app.key_credentials.iter().any(|entry| KeyCredential::of(entry).key_id == key_id)
        });
        if !shown {
            return Ok(not_ready("the application does not list the certificate yet"));
        }
        let proof = proof::from_vault(session, name).await?;
        credential::accepted(session, client_id, proof).await
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let _alone = session.credentials.lock().await;
        let (id, key_id) = (undo_field(undo, "object-id")?, undo_field(undo, "key-id")?);
        let thumbprint = undo_field(undo, "thumbprint")?;
        let app: Option<KeyHolder> = session
            .find(&key_credentials::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let was_listed = match app {
            Some(app) => unlist(session, &app, &[key_id.to_owned()])
                .await
                .map_err(|error| classify(error, Lag::Impossible))?,
            None => false,
        };
        // Last: while the certificate works, its key must not be lost.
        session.host.remove_secret(&names::certificate_vault_name(thumbprint)).await?;
        Ok(if was_listed { removed("took the certificate off the application") } else { gone() })
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let (id, key_id) = (undo_field(undo, "object-id")?, undo_field(undo, "key-id")?);
        let app: Option<KeyHolder> = session
            .find(&key_credentials::get_request(id))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let listed = app.is_some_and(|app| {
            app.key_credentials.iter().any(|entry| KeyCredential::of(entry).key_id == key_id)
        });
        if listed {
            return Ok(still("the application still lists the certificate"));
        }
        let name = names::certificate_vault_name(undo_field(undo, "thumbprint")?);
        let kept = session.host.secret(&name).await?.is_some();
        Ok(still_if(kept, "the vault still keeps the certificate's key"))
    }
}
