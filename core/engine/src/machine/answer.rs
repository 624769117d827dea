//! What the answer of a runner means.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_journal::{Event, RetryClass, Status, StepError, kind};

use super::{Effect, Machine, Turn, Wait};
use crate::events::RunEvent;
use crate::key::step_key;
use crate::limits::{PROBE_INTERVAL_MIN, READY_BUDGET_MAX};
use crate::retry::{Verdict, after};
use crate::runner::{Applied, Ready};
use crate::work::Readiness;

impl Machine {
    pub(super) fn applied(
        &mut self,
        step: u32,
        answer: Result<Applied, StepError>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let Some(Status::Intended { attempt }) = self.answered(step, false) else { return };
        match answer {
            Ok(applied) => self.keep(step, applied, now, turn),
            Err(error) => self.unapplied(step, attempt, error, now, turn),
        }
    }

    pub(super) fn probed(
        &mut self,
        step: u32,
        answer: Result<Ready, StepError>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let Some(Status::Applied { .. }) = self.answered(step, true) else { return };
        let Some(readiness) = self.readiness(step) else { return };
        match answer {
            Ok(Ready { ready: true, .. }) => self.seen(step, &readiness, now, turn),
            Ok(Ready { ready: false, reason }) => {
                self.steps[step as usize].patience = Default::default();
                let error = not_ready(&readiness, reason);
                self.look_again(step, now, &readiness, now, error, turn);
            }
            Err(error) => self.unprobed(step, &readiness, error, now, turn),
        }
    }

    /// Begins to wait for a step to become ready, patience renewed.
    pub(super) fn watch(&mut self, step: u32, now: Timestamp, turn: &mut Turn) {
        let Some(readiness) = self.readiness(step) else {
            // The journal says that something was to be waited for and the plan says no longer.
            return self.ready(step, now, turn);
        };
        let until = after(now, budget(&readiness));
        let state = &mut self.steps[step as usize];
        state.began.get_or_insert(now);
        state.steady = 0;
        state.patience = Default::default();
        state.ready_until = until;
        let address = self.work.steps[step as usize].address.clone();
        let why = readiness.waits_for.clone();
        turn.effects.push(Effect::Tell(RunEvent::StepWaiting { address, why, until }));
        self.enqueue(step, now);
    }

    /// Takes a step out of flight when it is the answer it waits for: its status, else nothing.
    fn answered(&mut self, step: u32, probe: bool) -> Option<Status> {
        let state = self.steps.get_mut(step as usize)?;
        let asked = matches!(state.status, Status::Applied { .. }) == probe;
        if state.wait != Wait::Answer || !asked {
            return None;
        }
        state.wait = Wait::Others;
        self.in_flight -= 1;
        self.queue.ended(state.domain);
        Some(state.status)
    }

    fn readiness(&self, step: u32) -> Option<Arc<Readiness>> {
        self.work.steps.get(step as usize)?.readiness.clone()
    }

    fn keep(&mut self, step: u32, applied: Applied, now: Timestamp, turn: &mut Turn) {
        let Applied { action, outputs, undo, detail } = applied;
        let work = &self.work.steps[step as usize];
        let ready = work.readiness.is_none();
        let state = &mut self.steps[step as usize];
        state.action = Some(action.clone());
        state.detail.clone_from(&detail);
        state.error = None;
        state.outputs = Arc::new(outputs.clone());
        let address = work.address.clone();
        let event = Event::StepApplied { address, action, outputs, undo, detail, ready, at: now };
        self.record(step, event, turn);
        if ready {
            self.finish(step, now, turn);
        } else {
            self.watch(step, now, turn);
        }
    }

    fn unapplied(
        &mut self,
        step: u32,
        attempt: u32,
        error: StepError,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let verdict = self.judge(step, &error, now);
        let (Verdict::Again(at) | Verdict::HoldDomain(at)) = verdict else {
            return self.fail(step, error, now, turn);
        };
        let address = self.work.steps[step as usize].address.clone();
        let event =
            Event::StepFailed { address, attempt, error: error.clone(), at: now, r#final: false };
        self.record(step, event, turn);
        self.tell_retry(step, &error, at, now, turn);
        match verdict {
            Verdict::HoldDomain(_) => self.hold(step, at, now),
            Verdict::Again(_) | Verdict::GiveUp => self.sleep(step, at),
        }
    }

    /// A probe saw what dependents need.
    fn seen(&mut self, step: u32, readiness: &Readiness, now: Timestamp, turn: &mut Turn) {
        let state = &mut self.steps[step as usize];
        state.patience = Default::default();
        state.steady += 1;
        if state.steady >= readiness.successes {
            self.ready(step, now, turn);
        } else {
            // A series that goes well is not broken off for time: it has an end.
            self.sleep(step, after(now, interval(readiness)));
        }
    }

    fn unprobed(
        &mut self,
        step: u32,
        readiness: &Readiness,
        error: StepError,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        match self.judge(step, &error, now) {
            Verdict::GiveUp => self.fail(step, error, now, turn),
            Verdict::Again(at) => self.look_again(step, at, readiness, now, error, turn),
            Verdict::HoldDomain(at) => {
                self.steps[step as usize].steady = 0;
                self.tell_retry(step, &error, at, now, turn);
                self.hold(step, at, now);
            }
        }
    }

    /// Probes again, not before `earliest`, or gives up because time is out: then with `error`.
    fn look_again(
        &mut self,
        step: u32,
        earliest: Timestamp,
        readiness: &Readiness,
        now: Timestamp,
        error: StepError,
        turn: &mut Turn,
    ) {
        let at = after(now, interval(readiness)).max(earliest);
        let state = &mut self.steps[step as usize];
        state.steady = 0;
        if at > state.ready_until {
            self.fail(step, error, now, turn);
        } else {
            self.sleep(step, at);
        }
    }

    fn judge(&mut self, step: u32, error: &StepError, now: Timestamp) -> Verdict {
        let work = &self.work.steps[step as usize];
        let budget = work.readiness.as_deref().map(budget);
        let key = step_key(self.work.run, &work.address);
        self.steps[step as usize].patience.judge(error, now, &self.limits, budget, key)
    }

    fn tell_retry(
        &self,
        step: u32,
        error: &StepError,
        at: Timestamp,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let address = self.work.steps[step as usize].address.clone();
        let wait = at.duration_since(now).as_secs_f64();
        let event = RunEvent::StepRetrying { address, error: error.into(), r#in: wait };
        turn.effects.push(Effect::Tell(event));
    }

    fn sleep(&mut self, step: u32, until: Timestamp) {
        self.steps[step as usize].wait = Wait::Time;
        self.queue.sleep(step, until);
    }

    /// Holds the step's whole throttle domain; the step is the first or among the first after it.
    fn hold(&mut self, step: u32, until: Timestamp, now: Timestamp) {
        self.queue.hold(self.steps[step as usize].domain, until);
        self.enqueue(step, now);
    }
}

fn interval(readiness: &Readiness) -> Duration {
    // Longer than the budget would be a second look that never comes.
    readiness.interval.min(budget(readiness)).max(PROBE_INTERVAL_MIN)
}

fn budget(readiness: &Readiness) -> Duration {
    readiness.budget.min(READY_BUDGET_MAX)
}

fn not_ready(readiness: &Readiness, reason: Option<String>) -> StepError {
    let (waits_for, budget) = (&readiness.waits_for, budget(readiness));
    let mut message = format!("gave up after {} s waiting until {waits_for}", budget.as_secs());
    if let Some(reason) = reason {
        message.push_str(": ");
        message.push_str(&reason);
    }
    StepError::new(kind::TIMEOUT, RetryClass::Eventual, message)
}
