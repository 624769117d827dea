//! From the events back to where everything stands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use skybridge_model::Address;

use crate::format::v1::Event;
use crate::status::{IllegalEvent, RunPhase, Status};
use crate::{Map, RetryClass, RunId, StepError};

/// Where a run stands: what its journal says, summed up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunState {
    /// The run; nothing while the journal is empty.
    pub run: Option<RunId>,
    /// What identifies the plan.
    pub plan: Option<String>,
    /// Where the run as a whole stands.
    pub phase: RunPhase,
    /// When a process first took it up.
    pub started: Option<Timestamp>,
    /// When the last dated event happened.
    pub last: Option<Timestamp>,
    /// The steps something was written about.
    pub steps: BTreeMap<Address, StepState>,
}

/// Where a step stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepState {
    /// Its status.
    pub status: Status,
    /// Attempts that were intended, over all processes.
    pub attempts: u32,
    /// Attempts that failed because something was unwell: what the retry budget counts.
    pub unwell: u32,
    /// What was done, once it was.
    pub action: Option<String>,
    /// For people: what was done.
    pub detail: Option<String>,
    /// What dependents may read.
    pub outputs: Map,
    /// What undoing needs to know; null when there is nothing to undo. A step that was applied and
    /// then failed keeps it.
    pub undo: Value,
    /// Why the last attempt did not work.
    pub error: Option<StepError>,
    /// The failed step that kept this one from starting.
    pub because: Option<Address>,
    /// When it was first intended.
    pub started: Option<Timestamp>,
    /// When the last dated event happened.
    pub last: Option<Timestamp>,
}

/// Why events do not add up to a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// An event cannot follow on those before it.
    #[error("event {sequence}{}: {illegal}", .address.as_ref().map(|a| format!(" ({a})")).unwrap_or_default())]
    Illegal {
        /// Which event, from 1.
        sequence: u64,
        /// The step, when it is about one.
        address: Option<Address>,
        /// What does not fit.
        illegal: IllegalEvent,
    },
    /// The run was taken up under another name or with another plan.
    #[error(
        "event {sequence}: the run goes on as run {found} of plan {found_plan}, but began as run {run} of plan {plan}"
    )]
    OtherRun {
        /// Which event, from 1.
        sequence: u64,
        /// The run it began as.
        run: RunId,
        /// The plan it began with.
        plan: String,
        /// The run the event names.
        found: RunId,
        /// The plan the event names.
        found_plan: String,
    },
}

/// Sums up events.
///
/// # Errors
/// [`ReplayError`] names the first event that does not fit.
pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<RunState, ReplayError> {
    let mut state = RunState::default();
    for (sequence, event) in (1..).zip(events) {
        state.absorb(sequence, event)?;
    }
    Ok(state)
}

impl RunState {
    /// Takes in the next event. `sequence` (from 1) is for the error only.
    ///
    /// # Errors
    /// [`ReplayError`] when the event does not fit; the state is then as it was.
    pub fn absorb(&mut self, sequence: u64, event: &Event) -> Result<(), ReplayError> {
        let refused =
            |illegal| ReplayError::Illegal { sequence, address: event.address().cloned(), illegal };
        let phase = self.phase.next(event).map_err(refused)?;
        match event {
            Event::RunStarted { run, plan, at } => self.take_up(sequence, *run, plan, *at)?,
            Event::RunInterrupted { at } | Event::RunFinished { at, .. } => self.last = Some(*at),
            _ => {
                if let Some(address) = event.address() {
                    let known = self.steps.get(address).map_or(Status::Pending, |s| s.status);
                    let status = known.next(event).map_err(refused)?;
                    let step = self.steps.entry(address.clone()).or_default();
                    step.status = status;
                    step.absorb(event);
                    self.last = step.last.max(self.last);
                }
            }
        }
        self.phase = phase;
        Ok(())
    }

    fn take_up(
        &mut self,
        sequence: u64,
        found: RunId,
        found_plan: &str,
        at: Timestamp,
    ) -> Result<(), ReplayError> {
        if let (Some(run), Some(plan)) = (self.run, &self.plan)
            && (run != found || plan != found_plan)
        {
            let (plan, found_plan) = (plan.clone(), found_plan.to_owned());
            return Err(ReplayError::OtherRun { sequence, run, plan, found, found_plan });
        }
        self.run = Some(found);
        self.plan = Some(found_plan.to_owned());
        self.started.get_or_insert(at);
        self.last = Some(at);
        Ok(())
    }
}

impl StepState {
    /// What an event that was found legal says besides the status.
    fn absorb(&mut self, event: &Event) {
        match event {
            Event::StepSettled { outputs, .. } => self.outputs = outputs.clone(),
            Event::StepIntended { attempt, at, .. } => {
                self.attempts = attempt.saturating_add(1);
                self.started.get_or_insert(*at);
                self.last = Some(*at);
            }
            Event::StepApplied { action, outputs, undo, detail, at, .. } => {
                self.action = Some(action.clone());
                self.detail.clone_from(detail);
                self.outputs = outputs.clone();
                self.undo = undo.clone();
                self.error = None;
                self.last = Some(*at);
            }
            Event::StepReady { at, .. } => self.last = Some(*at),
            Event::StepFailed { error, at, .. } => {
                self.unwell += u32::from(error.class == RetryClass::Transient);
                self.error = Some(error.clone());
                self.last = Some(*at);
            }
            Event::StepSkipped { because, .. } => self.because = Some(because.clone()),
            Event::RunStarted { .. } | Event::RunInterrupted { .. } | Event::RunFinished { .. } => {
            }
        }
    }
}

#[cfg(test)]
mod tests;
