//! Runs a graph of steps so that no crash, retry or slow cloud makes anything happen twice or go
//! unrecorded.
//!
//! All decisions are made in [`Machine`]: something happened goes in, what to record and what to do
//! comes out. It has no clock, no input or output and no runtime, so every run can be replayed and
//! every interleaving tried. [`run`] drives it on tokio: it hands records to a journal, steps to a
//! [`Runner`], and nothing to anybody before the records it depends on are on disk ([`Outbox`] is
//! where that is kept).
//!
//! The crate knows neither plans nor plugins nor clouds. Start reading at [`work`].

pub mod driver;
pub mod events;
pub mod key;
pub mod limits;
pub mod machine;
mod observer;
mod outbox;
pub mod report;
mod retry;
pub mod runner;
#[cfg(test)]
mod testing;
pub mod work;

pub use driver::{Context, EngineError, run};
pub use events::RunEvent;
pub use limits::Limits;
pub use machine::{Effect, Input, Machine, StartError, Turn};
pub use observer::{EventSender, Observer, event_channel};
pub use outbox::Outbox;
pub use report::{Counts, Failure, RunOutcome, RunReport, StepReport};
pub use runner::{Applied, ApplyCall, Dependency, Ready, ReadyCall, Runner};
pub use skybridge_journal::{Map, RetryClass, RunId, RunState, StepError};
pub use work::{Direction, Readiness, Work, WorkError, WorkStep};
