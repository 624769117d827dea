//! Version 1 of the records: frozen.
//!
//! A change of these types is a change of files that exist. A field may be added with a default;
//! anything else is a version 2 beside this one. `core/docs/journal-format.md` describes them for
//! readers of the files.
//!
//! No type here can hold a secret *as a secret*: outputs, undo notes and error texts are plain JSON
//! and plain text, and the protocol obliges plugins to put secrets into the vault and only their
//! names into outputs. The host's `Secret<T>` has no `Serialize`, so the compiler refuses to journal
//! one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_model::Address;

use crate::{Map, RunId, StepError};

/// One fact about a run or a step, in the order in which they became durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// A process took up the run: the first one, or one that resumes it.
    RunStarted {
        /// The run.
        run: RunId,
        /// What identifies the plan that is run.
        plan: String,
        /// When.
        at: Timestamp,
    },
    /// The plan had nothing to do for this step; these are its outputs.
    StepSettled {
        /// The step.
        address: Address,
        /// What dependents may read.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
    },
    /// The step is about to be applied. On disk before the first call is made.
    StepIntended {
        /// The step.
        address: Address,
        /// Attempts before this one, over all processes that worked on the run.
        attempt: u32,
        /// When.
        at: Timestamp,
    },
    /// The step was applied.
    StepApplied {
        /// The step.
        address: Address,
        /// What was done: `created`, `adopted`, `updated`, …
        action: String,
        /// What dependents may read.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        outputs: Map,
        /// What undoing it needs to know; null when there is nothing to undo.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        undo: Value,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// Whether dependents may rely on it already; otherwise a [`Event::StepReady`] follows.
        ready: bool,
        /// When.
        at: Timestamp,
    },
    /// What dependents need of the step can be relied upon.
    StepReady {
        /// The step.
        address: Address,
        /// When.
        at: Timestamp,
    },
    /// An attempt did not work, or waiting for the step to become ready was given up.
    StepFailed {
        /// The step.
        address: Address,
        /// The attempt, as the intent counted it.
        attempt: u32,
        /// Why.
        error: StepError,
        /// When.
        at: Timestamp,
        /// Whether it was given up, as opposed to being tried again.
        r#final: bool,
    },
    /// The step will not be applied because another one failed.
    StepSkipped {
        /// The step.
        address: Address,
        /// The step whose failure is the root cause.
        because: Address,
    },
    /// The process stopped working on the run on request, with nothing in flight.
    RunInterrupted {
        /// When.
        at: Timestamp,
    },
    /// Every step has ended.
    RunFinished {
        /// How.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every step did what it should.
    Done,
    /// Some steps failed; what succeeded stays.
    Failed,
    /// Something could not be taken back: a person is needed.
    Stuck,
}

impl Event {
    /// The step it is about; nothing for events about the whole run.
    #[must_use]
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::StepSettled { address, .. }
            | Self::StepIntended { address, .. }
            | Self::StepApplied { address, .. }
            | Self::StepReady { address, .. }
            | Self::StepFailed { address, .. }
            | Self::StepSkipped { address, .. } => Some(address),
            Self::RunStarted { .. } | Self::RunInterrupted { .. } | Self::RunFinished { .. } => {
                None
            }
        }
    }

    /// Its name as written on disk.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run-started",
            Self::StepSettled { .. } => "step-settled",
            Self::StepIntended { .. } => "step-intended",
            Self::StepApplied { .. } => "step-applied",
            Self::StepReady { .. } => "step-ready",
            Self::StepFailed { .. } => "step-failed",
            Self::StepSkipped { .. } => "step-skipped",
            Self::RunInterrupted { .. } => "run-interrupted",
            Self::RunFinished { .. } => "run-finished",
        }
    }
}
