//! The status of a step and of a run, and the only functions that change them.

use std::fmt;

use crate::format::v1::{Event, Outcome};

/// Where a step stands according to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Status {
    /// Nothing was written about it.
    #[default]
    Pending,
    /// The plan had nothing to do for it.
    Settled,
    /// An attempt may be under way, or a crash hid its outcome.
    Intended {
        /// Which.
        attempt: u32,
    },
    /// An attempt did not work and another one will follow.
    Retrying {
        /// The one that did not work.
        attempt: u32,
    },
    /// Applied, but dependents may not rely on it yet.
    Applied {
        /// The attempt that did it.
        attempt: u32,
    },
    /// Done: dependents may start.
    Ready,
    /// Given up.
    Failed,
    /// Not applied because another step failed.
    Skipped,
}

/// An event that cannot follow on what the journal says so far.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{event}` cannot follow on the status `{status}`")]
pub struct IllegalEvent {
    /// The event's name, with its attempt where it has one.
    pub event: String,
    /// What the journal says so far.
    pub status: String,
}

impl Status {
    /// The status after an event. Events about the run as a whole are illegal here.
    ///
    /// # Errors
    /// [`IllegalEvent`] when the event cannot follow: a journal that says so was not written by
    /// this program or was tampered with.
    pub fn next(self, event: &Event) -> Result<Self, IllegalEvent> {
        match (self, event) {
            (Self::Pending, Event::StepSettled { .. }) => Ok(Self::Settled),
            (Self::Pending, Event::StepSkipped { .. }) => Ok(Self::Skipped),
            (Self::Pending, Event::StepIntended { attempt: 0, .. }) => {
                Ok(Self::Intended { attempt: 0 })
            }
            // An intent upon an intent: the process died in between, and nobody knows how far the
            // attempt came. It is made again under the same key.
            (
                Self::Intended { attempt } | Self::Retrying { attempt },
                Event::StepIntended { attempt: new, .. },
            ) if attempt.checked_add(1) == Some(*new) => Ok(Self::Intended { attempt: *new }),
            (Self::Intended { .. }, Event::StepApplied { ready: true, .. }) => Ok(Self::Ready),
            (Self::Intended { attempt }, Event::StepApplied { ready: false, .. }) => {
                Ok(Self::Applied { attempt })
            }
            (Self::Intended { attempt }, Event::StepFailed { attempt: failed, r#final, .. })
                if attempt == *failed =>
            {
                Ok(if *r#final { Self::Failed } else { Self::Retrying { attempt } })
            }
            (Self::Applied { .. }, Event::StepReady { .. }) => Ok(Self::Ready),
            // Probes that do not work are simply repeated; only giving up is worth a record.
            (
                Self::Applied { attempt },
                Event::StepFailed { attempt: failed, r#final: true, .. },
            ) if attempt == *failed => Ok(Self::Failed),
            _ => Err(IllegalEvent { event: told(event), status: self.to_string() }),
        }
    }

    /// Whether dependents may start.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Settled | Self::Ready)
    }

    /// Whether no event can follow.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Settled | Self::Ready | Self::Failed | Self::Skipped)
    }

    /// The status as one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Intended { .. } => "intended",
            Self::Retrying { .. } => "retrying",
            Self::Applied { .. } => "applied",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Intended { attempt } | Self::Retrying { attempt } | Self::Applied { attempt } => {
                write!(f, " (attempt {attempt})")
            }
            _ => Ok(()),
        }
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::StepIntended { attempt, .. } | Event::StepFailed { attempt, .. } => {
            format!("{} (attempt {attempt})", event.name())
        }
        _ => event.name().to_owned(),
    }
}

/// Where a run stands according to the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunPhase {
    /// Nothing was written yet.
    #[default]
    New,
    /// A process works on it, or died while it did.
    Running,
    /// Stopped on request; it can be resumed.
    Interrupted,
    /// Every step has ended.
    Finished(Outcome),
}

impl RunPhase {
    /// The phase after an event, events about steps included: those need a running run.
    ///
    /// # Errors
    /// [`IllegalEvent`] when the event cannot follow.
    pub fn next(self, event: &Event) -> Result<Self, IllegalEvent> {
        match (self, event) {
            // A process that dies leaves the run running, so taking up a running run is how a
            // resume after a crash looks. The lock on the state keeps two living ones apart.
            (Self::New | Self::Running | Self::Interrupted, Event::RunStarted { .. }) => {
                Ok(Self::Running)
            }
            (Self::Running, Event::RunInterrupted { .. }) => Ok(Self::Interrupted),
            (Self::Running, Event::RunFinished { outcome, .. }) => Ok(Self::Finished(*outcome)),
            (Self::Running, event) if event.address().is_some() => Ok(Self::Running),
            _ => Err(IllegalEvent { event: told(event), status: self.to_string() }),
        }
    }
}

impl fmt::Display for RunPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "not started",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Finished(Outcome::Done) => "done",
            Self::Finished(Outcome::Failed) => "failed",
            Self::Finished(Outcome::Stuck) => "stuck",
        })
    }
}

#[cfg(test)]
mod tests;
