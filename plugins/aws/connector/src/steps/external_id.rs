//! `external-id`: one for all accounts, in the vault: made here, or given by the vendor.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Observation, Ready, ReadyRequest, Remains, StepCall, StepTemplate,
    Undone, applied, effect,
};
use skybridge_plugin_sdk::{Result, async_trait};

use super::Family;
use crate::external_id::{self, VAULT_NAME};
use crate::outcome::{
    absent, change, compared, did, gone, matches, outputs, ready, removed, still_if, undo_field,
};
use crate::session::Session;
use crate::settings::Settings;
use crate::template::{undo, words};

pub(crate) const KIND: &str = "external-id";

pub(crate) struct ExternalId;

pub(crate) fn template(settings: &Settings) -> StepTemplate {
    let (title, from) = match &settings.external_id {
        None => ("make the external id and seal it in the vault", "made here"),
        Some(_) => ("seal the vendor's external id in the vault", "the vendor"),
    };
    StepTemplate {
        kind: KIND.into(),
        title: title.into(),
        group: "External id".into(),
        effect: effect::ENSURE.into(),
        desired: json!({ "from": from, "kept-as": VAULT_NAME }),
        outputs: words(["vault-name"]),
        undo: undo("forget the external id", vec![]),
        throttle: "vault".into(),
        notes: vec![
            "the vendor has to name it, so that nobody else can have the vendor act in these \
             accounts; whoever may read the role sees it"
                .into(),
        ],
        ..StepTemplate::default()
    }
}

fn describe() -> Map {
    outputs([("vault-name", json!(VAULT_NAME))])
}

fn undo_of() -> Value {
    json!({ "vault-name": VAULT_NAME })
}

#[async_trait]
impl Family for ExternalId {
    async fn observe(&self, session: &Session<'_>, _: &StepCall) -> Result<Observation> {
        let given = external_id::given(session.settings, session.variables)?;
        let Some(kept) = external_id::kept(session.host).await? else {
            return Ok(absent("there is no external id in the vault"));
        };
        match given {
            Some(given) if given != kept => {
                let change = change("external-id", json!("another"), json!("the vendor's"));
                Ok(compared(describe(), change.into_iter().collect()))
            }
            _ => Ok(matches(describe())),
        }
    }

    async fn apply(&self, session: &Session<'_>, _: &ApplyRequest) -> Result<Applied> {
        let given = external_id::given(session.settings, session.variables)?;
        let kept = external_id::kept(session.host).await?;
        let (id, action) = match (given, kept) {
            (None, Some(_)) => return Ok(did(applied::UNCHANGED, describe(), undo_of())),
            (Some(given), Some(kept)) if given == kept => {
                return Ok(did(applied::UNCHANGED, describe(), undo_of()));
            }
            (Some(given), Some(_)) => (given, applied::UPDATED),
            (Some(given), None) => (given, applied::CREATED),
            (None, None) => (external_id::made()?, applied::CREATED),
        };
        session.host.put_secret(VAULT_NAME, id.expose().as_bytes()).await?;
        Ok(did(action, describe(), undo_of()))
    }

    async fn ready(&self, _: &Session<'_>, _: &ReadyRequest) -> Result<Ready> {
        Ok(ready())
    }

    async fn undo(&self, session: &Session<'_>, undo: &Value) -> Result<Undone> {
        let name = undo_field(undo, "vault-name")?;
        if session.host.secret(name).await?.is_none() {
            return Ok(gone());
        }
        session.host.remove_secret(name).await?;
        Ok(removed("forgot the external id"))
    }

    async fn remains(&self, session: &Session<'_>, undo: &Value) -> Result<Remains> {
        let there = session.host.secret(undo_field(undo, "vault-name")?).await?.is_some();
        Ok(still_if(there, "the external id is still in the vault"))
    }
}
