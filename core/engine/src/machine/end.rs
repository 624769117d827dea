//! How steps and runs end, and what follows from it for others.

use jiff::Timestamp;
use skybridge_journal::{Event, Status, StepError};
use skybridge_model::Address;

use super::{Effect, Machine, Turn};
use crate::events::RunEvent;
use crate::report::RunOutcome;

impl Machine {
    /// A step that was waited for is ready.
    pub(super) fn ready(&mut self, step: u32, now: Timestamp, turn: &mut Turn) {
        let address = self.work.steps[step as usize].address.clone();
        self.record(step, Event::StepReady { address, at: now }, turn);
        self.finish(step, now, turn);
    }

    /// A step is done: those that only waited for it may start.
    pub(super) fn finish(&mut self, step: u32, now: Timestamp, turn: &mut Turn) {
        let state = &self.steps[step as usize];
        let finished = RunEvent::StepFinished {
            address: self.work.steps[step as usize].address.clone(),
            action: state.action.clone().unwrap_or_default(),
            detail: state.detail.clone(),
            seconds: seconds(state.began, now),
        };
        turn.effects.push(Effect::Tell(finished));
        for at in 0..self.graph.dependents(step).len() {
            let dependent = self.graph.dependents(step)[at];
            if self.met(dependent) && self.steps[dependent as usize].status == Status::Pending {
                self.enqueue(dependent, now);
            }
        }
    }

    /// A step is given up.
    pub(super) fn fail(&mut self, step: u32, error: StepError, now: Timestamp, turn: &mut Turn) {
        let address = self.work.steps[step as usize].address.clone();
        let state = &mut self.steps[step as usize];
        let (Status::Intended { attempt } | Status::Applied { attempt }) = state.status else {
            return;
        };
        let failed = RunEvent::StepFailed {
            address: address.clone(),
            error: (&error).into(),
            seconds: seconds(state.began, now),
        };
        state.error = Some(error.clone());
        let event = Event::StepFailed { address, attempt, error, at: now, r#final: true };
        self.record(step, event, turn);
        turn.effects.push(Effect::Tell(failed));
        self.skip_dependents(step, now, turn);
    }

    /// Skips what needs `step`, which failed or was skipped, directly or not. None of it can have
    /// been begun. Steps that always run are only skipped when everything they need was, and those
    /// that need parts when none of these can be done any more.
    pub(super) fn skip_dependents(&mut self, step: u32, now: Timestamp, turn: &mut Turn) {
        let mut around = vec![step];
        while self.broken.is_none()
            && let Some(step) = around.pop()
        {
            // The root cause of a step that was itself skipped is the one that step names.
            let because = match &self.steps[step as usize].because {
                Some(root) => root.clone(),
                None => self.work.steps[step as usize].address.clone(),
            };
            for at in 0..self.graph.dependents(step).len() {
                let dependent = self.graph.dependents(step)[at];
                if self.steps[dependent as usize].status != Status::Pending {
                    continue;
                }
                let always = self.work.steps[dependent as usize].always;
                let spared = self.work.steps[step as usize].part && self.has_a_part(dependent);
                if always || spared {
                    if !self.met(dependent) {
                        continue;
                    }
                    if !always || self.has_something_to_put_back(dependent) {
                        self.enqueue(dependent, now);
                        continue;
                    }
                }
                self.skip(dependent, because.clone(), turn);
                around.push(dependent);
            }
        }
    }

    /// Whether a step that always runs, and whose needs have ended, has anything to do: one of them
    /// at least was not skipped.
    fn has_something_to_put_back(&self, step: u32) -> bool {
        let needs = &self.work.steps[step as usize].needs;
        needs.iter().any(|need| self.steps[*need as usize].status != Status::Skipped)
    }

    /// Whether one of the parts that `step` needs is done, or may still be.
    fn has_a_part(&self, step: u32) -> bool {
        self.work.steps[step as usize].needs.iter().any(|need| {
            let status = self.steps[*need as usize].status;
            self.work.steps[*need as usize].part
                && !matches!(status, Status::Failed | Status::Skipped)
        })
    }

    fn skip(&mut self, step: u32, because: Address, turn: &mut Turn) {
        let address = self.work.steps[step as usize].address.clone();
        self.steps[step as usize].because = Some(because.clone());
        let event = Event::StepSkipped { address: address.clone(), because: because.clone() };
        self.record(step, event, turn);
        turn.effects.push(Effect::Tell(RunEvent::StepSkipped { address, because }));
    }

    /// Ends the run when nothing is in flight and nothing more may begin.
    pub(super) fn conclude(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.queue.in_flight() > 0 || self.broken.is_some() {
            return;
        }
        let outcome = match (self.open, self.stopping, self.queue.next_time()) {
            (0, ..) => self.verdict(),
            (_, true, _) => RunOutcome::Interrupted,
            (_, false, Some(_)) => return,
            (open, false, None) => {
                self.broken = Some(format!("{open} steps wait, and nothing is left to wait for"));
                return;
            }
        };
        turn.records.push(match outcome.recorded() {
            Some(outcome) => Event::RunFinished { outcome, at: now },
            None => Event::RunInterrupted { at: now },
        });
        let (counts, seconds) = (self.counts(), seconds(self.began, now));
        turn.effects.push(Effect::Tell(RunEvent::RunFinished { outcome, counts, seconds }));
        turn.effects.push(Effect::Finished(outcome));
        self.outcome = Some(outcome);
    }
}

fn seconds(since: Option<Timestamp>, now: Timestamp) -> f64 {
    since.map_or(0.0, |since| now.duration_since(since).as_secs_f64())
}
