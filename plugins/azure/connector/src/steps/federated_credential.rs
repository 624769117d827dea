//! `federated-credential`: whose tokens the application takes for its own. No secret is made, so
//! there is none to keep, to hand over or to replace.

use serde_json::{Value, json};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::graph::federated_credentials::{
    self, FEDERATED_MAX, FederatedCredential, NewFederatedCredential,
};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Error, Result, async_trait, kind};

use crate::errors::{Lag, classify, known_as};
use crate::names;
use crate::outcome::{
    absent, change, compared, did, foreign, gone, is_fresh, known, matches, needed, not_ready,
    nothing_left, outputs, own_output, ready, removed, still_if, undo_field,
};
use crate::proof::Proof;
use crate::session::Session;
use crate::settings::{Federation, Settings};
use crate::steps::Family;
use crate::steps::credential;
use crate::template::{APPLICATION_ADMINISTRATOR, MINUTE_MS, call, undo, wait, words};

pub(crate) const KIND: &str = "federated-credential";

/// Says whose it is; ours are known by it.
const DESCRIPTION: &str = "Managed by Skybridge.";

pub(crate) struct FederatedCredentials;

pub(crate) fn template(connector: &str, settings: &Settings, graph: &str) -> StepTemplate {
    let url =
        format!("{graph}/v1.0/applications/<application.object-id>/federatedIdentityCredentials");
    let by_id = format!("{url}/<<credential-id>");
    let desired = settings.credential.federation().map(|federation| {
        json!({
            "name": name(connector, federation),
            "issuer": federation.issuer,
            "subject": federation.subject,
            "audience": federation.audience,
        })
    });
    StepTemplate {
        kind: KIND.into(),
        title: "let the application take the issuer's tokens for its own".into(),
        group: "Credential".into(),
        effect: effect::ENSURE.into(),
        desired: desired.unwrap_or_default(),
        inputs: words(["application.object-id", "application.client-id", "application.fresh"]),
        outputs: words(["client-id", "name", "issuer", "subject", "audience"]),
        calls: vec![
            call("GET", url.clone(), "Application.Read.All"),
            call("POST", url, APPLICATION_ADMINISTRATOR),
        ],
        undo: undo(
            "take the federated credential off the application",
            vec![call("DELETE", by_id, APPLICATION_ADMINISTRATOR)],
        ),
        readiness: wait("the directory shows the federated credential", 3, 5 * MINUTE_MS),
        throttle: "graph".into(),
        notes: vec!["no secret is made: issuer, subject and audience are compared exactly".into()],
        ..StepTemplate::default()
    }
}

fn name(connector: &str, federation: Federation<'_>) -> String {
    federation.name.map_or_else(|| names::federated(connector), str::to_owned)
}

/// What there is of what is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Found<'a> {
    /// Nothing, and room for it.
    Nothing,
    /// It, under our name or another.
    Same(&'a FederatedCredential),
    /// Issuer and subject for another audience: one of each pair is all there can be.
    OtherAudience(&'a FederatedCredential),
    /// Our name for somebody else.
    NameTaken(&'a FederatedCredential),
    /// No room.
    Full,
}

fn find<'a>(list: &'a [FederatedCredential], name: &str, wanted: Federation<'_>) -> Found<'a> {
    let same =
        |one: &&FederatedCredential| one.issuer == wanted.issuer && one.subject == wanted.subject;
    if let Some(found) = list.iter().find(same) {
        return if found.audiences.len() == 1 && found.audiences[0] == wanted.audience {
            Found::Same(found)
        } else {
            Found::OtherAudience(found)
        };
    }
    if let Some(found) = list.iter().find(|one| one.name.eq_ignore_ascii_case(name)) {
        return Found::NameTaken(found);
    }
    if list.len() >= FEDERATED_MAX { Found::Full } else { Found::Nothing }
}

fn is_ours(found: &FederatedCredential) -> bool {
    found.description.as_deref() == Some(DESCRIPTION)
}

fn refuse(message: String, code: &str, help: &str) -> Error {
    Error::new(kind::PRECONDITION, message)
        .code(code)
        .operation("creating federated credential")
        .help(help)
}

fn name_taken(found: &FederatedCredential) -> Error {
    let message = format!(
        "the application has a federated credential `{}` for the issuer `{}` and the subject `{}`",
        found.name, found.issuer, found.subject
    );
    refuse(message, "AZ-CRED-007", "remove it, or choose another `credential.name`")
}

fn full() -> Error {
    let message = format!("the application has {FEDERATED_MAX} federated credentials, the most");
    Error::new(kind::QUOTA, message)
        .code("AZ-CRED-008")
        .operation("creating federated credential")
        .help("remove one that nobody needs")
}

fn others_audience(found: &FederatedCredential) -> Error {
    let message = format!(
        "the federated credential `{}` that somebody else made is for the audience `{}`",
        found.name,
        found.audiences.join(", ")
    );
    let help = "set `credential.audience` to that, or have its owner change it";
    refuse(message, "AZ-CRED-009", help)
}

fn wanted<'a>(session: &'a Session<'_>) -> Result<Federation<'a>> {
    session.settings.credential.federation().ok_or_else(|| {
        Error::new(kind::CONTRACT_VIOLATION, "internal error: the credential is not federated")
    })
}

fn describe(name: &str, wanted: Federation<'_>, client_id: &str) -> Map {
    outputs([
        ("client-id", json!(client_id)),
        ("name", json!(name)),
        ("issuer", json!(wanted.issuer)),
        ("subject", json!(wanted.subject)),
        ("audience", json!(wanted.audience)),
    ])
}

fn undo_of(app: &str, found: &FederatedCredential) -> Value {
    json!({ "object-id": app, "id": found.id })
}

async fn list(session: &Session<'_>, id: &str, lag: Lag) -> Result<Vec<FederatedCredential>> {
    session
        .list(federated_credentials::list_request(id))
        .await
        .map_err(|error| classify(error, lag))
}

async fn create(
    session: &Session<'_>,
    app: &str,
    name: &str,
    wanted: Federation<'_>,
    lag: Lag,
) -> Result<FederatedCredential> {
    let new = NewFederatedCredential {
        name,
        issuer: wanted.issuer,
        subject: wanted.subject,
        audience: wanted.audience,
        description: DESCRIPTION,
    };
    session.json(&federated_credentials::create_request(app, new)).await.map_err(|error| {
        // The list lags: somebody else has made the last ones a moment ago.
        let full_after_all = error.service().is_some_and(|it| it.is("Directory_QuotaExceeded"));
        if full_after_all { known_as(full(), &error) } else { classify(error, lag) }
    })
}

#[async_trait]
impl Family for FederatedCredentials {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let Some(id) = known(step, "application.object-id") else {
            return Ok(absent("the application does not exist yet"));
        };
        let client_id = needed(step, "application.client-id")?;
        let wanted = wanted(session)?;
        let name = name(session.connector, wanted);
        let list = list(session, id, Lag::Impossible).await?;
        Ok(match find(&list, &name, wanted) {
            Found::Nothing => absent("the application does not know the issuer and subject"),
            Found::Same(found) if is_ours(found) => {
                matches(describe(&found.name, wanted, client_id))
            }
            Found::Same(found) => {
                let detail = format!("somebody else made it as `{}`", found.name);
                foreign(describe(&found.name, wanted, client_id), detail)
            }
            Found::OtherAudience(found) if is_ours(found) => {
                let (from, to) = (json!(found.audiences), json!([wanted.audience]));
                let change = change("audience", from, to);
                compared(describe(&found.name, wanted, client_id), change.into_iter().collect())
            }
            Found::OtherAudience(found) => return Err(others_audience(found)),
            Found::NameTaken(found) => return Err(name_taken(found)),
            Found::Full => return Err(full()),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let _alone = session.credentials.lock().await;
        let id = needed(&request.step, "application.object-id")?;
        let client_id = needed(&request.step, "application.client-id")?;
        let lag = Lag::when(is_fresh(&request.step, "application.fresh"));
        let wanted = wanted(session)?;
        let name = name(session.connector, wanted);
        let list = list(session, id, lag).await?;
        match find(&list, &name, wanted) {
            Found::Same(found) => {
                let outputs = describe(&found.name, wanted, client_id);
                Ok(if is_ours(found) {
                    did(applied::UNCHANGED, outputs, undo_of(id, found))
                } else {
                    did(applied::ADOPTED, outputs, json!(null))
                })
            }
            Found::OtherAudience(found) if is_ours(found) => {
                let request =
                    federated_credentials::set_audience_request(id, &found.id, wanted.audience);
                session.send(&request).await.map_err(|error| classify(error, lag))?;
                let outputs = describe(&found.name, wanted, client_id);
                Ok(did(applied::UPDATED, outputs, undo_of(id, found)))
            }
            Found::OtherAudience(found) => Err(others_audience(found)),
            Found::NameTaken(found) => Err(name_taken(found)),
            Found::Full => Err(full()),
            Found::Nothing => {
                let made = create(session, id, &name, wanted, lag).await?;
                let outputs = describe(&name, wanted, client_id);
                Ok(did(applied::CREATED, outputs, undo_of(id, &made)))
            }
        }
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        let id = needed(&request.step, "application.object-id")?;
        let client_id = own_output(&request.outputs, "client-id")?;
        let wanted = wanted(session)?;
        let list = list(session, id, Lag::Possible).await?;
        if !matches!(find(&list, "", wanted), Found::Same(_)) {
            return Ok(not_ready("the application does not list the federated credential yet"));
        }
        match session.settings.credential.assertion() {
            Some(file) => {
                let proof = Proof::assertion(file, wanted);
                credential::accepted(session, client_id, proof).await
            }
            None => Ok(ready()),
        }
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let (app, id) = (undo_field(undo, "object-id")?, undo_field(undo, "id")?);
        match session.send(&federated_credentials::delete_request(app, id)).await {
            Ok(_) => Ok(removed("took the federated credential off the application")),
            Err(error) if error.is_status(404) => Ok(gone()),
            Err(error) => Err(classify(error, Lag::Impossible)),
        }
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let (app, id) = (undo_field(undo, "object-id")?, undo_field(undo, "id")?);
        let listed: std::result::Result<Vec<FederatedCredential>, ClientError> =
            session.list(federated_credentials::list_request(app)).await;
        match listed {
            Ok(list) => {
                let there = list.iter().any(|one| one.id == id);
                Ok(still_if(there, "the application still lists the federated credential"))
            }
            Err(error) if error.is_status(404) => Ok(nothing_left()),
            Err(error) => Err(classify(error, Lag::Impossible)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(name: &str, subject: &str, audience: &str) -> FederatedCredential {
        FederatedCredential {
            id: format!("id-of-{name}"),
            name: name.into(),
            issuer: "https://i".into(),
            subject: subject.into(),
            audiences: vec![audience.into()],
            description: None,
        }
    }

    #[test]
    fn table() {
        let wanted = Federation { issuer: "https://i", subject: "s", audience: "a", name: None };
        let look = |list: &[FederatedCredential]| format!("{:?}", find(list, "ours", wanted));
        assert_eq!(look(&[]), "Nothing");
        assert!(look(&[credential("ours", "s", "a")]).starts_with("Same"));
        assert!(look(&[credential("theirs", "s", "a")]).starts_with("Same"), "adopted");
        assert!(look(&[credential("ours", "s", "b")]).starts_with("OtherAudience"));
        assert!(look(&[credential("OURS", "t", "a")]).starts_with("NameTaken"));
        assert_eq!(look(&[credential("theirs", "S", "a")]), "Nothing", "compared exactly");
        let many: Vec<_> =
            (0..20).map(|n| credential(&format!("c{n}"), &format!("s{n}"), "a")).collect();
        assert_eq!(look(&many), "Full");
        assert_eq!(look(&many[1..]), "Nothing");
    }
}
