//! What a log holds, version 1: a header, then entries. Frozen as the journal's format is.
//!
//! No type here holds a secret, and a target keeps no query: a plugin that forgets what its contract
//! says about secrets in addresses does not bring them here.

use serde::{Deserialize, Serialize};
use skybridge_model::Timestamp;
use skybridge_plugin_protocol::audit;

use crate::hash::Hash;
use crate::limits::TEXT_CHARS_MAX;

/// What the first line of every log says it is.
pub const FORMAT: &str = "skybridge-audit";

/// The version this program writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// The first line. Every version keeps its form, hash included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The version of everything that follows.
    pub version: u32,
    /// 0.
    pub seq: u64,
    /// [`Hash::NONE`].
    pub prev: Hash,
    /// When the log was begun.
    pub at: Timestamp,
}

/// Any other line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// The line's number, the header's being 0.
    pub seq: u64,
    /// The hash of the line before it.
    pub prev: Hash,
    /// When it was told.
    pub at: Timestamp,
    /// What it is about.
    #[serde(flatten)]
    pub what: What,
}

/// What an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum What {
    /// Something was written to a cloud, or should have been.
    Write(Write),
    /// A process ended while the step was under way. What it wrote for the step may be missing
    /// above; the step was applied again after this.
    Gap {
        /// The run.
        run: String,
        /// The connector.
        connector: String,
        /// The step's address.
        step: String,
    },
    /// The log ended in a line that a crash had left half written. It was cut off.
    Cut {
        /// How much of it there was.
        bytes: u64,
    },
}

/// A write, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Write {
    /// The run it belongs to; nothing outside of runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The connector that wrote.
    pub connector: String,
    /// The step's address, or whatever else the call was about.
    pub step: String,
    /// What was being done: `creating role assignment`.
    pub operation: String,
    /// The HTTP method, or the cloud's own verb.
    pub method: String,
    /// What was written, without query.
    pub target: String,
    /// What came of it, in one word.
    pub outcome: WriteOutcome,
    /// The answer's status; 0 when none came.
    pub status: u16,
    /// The cloud's request id, when it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriteOutcome {
    /// The cloud took it.
    Done,
    /// The cloud said no.
    Refused,
    /// The cloud was unwell; it may have taken it or not.
    Unwell,
    /// No answer came; it may have taken it or not.
    Unanswered,
}

impl WriteOutcome {
    /// By the status of the answer.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            0 => Self::Unanswered,
            1..=399 => Self::Done,
            400..=499 => Self::Refused,
            _ => Self::Unwell,
        }
    }

    /// The outcome as one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unwell => "unwell",
            Self::Unanswered => "unanswered",
        }
    }
}

impl Write {
    /// What a plugin told of a write. Texts that are too long are cut; of the target goes the query.
    #[must_use]
    pub fn new(run: Option<String>, connector: &str, step: &str, told: &audit::Write) -> Self {
        let target = told.target.split(['?', '#']).next().unwrap_or_default();
        Self {
            run,
            connector: cut(connector),
            step: cut(step),
            operation: cut(&told.operation),
            method: cut(&told.method),
            target: cut(target),
            outcome: WriteOutcome::of(told.status),
            status: told.status,
            request_id: told.request_id.as_deref().map(cut),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
