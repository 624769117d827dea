//! Taking a step back, and looking whether anything of it is left.

use std::collections::BTreeSet;

use serde_json::Value;
use skybridge_engine::{Applied, Ready, RetryClass, StepError};
use skybridge_plan::{Performer as Who, PlannedStep, Undoing};
use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::onboard::UndoRequest;
use uuid::Uuid;

use crate::handover::{Connection, Given};
use crate::perform::{Context, broken, step_error};

/// What undoing did, as journals and summaries call it.
const REMOVED: &str = "removed";
const GONE: &str = "gone already";

/// A kind of steps whose plugin cannot look for what it undid.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Unproved {
    pub(crate) plugin: String,
    pub(crate) kind: String,
}

fn requests(step: &PlannedStep<'_>) -> Result<Vec<UndoRequest>, StepError> {
    let address = step.address().to_string();
    let undoing = Undoing::of(step)
        .ok_or_else(|| broken(format!("internal error: {address}: the plan does not say how")))?;
    let request = |undo: Value| UndoRequest {
        address: address.clone(),
        kind: step.kind().to_owned(),
        undo,
        purge: undoing.purge,
    };
    Ok(undoing.undo.into_iter().map(request).collect())
}

impl Context {
    /// Takes one step back.
    pub(crate) async fn take_back(
        &self,
        step: &PlannedStep<'_>,
        key: Uuid,
    ) -> Result<Applied, StepError> {
        if step.performer() == Who::Host {
            return self.withdraw(step, key).await;
        }
        let instance = self.instance(step)?;
        let (mut removed, mut details, mut told) = (false, Vec::new(), Vec::new());
        for request in requests(step)? {
            let undone = instance.undo(&request).await.map_err(step_error)?;
            removed |= undone.removed;
            details.extend(undone.detail);
            undone.rate_limits.into_iter().for_each(|limit| limit.add_to(&mut told));
        }
        let done = undone(removed, (!details.is_empty()).then(|| details.join("; ")));
        Ok(Applied { rate_limits: told, ..done })
    }

    /// Looks once. A plugin that cannot look is believed; the summary says so.
    pub(crate) async fn nothing_is_left(&self, step: &PlannedStep<'_>) -> Result<Ready, StepError> {
        if step.performer() == Who::Host {
            let connector = &step.connector().name;
            let path = self.state.connection(connector);
            let reason = format!("{} is there", path.display());
            let ready = !path.exists();
            return Ok(Ready { ready, reason: (!ready).then_some(reason), ..Ready::default() });
        }
        let instance = self.instance(step)?;
        let mut told = Vec::new();
        for request in requests(step)? {
            match instance.remains(&request).await {
                Ok(found) => {
                    found.rate_limits.into_iter().for_each(|limit| limit.add_to(&mut told));
                    if found.remains {
                        let reason = found.detail;
                        return Ok(Ready { ready: false, reason, rate_limits: told });
                    }
                }
                Err(error) if error.kind == kind::UNSUPPORTED => {}
                Err(error) => return Err(step_error(error)),
            }
        }
        Ok(Ready { ready: true, reason: None, rate_limits: told })
    }

    /// The platform first, the record last: what has no record was withdrawn.
    async fn withdraw(&self, step: &PlannedStep<'_>, key: Uuid) -> Result<Applied, StepError> {
        let undo = Undoing::of(step).and_then(|undoing| undoing.undo.into_iter().next());
        // Earlier versions knew no platforms and left nothing but the record.
        let given: Option<Given> = undo.and_then(|undo| serde_json::from_value(undo).ok());
        let mut detail = None;
        if let Some(Given { connection, platform, delivery }) = given {
            let told = self.platforms.withdraw(&connection, platform, key, &delivery).await?;
            detail = told.map(|told| told.detail);
        }
        let removed = Connection::remove(&self.state, &step.connector().name).map_err(|error| {
            let message = format!("removing the connection's record: {error}");
            StepError::new(kind::UNAVAILABLE, RetryClass::Permanent, message)
        })?;
        Ok(undone(removed, detail))
    }
}

fn undone(removed: bool, detail: Option<String>) -> Applied {
    let action = if removed { REMOVED } else { GONE };
    Applied { action: action.to_owned(), detail, ..Applied::default() }
}

/// The kinds of steps that were taken back and cannot be looked for: one step of each is asked.
pub(crate) async fn unproved(context: &Context) -> Vec<Unproved> {
    let mut asked = BTreeSet::new();
    let mut unproved = BTreeSet::new();
    for step in context.plan.steps().filter(|step| step.performer() == Who::Plugin) {
        let plugin = &step.connector().plugin;
        let it = Unproved { plugin: plugin.clone(), kind: step.kind().to_owned() };
        if !asked.insert(it.clone()) {
            continue;
        }
        let (Ok(instance), Ok(requests)) = (context.instance(&step), requests(&step)) else {
            continue;
        };
        let Some(request) = requests.first() else { continue };
        let answer = instance.remains(request).await;
        if answer.is_err_and(|error| error.kind == kind::UNSUPPORTED) {
            unproved.insert(it);
        }
    }
    unproved.into_iter().collect()
}
