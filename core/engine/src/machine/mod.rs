//! The engine's decisions: something happened goes in, what to record and what to do comes out.
//!
//! Nothing here waits, looks at a clock, or does anything: time comes in with every input, and the
//! driver carries out what a [`Turn`] says. The same inputs at the same times give the same turns.

mod answer;
mod begin;
mod end;
mod queue;

use std::sync::Arc;

use jiff::Timestamp;
use skybridge_journal::{Event, Map, Status, StepError};
use skybridge_model::Address;

pub use begin::StartError;

use crate::events::RunEvent;
use crate::key::step_key;
use crate::limits::Limits;
use crate::report::{Counts, Failure, RunOutcome, RunReport, StepReport};
use crate::retry::Patience;
use crate::runner::{Applied, ApplyCall, Dependency, Ready, ReadyCall};
use crate::work::{Graph, Work};
use queue::{Kind, Queue};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Begin, or go on where the journal ends. The first input.
    Start,
    /// A step that was to be applied gave its answer.
    Applied {
        /// The step.
        step: u32,
        /// The attempt that is answered, as [`Effect::Apply`] gave it.
        attempt: u32,
        /// The answer.
        answer: Result<Applied, StepError>,
    },
    /// A step that was to be probed gave its answer.
    Probed {
        /// The step.
        step: u32,
        /// The look that is answered, as [`Effect::Probe`] gave it.
        look: u32,
        /// The answer.
        answer: Result<Ready, StepError>,
    },
    /// The time the machine wanted to be woken at has come. Coming early or twice does no harm.
    Tick,
    /// Stop soon: let what is in flight finish and begin nothing new.
    Cancel,
}

/// Something to do, once every record that came before it is durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Apply a step and answer with [`Input::Applied`].
    Apply {
        /// The step.
        step: u32,
        /// Attempts before this one.
        attempt: u32,
    },
    /// Look once whether a step is ready and answer with [`Input::Probed`].
    Probe {
        /// The step.
        step: u32,
        /// Looks of this process at this step before this one.
        look: u32,
    },
    /// Tell the observer.
    Tell(RunEvent),
    /// Nothing more will happen.
    Finished(RunOutcome),
    /// The machine contradicts itself and stops: a mistake of this program, told in these words.
    /// What was recorded is right, and the run can be resumed.
    Broken(String),
}

/// What one input led to.
#[derive(Debug, Default)]
pub struct Turn {
    /// To be made durable, in this order.
    pub records: Vec<Event>,
    /// To be done after that, in this order.
    pub effects: Vec<Effect>,
}

/// Decides what a run does next.
#[derive(Debug)]
pub struct Machine {
    work: Work,
    graph: Graph,
    limits: Limits,
    steps: Vec<Step>,
    queue: Queue,
    /// Steps that have not ended.
    open: usize,
    /// When this process began to work on the run.
    began: Option<Timestamp>,
    stopping: bool,
    outcome: Option<RunOutcome>,
    /// What should not have been possible.
    broken: Option<String>,
}

/// Where a step stands: what the journal says of it, and what it waits for in this process.
#[derive(Debug)]
struct Step {
    status: Status,
    wait: Wait,
    /// Steps it needs that are not done; of a step that always runs, and of parts, that have not
    /// ended.
    unmet: u32,
    /// The position of its throttle domain.
    domain: u32,
    patience: Patience,
    /// Probes that succeeded in a row.
    steady: u32,
    /// When waiting for it to become ready is given up.
    ready_until: Timestamp,
    /// When it was last lined up for a place among the calls in flight.
    lined_up: Timestamp,
    /// When its latest call was sent.
    sent: Timestamp,
    /// Its latest answer was a refusal that said which bucket was empty.
    refusal_named: bool,
    /// Looks of this process whether it is ready.
    looks: u32,
    /// When this process first worked on it.
    began: Option<Timestamp>,
    action: Option<String>,
    detail: Option<String>,
    outputs: Arc<Map>,
    error: Option<StepError>,
    /// The failed step that keeps it from starting.
    because: Option<Address>,
}

/// What has to happen before anything can happen to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The steps it needs, or nothing any more.
    Others,
    /// A free place among the calls in flight.
    Place,
    /// The answer to a call.
    Answer,
    /// A time.
    Time,
}

impl Machine {
    /// Takes in what happened and decides what follows. Answers that nobody waits for, late and
    /// repeated ones among them, and inputs after the end change nothing.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Turn {
        let mut turn = Turn::default();
        if self.outcome.is_some() || self.broken.is_some() {
            return turn;
        }
        self.wake(now);
        match input {
            Input::Start => self.start(now, &mut turn),
            Input::Applied { step, attempt, answer } => {
                self.applied(step, attempt, answer, now, &mut turn);
            }
            Input::Probed { step, look, answer } => {
                self.probed(step, look, answer, now, &mut turn);
            }
            Input::Tick => {}
            Input::Cancel => self.stopping = true,
        }
        if self.began.is_some() {
            self.dispatch(now, &mut turn);
            self.conclude(now, &mut turn);
        }
        if let Some(what) = &self.broken {
            // Calls of this turn are not made: some may rest on what went wrong.
            turn.effects = vec![Effect::Broken(what.clone())];
        }
        turn
    }

    /// When to send [`Input::Tick`]; nothing while the machine waits for answers only.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let waits = !self.stopping && self.outcome.is_none() && self.broken.is_none();
        if waits { self.queue.next_time() } else { None }
    }

    /// What to give the runner for [`Effect::Apply`].
    #[must_use]
    pub fn apply_call(&self, step: u32, attempt: u32) -> Option<ApplyCall> {
        let (address, run) = (self.address(step)?.clone(), self.work.run);
        let key = step_key(run, &address);
        Some(ApplyCall { step, run, key, attempt, needs: self.dependencies(step), address })
    }

    /// What to give the runner for [`Effect::Probe`].
    #[must_use]
    pub fn ready_call(&self, step: u32) -> Option<ReadyCall> {
        let (address, run) = (self.address(step)?.clone(), self.work.run);
        let key = step_key(run, &address);
        let outputs = Arc::clone(&self.steps.get(step as usize)?.outputs);
        Some(ReadyCall { step, run, key, needs: self.dependencies(step), outputs, address })
    }

    /// What came of the run so far.
    #[must_use]
    pub fn report(&self) -> RunReport {
        let steps = self.work.steps.iter().zip(&self.steps);
        let mut failures: Vec<Failure> = steps
            .clone()
            .filter(|(_, step)| step.status == Status::Failed)
            .filter_map(|(work, step)| {
                let error = step.error.clone()?;
                Some(Failure { address: work.address.clone(), error })
            })
            .collect();
        failures.sort_by(|a, b| a.address.cmp(&b.address));
        RunReport {
            run: self.work.run,
            outcome: self.outcome.unwrap_or(RunOutcome::Interrupted),
            counts: self.counts(),
            steps: steps
                .map(|(work, step)| StepReport {
                    address: work.address.clone(),
                    status: step.status,
                    action: step.action.clone(),
                    detail: step.detail.clone(),
                    outputs: Arc::clone(&step.outputs),
                })
                .collect(),
            failures,
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.steps.iter().for_each(|step| counts.add(step.status));
        counts
    }

    fn address(&self, step: u32) -> Option<&Address> {
        self.work.steps.get(step as usize).map(|step| &step.address)
    }

    /// The steps that `step` needs, without parts it does without.
    fn dependencies(&self, step: u32) -> Vec<Dependency> {
        let needs = self.work.steps.get(step as usize).map_or(&[][..], |step| &step.needs);
        needs
            .iter()
            .filter_map(|&need| {
                let (work, state) =
                    (self.work.steps.get(need as usize)?, self.steps.get(need as usize)?);
                if work.part && !state.status.is_done() {
                    return None;
                }
                let address = work.address.clone();
                let outputs = Arc::clone(&state.outputs);
                Some(Dependency { step: need, address, outputs })
            })
            .collect()
    }

    /// Starts whatever may start.
    fn dispatch(&mut self, now: Timestamp, turn: &mut Turn) {
        while !self.stopping
            && self.broken.is_none()
            && let Some(step) = self.queue.pop()
        {
            let state = &mut self.steps[step as usize];
            state.wait = Wait::Answer;
            state.sent = now;
            match state.status {
                Status::Applied { .. } => {
                    // Only time in which it could have looked counts: a domain that was held, or
                    // had no place, must not make its steps look as if they never became ready.
                    let stood = now.duration_since(state.lined_up);
                    state.ready_until =
                        state.ready_until.checked_add(stood).unwrap_or(Timestamp::MAX);
                    let look = state.looks;
                    state.looks = look.wrapping_add(1);
                    turn.effects.push(Effect::Probe { step, look });
                }
                Status::Intended { attempt } | Status::Retrying { attempt } => {
                    self.intend(step, attempt.saturating_add(1), now, turn);
                }
                _ => self.intend(step, 0, now, turn),
            }
        }
    }

    fn intend(&mut self, step: u32, attempt: u32, now: Timestamp, turn: &mut Turn) {
        let work = &self.work.steps[step as usize];
        let (address, title) = (work.address.clone(), work.title.as_ref().to_owned());
        self.steps[step as usize].began.get_or_insert(now);
        self.record(step, Event::StepIntended { address: address.clone(), attempt, at: now }, turn);
        let started = RunEvent::StepStarted { address, title, attempt, at: now };
        turn.effects.push(Effect::Tell(started));
        turn.effects.push(Effect::Apply { step, attempt });
    }

    /// The only place where a step's status changes, through the only function that may change it.
    ///
    /// Everything the machine records follows from the status it just looked at. Were that wrong,
    /// going on would write a journal that cannot be resumed: nothing more is recorded or done.
    fn record(&mut self, step: u32, event: Event, turn: &mut Turn) {
        if self.broken.is_some() {
            return;
        }
        let state = &mut self.steps[step as usize];
        match state.status.next(&event) {
            Ok(status) => state.status = status,
            Err(illegal) => {
                let address = &self.work.steps[step as usize].address;
                self.broken = Some(format!("{address}: {illegal}"));
                return;
            }
        }
        if state.status.is_final() {
            self.open -= 1;
            self.queue.closed(state.domain);
        }
        turn.records.push(event);
    }

    /// One of the steps that `step` needs has ended: whether that was the last.
    fn met(&mut self, step: u32) -> bool {
        let state = &mut self.steps[step as usize];
        let Some(left) = state.unmet.checked_sub(1) else {
            let address = &self.work.steps[step as usize].address;
            self.broken.get_or_insert(format!("{address}: a step it needs ended twice"));
            return false;
        };
        state.unmet = left;
        left == 0
    }

    /// Lines a step up for a place among the calls in flight.
    fn enqueue(&mut self, step: u32, now: Timestamp) {
        let state = &mut self.steps[step as usize];
        state.wait = Wait::Place;
        state.lined_up = now;
        let kind = match state.status {
            Status::Applied { .. } => Kind::Probe,
            _ => Kind::Apply,
        };
        let critical = self.graph.critical.get(step as usize).copied().unwrap_or_default();
        self.queue.push(state.domain, kind, critical, step);
    }

    /// Lines up the steps whose time has come.
    fn wake(&mut self, now: Timestamp) {
        while let Some(step) = self.queue.due(now) {
            self.enqueue(step, now);
        }
    }
}

#[cfg(test)]
mod tests;
