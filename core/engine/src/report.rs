//! What came of a run.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skybridge_journal::{Map, Outcome, RunId, Status, StepError};
use skybridge_model::Address;

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Steps by how they ended.
    pub counts: Counts,
    /// Every step, in the order of the work.
    pub steps: Vec<StepReport>,
    /// The root causes, in the order of addresses: steps that were skipped are not among them.
    pub failures: Vec<Failure>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Every step did what it should.
    Done,
    /// Some steps failed; what succeeded stays.
    Failed {
        /// How many failed, those not counted that were skipped because of them.
        steps: u32,
    },
    /// Stopped on request; it can be resumed.
    Interrupted,
    /// Something could not be taken back: a person is needed.
    Stuck {
        /// How many steps could not be taken back.
        steps: u32,
    },
}

/// Steps by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Applied and ready.
    pub done: u32,
    /// The plan had nothing to do for them.
    pub settled: u32,
    /// Given up.
    pub failed: u32,
    /// Not applied because another one failed.
    pub skipped: u32,
    /// Neither: the run was interrupted.
    pub open: u32,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// The step.
    pub address: Address,
    /// Its status.
    pub status: Status,
    /// What was done, once it was: `created`, …
    pub action: Option<String>,
    /// For people: what was done.
    pub detail: Option<String>,
    /// What it left for dependents.
    pub outputs: Arc<Map>,
}

/// A root cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step that failed.
    pub address: Address,
    /// Why.
    pub error: StepError,
}

impl RunOutcome {
    /// As the journal says it; nothing for a run that goes on later.
    pub(crate) fn recorded(self) -> Option<Outcome> {
        match self {
            Self::Done => Some(Outcome::Done),
            Self::Failed { .. } => Some(Outcome::Failed),
            Self::Stuck { .. } => Some(Outcome::Stuck),
            Self::Interrupted => None,
        }
    }
}

impl Counts {
    /// Counts one more step of this status.
    pub(crate) fn add(&mut self, status: Status) {
        let count = match status {
            Status::Ready => &mut self.done,
            Status::Settled => &mut self.settled,
            Status::Failed => &mut self.failed,
            Status::Skipped => &mut self.skipped,
            _ => &mut self.open,
        };
        *count += 1;
    }
}
