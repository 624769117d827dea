//! What the answer of a runner means.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_journal::{Event, RetryClass, Status, StepError, kind};
use skybridge_plugin_protocol::rate_limit::{RateLimit, Told};

use super::queue::{Answered, Kind};
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
        attempt: u32,
        mut answer: Result<Applied, StepError>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        if !self.awaits(step, Status::Intended { attempt }) {
            return;
        }
        self.answered(step, Kind::Apply, &told(&mut answer), refused(&answer), now);
        match answer {
            Ok(applied) => self.keep(step, applied, now, turn),
            Err(error) => self.unapplied(step, attempt, error, now, turn),
        }
    }

    pub(super) fn probed(
        &mut self,
        step: u32,
        look: u32,
        mut answer: Result<Ready, StepError>,
        now: Timestamp,
        turn: &mut Turn,
    ) {
        let Some(state) = self.steps.get(step as usize) else { return };
        if state.looks != look.wrapping_add(1) || !self.awaits(step, state.status) {
            return;
        }
        let Status::Applied { .. } = state.status else { return };
        let Some(readiness) = self.readiness(step) else { return };
        self.answered(step, Kind::Probe, &told(&mut answer), refused(&answer), now);
        match answer {
            Ok(Ready { ready: true, .. }) => self.seen(step, &readiness, now, turn),
            Ok(Ready { ready: false, reason, .. }) => {
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

    /// Whether a step of this status waits for an answer.
    fn awaits(&self, step: u32, status: Status) -> bool {
        let state = self.steps.get(step as usize);
        state.is_some_and(|state| state.wait == Wait::Answer && state.status == status)
    }

    /// Takes a step out of flight, and in what it was told about further calls.
    fn answered(
        &mut self,
        step: u32,
        kind: Kind,
        told: &[RateLimit],
        refused: bool,
        now: Timestamp,
    ) {
        let state = &mut self.steps[step as usize];
        state.wait = Wait::Others;
        let (domain, sent) = (state.domain, state.sent);
        self.queue.answered(Answered { domain, kind, sent, refused, told }, now);
        let names = |limit: &RateLimit| limit.remaining == 0 && limit.resets_in_ms.is_some();
        let says_which = told.iter().any(names);
        self.steps[step as usize].refusal_named = refused && says_which;
    }

    fn readiness(&self, step: u32) -> Option<Arc<Readiness>> {
        self.work.steps.get(step as usize)?.readiness.clone()
    }

    fn keep(&mut self, step: u32, applied: Applied, now: Timestamp, turn: &mut Turn) {
        let Applied { action, outputs, undo, detail, .. } = applied;
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
        if let Verdict::HoldDomain(_) = verdict {
            self.hold(step, at, turn);
        }
        self.sleep(step, at);
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
                let state = &mut self.steps[step as usize];
                state.steady = 0;
                // It could not look: that is no part of waiting for it.
                let held = at.duration_since(now);
                state.ready_until = state.ready_until.checked_add(held).unwrap_or(Timestamp::MAX);
                self.tell_retry(step, &error, at, now, turn);
                self.hold(step, at, turn);
                self.sleep(step, at);
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

    /// Holds the step's whole throttle domain, unless the refusal said which bucket was empty: that
    /// one is closed already, and others go on.
    fn hold(&mut self, step: u32, until: Timestamp, turn: &mut Turn) {
        let state = &self.steps[step as usize];
        if !state.refusal_named && self.queue.hold(state.domain, until) {
            let work = &self.work.steps[step as usize];
            let (domain, address) = (work.domain.as_ref().to_owned(), work.address.clone());
            turn.effects.push(Effect::Tell(RunEvent::DomainHeld { domain, until, address }));
        }
    }
}

/// Takes out what an answer says about further calls: it steers, and is not written down.
fn told<T: Told>(answer: &mut Result<T, StepError>) -> Vec<RateLimit> {
    std::mem::take(match answer {
        Ok(answer) => answer.rate_limits(),
        Err(error) => &mut error.detail.rate_limits,
    })
}

fn refused<T>(answer: &Result<T, StepError>) -> bool {
    answer.as_ref().is_err_and(|error| error.class == RetryClass::RateLimited)
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
