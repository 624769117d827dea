//! The fewest events that say what a state says: what a compacted journal holds.
//!
//! Version 1 counts attempts one by one, so the intents stay. What goes is the outcome of each
//! attempt that a later one made needless: its words, which are most of a journal that grew long.

use jiff::Timestamp;
use skybridge_model::Address;

use crate::format::v1::Event;
use crate::replay::{RunState, StepState};
use crate::status::{RunPhase, Status};
use crate::{RetryClass, StepError};

/// The kind of an error whose words were left out: none of the plugin interface's.
const LEFT_OUT: u16 = 0;

/// The events, in an order in which they replay to exactly `state`.
///
/// Steps come in the order in which they were begun. The last event is about the run, never about a
/// step: should the disk damage the end of the file, no step is forgotten.
pub fn shortest(state: &RunState) -> impl Iterator<Item = Event> + '_ {
    let mut steps: Vec<(&Address, &StepState)> = state.steps.iter().collect();
    steps.sort_by_key(|(_, step)| (step.status == Status::Skipped, step.started));
    let steps = steps.into_iter().flat_map(|(address, step)| about(address, step));
    taken_up(state, state.started).into_iter().chain(steps).chain(ending(state))
}

fn taken_up(state: &RunState, at: Option<Timestamp>) -> Option<Event> {
    let (run, plan, at) = (state.run?, state.plan.clone()?, at?);
    Some(Event::RunStarted { run, plan, at })
}

fn ending(state: &RunState) -> Option<Event> {
    match state.phase {
        RunPhase::New => None,
        RunPhase::Running => taken_up(state, state.last),
        RunPhase::Interrupted => Some(Event::RunInterrupted { at: state.last? }),
        RunPhase::Finished(outcome) => Some(Event::RunFinished { outcome, at: state.last? }),
    }
}

fn about(address: &Address, step: &StepState) -> Vec<Event> {
    let address = address.clone();
    match (step.status, &step.because) {
        (Status::Pending, _) => Vec::new(),
        (Status::Settled, _) => {
            vec![Event::StepSettled { address, outputs: step.outputs.clone() }]
        }
        (Status::Skipped, Some(because)) => {
            vec![Event::StepSkipped { address, because: because.clone() }]
        }
        _ => Begun { address, step }.events(),
    }
}

/// A step that was attempted.
struct Begun<'a> {
    address: Address,
    step: &'a StepState,
}

impl Begun<'_> {
    fn events(&self) -> Vec<Event> {
        let step = self.step;
        let told = step.error.as_ref();
        let told_counts = told.is_some_and(|error| error.class == RetryClass::Transient);
        // What the retry budget counts, less the failure that is told anyway.
        let wordless = step.unwell - u32::from(told_counts);
        let mut events = Vec::new();
        for attempt in 0..step.attempts {
            events.extend(self.intended(attempt));
            let left = step.attempts - attempt;
            if attempt < wordless {
                let error = StepError::new(LEFT_OUT, RetryClass::Transient, "left out");
                events.extend(self.failed(attempt, &error, false));
            } else if let (Status::Intended { .. }, 2, Some(error)) = (step.status, left, told) {
                events.extend(self.failed(attempt, error, false));
            }
        }
        events.extend(self.outcome());
        events
    }

    /// How the last attempt ended.
    fn outcome(&self) -> Vec<Event> {
        let step = self.step;
        let last = step.attempts.saturating_sub(1);
        let failed =
            |is_final| step.error.as_ref().and_then(|error| self.failed(last, error, is_final));
        let all = match step.status {
            Status::Retrying { .. } => [None, failed(false)],
            Status::Failed => [self.applied(false), failed(true)],
            Status::Applied { .. } => [self.applied(false), None],
            Status::Ready => [self.applied(true), None],
            Status::Pending | Status::Settled | Status::Skipped | Status::Intended { .. } => {
                [None, None]
            }
        };
        all.into_iter().flatten().collect()
    }

    fn intended(&self, attempt: u32) -> Option<Event> {
        let at = if attempt == 0 { self.step.started } else { self.step.last };
        Some(Event::StepIntended { address: self.address.clone(), attempt, at: at? })
    }

    fn failed(&self, attempt: u32, error: &StepError, r#final: bool) -> Option<Event> {
        let (address, error, at) = (self.address.clone(), error.clone(), self.step.last?);
        Some(Event::StepFailed { address, attempt, error, at, r#final })
    }

    /// Nothing when it never was.
    fn applied(&self, ready: bool) -> Option<Event> {
        let step = self.step;
        Some(Event::StepApplied {
            address: self.address.clone(),
            action: step.action.clone()?,
            outputs: step.outputs.clone(),
            undo: step.undo.clone(),
            detail: step.detail.clone(),
            ready,
            at: step.last?,
        })
    }
}

#[cfg(test)]
mod tests;
