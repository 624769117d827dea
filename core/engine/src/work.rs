//! What is to be run: steps, what each needs, and when each may be relied upon.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use skybridge_journal::{Map, RunId};
use skybridge_model::Address;

use crate::limits::STEPS_MAX;

/// A graph of steps under the name of a run.
#[derive(Debug, Clone)]
pub struct Work {
    /// The run it belongs to.
    pub run: RunId,
    /// What identifies the plan it came from. A journal of another plan is refused.
    pub plan: String,
    /// Whether it makes or takes back.
    pub direction: Direction,
    /// The steps; positions are what [`WorkStep::needs`] speaks of.
    pub steps: Vec<WorkStep>,
}

/// Whether a run makes things or takes them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Makes: a failed step leaves less than was wanted, and the next plan goes on from there.
    Forward,
    /// Takes back: a failed step leaves something behind that no plan speaks of any more. The run
    /// is stuck, and a person is needed.
    Undo,
}

/// One step.
#[derive(Debug, Clone)]
pub struct WorkStep {
    /// Its name in the plan and the journal.
    pub address: Address,
    /// For people, one line.
    pub title: Arc<str>,
    /// Positions of the steps that must be done first.
    pub needs: Vec<u32>,
    /// The bucket its calls draw from.
    pub domain: Arc<str>,
    /// What must be seen before dependents may start; nothing: applied is done.
    pub readiness: Option<Arc<Readiness>>,
    /// The plan has nothing to do for it: its outputs.
    pub settled: Option<Map>,
    /// It puts back what a step it needs changed for the time of the run, so it runs once all of
    /// them have ended, well or not, unless every one was skipped: then nothing was changed. It
    /// gets the outputs there are. Steps that need it wait for it as for any other.
    pub always: bool,
    /// One part of several. Steps that need it wait for its end, and do without it if it failed or
    /// was skipped, as long as another part they need is done; they do not get its outputs then.
    pub part: bool,
}

/// When the outcome of a step may be relied upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// What is waited for, for people: `the application is readable in the directory`.
    pub waits_for: String,
    /// Consecutive successes that count as ready; zero counts as one.
    pub successes: u32,
    /// Between two probes.
    pub interval: Duration,
    /// After this waiting is given up.
    pub budget: Duration,
}

/// Why a graph cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// More steps than any plan may have.
    #[error("{0} steps are more than the {STEPS_MAX} a run may have")]
    TooMany(usize),
    /// Two steps of one name: the journal could not tell them apart.
    #[error("two steps are called {0}")]
    Twice(Address),
    /// A step needs one that is not there.
    #[error("{address} needs step {need}, but there are only {steps}")]
    Missing {
        /// The step.
        address: Address,
        /// The position it names.
        need: u32,
        /// How many steps there are.
        steps: usize,
    },
    /// Steps that wait for each other.
    #[error("the steps around {0} wait for each other")]
    Cycle(Address),
}

/// The shape of the work, worked out once: who waits for whom, and how much hangs on each step.
#[derive(Debug)]
pub(crate) struct Graph {
    /// The steps that need step `i` are `dependents[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    dependents: Vec<u32>,
    /// How many distinct steps each step needs.
    pub(crate) needs: Vec<u32>,
    /// Steps on the longest path that begins with each step: what is started first.
    pub(crate) critical: Vec<u32>,
}

impl Graph {
    /// Checks the work and works out its shape.
    pub(crate) fn new(work: &Work) -> Result<Self, WorkError> {
        let count = work.steps.len();
        if count > STEPS_MAX {
            return Err(WorkError::TooMany(count));
        }
        let mut names = BTreeSet::new();
        if let Some(step) = work.steps.iter().find(|step| !names.insert(&step.address)) {
            return Err(WorkError::Twice(step.address.clone()));
        }
        let mut edges = Vec::new();
        for (to, step) in (0_u32..).zip(&work.steps) {
            for &need in &step.needs {
                if need as usize >= count {
                    let address = step.address.clone();
                    return Err(WorkError::Missing { address, need, steps: count });
                }
                edges.push((need, to));
            }
        }
        // A need that is named twice is still one need.
        edges.sort_unstable();
        edges.dedup();
        let mut graph = Self::of_edges(count, &edges);
        graph.rank(work)?;
        Ok(graph)
    }

    /// The steps that need `step`, in order.
    pub(crate) fn dependents(&self, step: u32) -> &[u32] {
        let bound = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        self.dependents.get(bound(step as usize)..bound(step as usize + 1)).unwrap_or_default()
    }

    fn of_edges(count: usize, edges: &[(u32, u32)]) -> Self {
        let mut needs = vec![0; count];
        let mut starts = vec![0; count + 1];
        for &(from, to) in edges {
            bump(&mut needs, to as usize);
            bump(&mut starts, from as usize + 1);
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let dependents = edges.iter().map(|&(_, to)| to).collect();
        Self { starts, dependents, needs, critical: vec![1; count] }
    }

    /// Kahn's order, which both finds cycles and, walked backwards, gives the critical paths.
    fn rank(&mut self, work: &Work) -> Result<(), WorkError> {
        let mut unmet = self.needs.clone();
        let mut order: Vec<u32> = (0_u32..)
            .zip(&unmet)
            .filter_map(|(step, needs)| (*needs == 0).then_some(step))
            .collect();
        let mut at = 0;
        while let Some(&step) = order.get(at) {
            at += 1;
            for &dependent in self.dependents(step) {
                if let Some(left) = unmet.get_mut(dependent as usize) {
                    *left -= 1;
                    if *left == 0 {
                        order.push(dependent);
                    }
                }
            }
        }
        for &step in order.iter().rev() {
            let dependents = self.dependents(step).iter();
            let longest = dependents.filter_map(|d| self.critical.get(*d as usize)).max();
            let length = longest.map_or(1, |length| length + 1);
            if let Some(slot) = self.critical.get_mut(step as usize) {
                *slot = length;
            }
        }
        let waiting = unmet.iter().position(|left| *left > 0).and_then(|at| work.steps.get(at));
        waiting.map_or(Ok(()), |step| Err(WorkError::Cycle(step.address.clone())))
    }
}

fn bump(counts: &mut [u32], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

#[cfg(test)]
mod tests;
