//! What a run tells whoever watches it: the lines of `--events ndjson`.
//!
//! A line is told only after what it says is on disk. Fields and events may be added; readers ignore
//! what they do not know. `run-started` comes first and `run-finished` last; in between, each step
//! that has something to do ends in exactly one of `step-finished`, `step-failed` or `step-skipped`,
//! unless the run is interrupted. Events about the progress of a step may be left out for a reader
//! that is too slow.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skybridge_journal::{RetryClass, StepError};
use skybridge_model::Address;

use crate::report::{Counts, RunOutcome};

/// One thing that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum RunEvent {
    /// Work begins or goes on.
    RunStarted {
        /// The run's id.
        run: String,
        /// When, in UTC.
        #[schemars(with = "String")]
        at: Timestamp,
        /// Steps in all.
        steps: usize,
        /// Steps that had ended before, or for which the plan has nothing to do.
        ended: usize,
    },
    /// A step is being applied.
    StepStarted {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// For people, one line.
        title: String,
        /// Attempts before this one.
        attempt: u32,
        /// When, in UTC.
        #[schemars(with = "String")]
        at: Timestamp,
    },
    /// A step was applied and is not ready yet.
    StepWaiting {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// What it waits for.
        why: String,
        /// Until when at the latest, in UTC.
        #[schemars(with = "String")]
        until: Timestamp,
    },
    /// An attempt did not work, and another one follows.
    StepRetrying {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// Why it did not work.
        error: EventError,
        /// Seconds until it is tried again.
        r#in: f64,
    },
    /// A step is done.
    StepFinished {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// What was done: `created`, `adopted`, `updated`, `unchanged`, `checked`.
        action: String,
        /// For people: what was done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// Seconds from its first attempt in this process.
        seconds: f64,
    },
    /// A step was given up.
    StepFailed {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// Why.
        error: EventError,
        /// Seconds from its first attempt in this process.
        seconds: f64,
    },
    /// A step will not be applied.
    StepSkipped {
        /// The step.
        #[schemars(with = "String")]
        address: Address,
        /// The step whose failure is the root cause.
        #[schemars(with = "String")]
        because: Address,
    },
    /// Nothing more happens.
    RunFinished {
        /// How it ended.
        outcome: RunOutcome,
        /// Steps by how they ended.
        counts: Counts,
        /// Seconds this process worked on the run.
        seconds: f64,
    },
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct EventError {
    /// What went wrong, as a number of the plugin interface.
    pub kind: u16,
    /// `permanent`, `transient`, `eventual` or `rate-limited`.
    #[schemars(with = "String")]
    pub class: RetryClass,
    /// One sentence.
    pub message: String,
    /// The plugin's stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What was being done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// What a person can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Ordered facts: request id, status, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<(String, String)>,
}

impl From<&StepError> for EventError {
    fn from(error: &StepError) -> Self {
        let detail = (*error.detail).clone();
        Self {
            kind: error.kind,
            class: error.class,
            message: detail.message,
            code: detail.code,
            operation: detail.operation,
            help: detail.help,
            context: detail.context,
        }
    }
}

impl RunEvent {
    /// Whether a slow reader can do without it: a later event says more.
    #[must_use]
    pub fn is_progress(&self) -> bool {
        matches!(
            self,
            Self::StepStarted { .. } | Self::StepWaiting { .. } | Self::StepRetrying { .. }
        )
    }
}
