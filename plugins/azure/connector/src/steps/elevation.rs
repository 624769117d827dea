//! `elevation` and `elevation-removal`: the operator, a Global Administrator, takes the right to
//! assign at the root management group for the time that takes, and gives it back whatever happens.
//!
//! What must never happen is that the elevation stays and nobody knows. So the vault gets a marker
//! *before* the elevation is asked for, and loses it only *after* the elevation was seen to be gone;
//! the removal goes by the marker alone, whichever run left it. An operator who held the right
//! already is not elevated, gets no marker, and keeps the right.

use serde_json::{Value, json};
use skybridge_azure_client::Service;
use skybridge_azure_client::arm::{management_groups, permissions};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{
    Applied, ApplyRequest, Change, Observation, Ready, ReadyRequest, Remains, StepCall, Undone,
    applied, observed,
};
use skybridge_plugin_sdk::{Result, async_trait};

use crate::errors::{Lag, classify};
use crate::outcome::{
    absent, did, gone, known, matches, nothing_left, outputs, ready, ready_if, removed, still,
};
use crate::roles::MANAGEMENT_GROUP_READER;
use crate::session::Session;
use crate::steps::Family;
use crate::steps::role_assignment::seen_from_below;
use crate::template::ASSIGN;

mod marker;
mod taking;
mod template;

pub(crate) use taking::{GivenBack, give_back, is_being_given_back, take};
pub(crate) use template::{removal_template, template};

pub(crate) const KIND: &str = "elevation";
pub(crate) const REMOVAL_KIND: &str = "elevation-removal";

pub(crate) struct Elevation;
pub(crate) struct ElevationRemoval;

/// Whether the operator may assign roles at the root management group. What is wrong with the group
/// itself is for the assignment to say.
async fn may_assign(session: &Session<'_>) -> Result<bool> {
    let scope = management_groups::scope(&session.settings.tenant_id());
    let listed = session.list::<permissions::Permission>(permissions::list_request(&scope)).await;
    match listed {
        Ok(grants) => Ok(permissions::any_allows(&grants, ASSIGN)),
        Err(error) if error.is_status(403) => Ok(false),
        Err(error) if error.is_status(404) => Ok(true),
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}

/// Why there is no need to elevate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needless {
    Assigned,
    Allowed,
}

impl Needless {
    const fn text(self) -> &'static str {
        match self {
            Self::Assigned => "the role at the root management group is assigned already",
            Self::Allowed => "the operator may assign at the root management group",
        }
    }
}

async fn needless(session: &Session<'_>, step: &StepCall) -> Result<Option<Needless>> {
    if let Some(principal) = known(step, "service-principal.object-id") {
        let role = MANAGEMENT_GROUP_READER.id.unwrap_or_default();
        let scope = management_groups::scope(&session.settings.tenant_id());
        if seen_from_below(session, step, &scope, principal, role).await?.is_some() {
            return Ok(Some(Needless::Assigned));
        }
    }
    Ok(may_assign(session).await?.then_some(Needless::Allowed))
}

fn describe(elevated: bool) -> Map {
    outputs([("elevated", json!(elevated))])
}

/// `elevated`: the right is in use, by our elevation. `ours`: there is something to take back.
fn unchanged(detail: &str, elevated: bool, ours: bool) -> Applied {
    let done = did(applied::UNCHANGED, describe(elevated), undo_of(ours));
    Applied { detail: Some(detail.into()), ..done }
}

/// Undoing an elevation is removing it; one that was never ours is left alone.
fn undo_of(elevated: bool) -> Value {
    if elevated { json!({ "marker": marker::NAME }) } else { json!(null) }
}

#[async_trait]
impl Family for Elevation {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        Ok(match needless(session, step).await? {
            Some(why) => {
                Observation { detail: Some(why.text().into()), ..matches(describe(false)) }
            }
            None => absent("the operator may not assign at the root management group"),
        })
    }

    async fn apply(&self, session: &Session<'_>, request: &ApplyRequest) -> Result<Applied> {
        let ours = marker::read(session).await?.is_some();
        if let Some(why) = needless(session, &request.step).await? {
            let elevated = ours && why == Needless::Allowed;
            return Ok(unchanged(why.text(), elevated, ours));
        }
        if !ours && taking::holds_already(session).await? {
            let detail = "the operator is elevated already, not by us: it stays";
            return Ok(unchanged(detail, false, false));
        }
        take(session).await?;
        let detail = "the operator is User Access Administrator at `/` until it is taken back";
        let done = did(applied::CREATED, describe(true), undo_of(true));
        Ok(Applied { detail: Some(detail.into()), ..done })
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        if request.outputs.get("elevated") != Some(&Value::Bool(true)) {
            return Ok(ready());
        }
        // A token shows the rights it was issued with.
        session
            .client
            .fresh_token(Service::ResourceManager)
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        Ok(ready_if(may_assign(session).await?, "the elevation is not in effect yet"))
    }

    async fn undo(&self, session: &Session<'_>, _undo: &Value) -> Result<Undone> {
        Ok(match give_back(session).await? {
            GivenBack::NothingOfOurs => gone(),
            GivenBack::Removed => removed("removed the operator's elevation"),
        })
    }

    async fn remains(&self, session: &Session<'_>, _undo: &Value) -> Result<Remains> {
        Ok(match marker::read(session).await? {
            Some(marker) => still(format!("the operator {} is elevated", marker.operator)),
            None => nothing_left(),
        })
    }
}

#[async_trait]
impl Family for ElevationRemoval {
    async fn observe(&self, session: &Session<'_>, step: &StepCall) -> Result<Observation> {
        let removed = outputs([("removed", json!(false))]);
        if let Some(marker) = marker::read(session).await? {
            let from = format!("{} is elevated since {}", marker.operator, marker.at);
            let change =
                Change { path: "elevation".into(), from: json!(from), to: json!("removed") };
            return Ok(Observation {
                state: observed::DIFFERS.into(),
                outputs: removed,
                changes: vec![change],
                detail: Some("an earlier run ended before it could remove the elevation".into()),
                ..Observation::default()
            });
        }
        // Known while planning only if there will be no elevation.
        Ok(match step.inputs.get("elevation.elevated").and_then(Value::as_bool) {
            Some(false) => matches(removed),
            _ => absent("the elevation is removed as soon as the role is assigned"),
        })
    }

    async fn apply(&self, session: &Session<'_>, _request: &ApplyRequest) -> Result<Applied> {
        let (action, is_removed, detail) = match give_back(session).await? {
            GivenBack::NothingOfOurs => (applied::UNCHANGED, false, "nothing of ours to remove"),
            GivenBack::Removed => (applied::UPDATED, true, "the elevation is gone"),
        };
        let done = did(action, outputs([("removed", json!(is_removed))]), json!(null));
        Ok(Applied { detail: Some(detail.into()), ..done })
    }

    async fn ready(&self, session: &Session<'_>, request: &ReadyRequest) -> Result<Ready> {
        if request.outputs.get("removed") != Some(&Value::Bool(true)) {
            return Ok(ready());
        }
        let held = taking::holds_already(session).await?;
        Ok(ready_if(!held, "the elevation is still listed"))
    }

    async fn undo(&self, _session: &Session<'_>, _undo: &Value) -> Result<Undone> {
        Ok(super::nothing_to_undo())
    }

    async fn remains(&self, _session: &Session<'_>, _undo: &Value) -> Result<Remains> {
        Ok(nothing_left())
    }
}
