//! Taking up a run: new, or where its journal ends.

use std::sync::Arc;

use jiff::Timestamp;
use skybridge_journal::{Event, Outcome, RunId, RunPhase, RunState, Status, StepState};
use skybridge_model::Address;

use super::queue::{Domains, Queue};
use super::{Effect, Machine, Step, Turn, Wait};
use crate::events::RunEvent;
use crate::limits::Limits;
use crate::report::RunOutcome;
use crate::retry::Patience;
use crate::work::{Direction, Graph, Work, WorkError};

/// Why a run cannot be taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The work cannot be run at all.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The journal belongs to another run.
    #[error("the journal belongs to run {journal}, not to run {work}")]
    OtherRun {
        /// The run of the journal.
        journal: RunId,
        /// The run of the work.
        work: RunId,
    },
    /// The journal was written for another plan.
    #[error("the journal was written for plan {journal}, not for plan {work}")]
    OtherPlan {
        /// The plan of the journal.
        journal: String,
        /// The plan of the work.
        work: String,
    },
    /// The journal speaks of a step the plan does not have.
    #[error("the journal speaks of {0}, which the plan does not have")]
    UnknownStep(Address),
    /// A step was begun before one that it needs was done, or had ended where that is enough: not
    /// our journal.
    #[error("by the journal {address} was begun although {need}, which it needs, was not done")]
    OutOfOrder {
        /// The step.
        address: Address,
        /// The one it needs.
        need: Address,
    },
}

impl Machine {
    /// Takes up a run. `replayed` is what its journal says; the default for a new run.
    ///
    /// # Errors
    /// [`StartError`] when the work cannot be run, or the journal does not belong to it.
    pub fn new(work: Work, mut replayed: RunState, limits: Limits) -> Result<Self, StartError> {
        let graph = Graph::new(&work)?;
        same_run(&work, &replayed)?;
        let mut domains = Domains::default();
        let mut steps = Vec::with_capacity(work.steps.len());
        for step in &work.steps {
            let known = replayed.steps.remove(&step.address).unwrap_or_default();
            let open = !known.status.is_final();
            let domain = domains.place(step.address.connector(), &step.domain, open);
            steps.push(Step::resumed(known, domain));
        }
        if let Some((address, _)) = replayed.steps.pop_first() {
            return Err(StartError::UnknownStep(address));
        }
        in_order(&work, &steps)?;
        let open = steps.iter().filter(|step| !step.status.is_final()).count();
        let queue = Queue::new(domains, &limits);
        let outcome = match replayed.phase {
            RunPhase::Finished(outcome) => Some(outcome),
            RunPhase::New | RunPhase::Running | RunPhase::Interrupted => None,
        };
        let (began, stopping, broken) = (None, false, None);
        let mut machine = Self {
            work,
            graph,
            limits,
            steps,
            queue,
            open,
            began,
            stopping,
            outcome: None,
            broken,
        };
        machine.outcome = outcome.map(|outcome| machine.finished_as(outcome));
        Ok(machine)
    }

    /// How the run ended: known from the start when the journal says that it has.
    #[must_use]
    pub fn outcome(&self) -> Option<RunOutcome> {
        self.outcome
    }

    pub(super) fn start(&mut self, now: Timestamp, turn: &mut Turn) {
        if self.began.is_some() {
            return;
        }
        self.began = Some(now);
        let (run, plan) = (self.work.run, self.work.plan.clone());
        turn.records.push(Event::RunStarted { run, plan, at: now });
        self.settle(turn);
        let (steps, ended) = (self.steps.len(), self.steps.len() - self.open);
        let started = RunEvent::RunStarted { run: run.to_string(), at: now, steps, ended };
        turn.effects.push(Effect::Tell(started));
        self.count_needs();
        // A crash may have struck between a failure and what had to be skipped for it.
        let broken = |step: &u32| {
            matches!(self.steps[*step as usize].status, Status::Failed | Status::Skipped)
        };
        for step in self.positions().filter(broken).collect::<Vec<_>>() {
            self.skip_dependents(step, now, turn);
        }
        for step in self.positions() {
            let state = &self.steps[step as usize];
            match state.status {
                Status::Applied { .. } => self.watch(step, now, turn),
                Status::Intended { .. } | Status::Retrying { .. } => self.enqueue(step, now),
                Status::Pending if state.unmet == 0 && state.wait == Wait::Others => {
                    self.enqueue(step, now);
                }
                Status::Pending
                | Status::Settled
                | Status::Ready
                | Status::Failed
                | Status::Skipped => {}
            }
        }
    }

    /// Records the steps for which the plan has nothing to do.
    fn settle(&mut self, turn: &mut Turn) {
        for step in self.positions() {
            let work = &self.work.steps[step as usize];
            let state = &mut self.steps[step as usize];
            if state.status == Status::Pending
                && let Some(outputs) = &work.settled
            {
                state.outputs = Arc::new(outputs.clone());
                let (address, outputs) = (work.address.clone(), outputs.clone());
                self.record(step, Event::StepSettled { address, outputs }, turn);
            }
        }
    }

    /// Works out for each step how many of those it needs are not done yet. Those that failed or were
    /// skipped are taken off by [`Machine::skip_dependents`], where that does not matter.
    fn count_needs(&mut self) {
        for (state, needs) in self.steps.iter_mut().zip(&self.graph.needs) {
            state.unmet = *needs;
        }
        for step in self.positions() {
            if self.steps[step as usize].status.is_done() {
                for at in 0..self.graph.dependents(step).len() {
                    self.met(self.graph.dependents(step)[at]);
                }
            }
        }
    }

    fn positions(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    fn finished_as(&self, outcome: Outcome) -> RunOutcome {
        let steps = self.counts().failed;
        match outcome {
            Outcome::Done => RunOutcome::Done,
            Outcome::Failed => RunOutcome::Failed { steps },
            Outcome::Stuck => RunOutcome::Stuck { steps },
        }
    }

    /// How a run ends in which every step has ended.
    pub(super) fn verdict(&self) -> RunOutcome {
        match (self.counts().failed, self.work.direction) {
            (0, _) => RunOutcome::Done,
            (steps, Direction::Forward) => RunOutcome::Failed { steps },
            (steps, Direction::Undo) => RunOutcome::Stuck { steps },
        }
    }
}

impl Step {
    fn resumed(known: StepState, domain: u32) -> Self {
        Self {
            status: known.status,
            wait: Wait::Others,
            unmet: 0,
            domain,
            patience: Patience::after_failures(known.unwell),
            steady: 0,
            ready_until: Timestamp::MAX,
            lined_up: Timestamp::MIN,
            sent: Timestamp::MIN,
            refusal_named: false,
            looks: 0,
            began: None,
            action: known.action,
            detail: known.detail,
            outputs: Arc::new(known.outputs),
            error: known.error,
            because: known.because,
        }
    }
}

fn same_run(work: &Work, replayed: &RunState) -> Result<(), StartError> {
    if let Some(journal) = replayed.run
        && journal != work.run
    {
        return Err(StartError::OtherRun { journal, work: work.run });
    }
    match &replayed.plan {
        Some(journal) if *journal != work.plan => {
            Err(StartError::OtherPlan { journal: journal.clone(), work: work.plan.clone() })
        }
        _ => Ok(()),
    }
}

/// Checks each step against those it needs: by induction, the whole journal fits the graph.
fn in_order(work: &Work, steps: &[Step]) -> Result<(), StartError> {
    for (step, state) in work.steps.iter().zip(steps) {
        if matches!(state.status, Status::Pending | Status::Settled | Status::Skipped) {
            continue;
        }
        let status = |need: u32| steps.get(need as usize).map(|state| state.status);
        let all_skipped = step.needs.iter().all(|need| status(*need) == Some(Status::Skipped));
        let is_part = |need: u32| work.steps.get(need as usize).is_some_and(|step| step.part);
        let done = |need: u32| status(need).is_some_and(Status::is_done);
        let a_part_is_done = step.needs.iter().any(|need| is_part(*need) && done(*need));
        let early = |need: &&u32| {
            status(**need).is_some_and(|status| {
                if step.always {
                    !status.is_final() || all_skipped
                } else if is_part(**need) && a_part_is_done {
                    !status.is_final()
                } else {
                    !status.is_done()
                }
            })
        };
        if let Some(need) = step.needs.iter().find(early)
            && let Some(need) = work.steps.get(*need as usize)
        {
            let (address, need) = (step.address.clone(), need.address.clone());
            return Err(StartError::OutOfOrder { address, need });
        }
    }
    Ok(())
}
