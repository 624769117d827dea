//! `retired-credentials`: after the hand-over, what the new credential supersedes is taken off the
//! application, proved to be refused, and only then forgotten.
//!
//! Only credentials whose text this vault has are removed: those made elsewhere may be in use
//! there, and are told of. What is being removed is on a list in the vault first, because once the
//! application no longer shows it nothing else would say that its text is still to be forgotten.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use skybridge_azure_client::graph::applications::{self, Application};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify, is_refused_credential};
use crate::names;
use crate::outcome::{absent, compared, did, known, matches, needed, nothing_left, ready};
use crate::proof;
use crate::session::Session;
use crate::settings::CredentialKind;
use crate::steps::client_secret::decision::superseded;
use crate::steps::{Family, certificate, client_secret, nothing_to_undo};
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, wait};

pub(crate) const KIND: &str = "retired-credentials";

/// Where the vault keeps the list of what is being removed.
const UNDER_WAY: &str = "retired-credentials-under-way";

/// Front ends of the login service learn of a removal one by one; this many in a row must know.
const REFUSALS: u32 = 3;

pub(crate) struct RetiredCredentials;

pub(crate) fn template(
    kind: CredentialKind,
    graph: &str,
    login: &str,
    tenant: &str,
) -> StepTemplate {
    let url = format!("{graph}/v1.0/applications/<application.object-id>");
    let step = kind.step();
    StepTemplate {
        kind: KIND.into(),
        title: "remove the credentials that are superseded, and prove that they are refused".into(),
        group: "Credential".into(),
        effect: effect::ENSURE.into(),
        desired: json!({ "kept": format!("<{step}.key-id>") }),
        inputs: vec![
            "application.object-id".into(),
            "application.client-id".into(),
            format!("{step}.key-id"),
        ],
        calls: vec![
            call("GET", url.clone(), "Application.Read.All"),
            call("POST", format!("{url}/removePassword"), APPLICATION_ADMINISTRATOR),
            call("PATCH", url, APPLICATION_ADMINISTRATOR),
            call("POST", format!("{login}/{tenant}/oauth2/v2.0/token"), ""),
        ],
        readiness: wait("the login service refuses the old credentials", 1, 10 * MINUTE_MS),
        throttle: "graph".into(),
        after_handover: true,
        notes: vec![
            "credentials that were made elsewhere are left alone and named".into(),
            "tokens issued before stay valid until they expire, for about an hour".into(),
        ],
        ..StepTemplate::default()
    }
}

/// One credential that is superseded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Retired {
    key_id: String,
    /// Its place in the vault, which says what kind it is.
    vault_name: String,
}

impl Retired {
    fn is_certificate(&self) -> bool {
        self.vault_name.starts_with("certificate/")
    }
}

/// What the application shows besides the credential that is kept.
#[derive(Default)]
struct Superseded {
    ours: Vec<Retired>,
    /// Names of those made elsewhere.
    elsewhere: Vec<String>,
}

async fn look(session: &Session<'_>, id: &str, kept: &str) -> Result<Superseded> {
    let app: Application = session
        .json(&applications::get_request(id))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    let mut found = Superseded::default();
    let secrets = client_secret::stored(session, &app).await?;
    let (ours, others) = superseded(&secrets, kept);
    found.ours.extend(ours.into_iter().map(|one| Retired {
        key_id: one.key_id.clone(),
        vault_name: names::vault_name(&one.key_id),
    }));
    found.elsewhere.extend(others.into_iter().map(|one| format!("client secret {}", one.key_id)));

    let app = certificate::read(session, id, Lag::Impossible).await?;
    let listed = certificate::listed(session, &app).await?;
    for one in listed.iter().filter(|one| one.stored.key_id != kept) {
        if one.stored.in_vault {
            found.ours.push(Retired {
                key_id: one.stored.key_id.clone(),
                vault_name: names::certificate_vault_name(&one.thumbprint),
            });
        } else {
            found.elsewhere.push(format!("certificate {}", one.stored.key_id));
        }
    }
    Ok(found)
}

/// What an earlier attempt began to remove.
async fn begun(session: &Session<'_>) -> Result<Vec<Retired>> {
    let kept = session.host.secret(UNDER_WAY).await?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(bytes.expose()).ok()).unwrap_or_default())
}

/// Takes them off the application; those that are off already are fine.
async fn remove(session: &Session<'_>, id: &str, doomed: &[Retired]) -> Result<()> {
    for secret in doomed.iter().filter(|one| !one.is_certificate()) {
        client_secret::remove(session, id, &secret.key_id, Lag::Impossible).await?;
    }
    let certificates: Vec<String> =
        doomed.iter().filter(|one| one.is_certificate()).map(|one| one.key_id.clone()).collect();
    if certificates.is_empty() {
        return Ok(());
    }
    let app = certificate::read(session, id, Lag::Impossible).await?;
    certificate::unlist(session, &app, &certificates)
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(())
}

/// Signs in with what was removed, which must not work.
async fn prove_refused(session: &Session<'_>, client_id: &str, retired: &Retired) -> Result<()> {
    if session.host.secret(&retired.vault_name).await?.is_none() {
        // Forgotten by an earlier attempt, which had proved it.
        return Ok(());
    }
    let proof = proof::from_vault(session, &retired.vault_name).await?;
    for _ in 0..REFUSALS {
        let client = session.connectors.connector(client_id, proof.clone());
        let service = skybridge_azure_client::Service::ResourceManager;
        match client.fresh_token(service).await {
            Err(error) if is_refused_credential(&error) => {}
            Err(error) => return Err(classify(error, Lag::Possible)),
            Ok(_) => {
                let message =
                    format!("the login service still takes the old credential {}", retired.key_id);
                return Err(Error::new(kind::NOT_REPLICATED, message)
                    .code("AZ-ROTATE-002")
                    .operation("proving that the old credential is refused")
                    .help(
                        "a removed credential works for minutes, seldom longer; run again then, and \
                         look under Certificates & secrets whether somebody put it back",
                    ));
            }
        }
    }
    Ok(())
}

fn told(doomed: &[Retired], elsewhere: &[String]) -> Option<String> {
    let mut parts = Vec::new();
    if !doomed.is_empty() {
        let ids: Vec<&str> = doomed.iter().map(|one| one.key_id.as_str()).collect();
        parts.push(format!("removed and refused: {}", ids.join(", ")));
    }
    if !elsewhere.is_empty() {
        parts.push(format!("made elsewhere and left alone: {}", elsewhere.join(", ")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn kept_input(session: &Session<'_>) -> String {
    format!("{}.key-id", session.settings.credential.kind.step())
}

#[async_trait]
impl Family for RetiredCredentials {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let (id, kept) = (known(step, "application.object-id"), known(step, &kept_input(session)));
        let (Some(id), Some(kept)) = (id, kept) else {
            return Ok(absent("what is superseded is removed once the new credential is in use"));
        };
        let found = look(session, id, kept).await?;
        let detail = told(&[], &found.elsewhere);
        if found.ours.is_empty() && begun(session).await?.is_empty() {
            return Ok(Observation { detail, ..matches(Map::new()) });
        }
        let ids: Vec<&str> = found.ours.iter().map(|one| one.key_id.as_str()).collect();
        let change = crate::outcome::change("superseded", json!(ids), json!([]));
        Ok(Observation { detail, ..compared(Map::new(), change.into_iter().collect()) })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let _alone = session.credentials.lock().await;
        let id = needed(&request.step, "application.object-id")?;
        let client_id = needed(&request.step, "application.client-id")?;
        let kept = needed(&request.step, &kept_input(session))?;
        let found = look(session, id, kept).await?;
        let mut doomed = begun(session).await?;
        for one in found.ours {
            if !doomed.contains(&one) {
                doomed.push(one);
            }
        }
        doomed.retain(|one| one.key_id != kept);
        if !doomed.is_empty() {
            let list = serde_json::to_vec(&doomed).map_err(|_| {
                Error::new(kind::UNEXPECTED, "internal error: the list cannot be written")
            })?;
            session.host.put_secret(UNDER_WAY, &list).await?;
        }
        remove(session, id, &doomed).await?;
        for one in &doomed {
            prove_refused(session, client_id, one).await?;
        }
        for one in &doomed {
            session.host.remove_secret(&one.vault_name).await?;
        }
        session.host.remove_secret(UNDER_WAY).await?;
        let action = if doomed.is_empty() { applied::UNCHANGED } else { applied::UPDATED };
        let detail = told(&doomed, &found.elsewhere);
        Ok(Applied { detail, ..did(action, Map::new(), json!(null)) })
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
