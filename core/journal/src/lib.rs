//! The journal of a run: what was intended before it was done, what came of it afterwards.
//!
//! It is an intent log, not a debug log. An [`Event`] is on disk before the effect it announces may
//! begin, and the outcome is on disk before anything relies on it; whoever [`replay`]s the events
//! therefore knows at least as much as the world has seen. [`Status::next`] is the only place where
//! an event changes the status of a step; writing and reading both go through it.
//!
//! The crate knows nothing of plans, plugins or clouds, never looks at a clock, and holds no secret:
//! see [`format::v1`] for why none can get in by accident. Start reading at [`status`].

mod dir;
mod failure;
pub mod format;
mod frame;
pub mod limits;
mod lock;
mod read;
mod replay;
mod run_id;
mod shortest;
pub mod status;
pub mod store;
#[cfg(test)]
mod testing;

// The newest format's types are the ones the program works with. When a second version comes, this
// line moves to it and version 1 learns to become it.
pub use failure::{RetryClass, StepError, kind};
pub use format::v1::{Event, Outcome};
pub use lock::{Holder, LockError, StateLock};
pub use read::{JournalReader, ReadError, TornTail, load};
pub use replay::{ReplayError, RunState, StepState, replay};
pub use run_id::RunId;
pub use shortest::shortest;
pub use status::{IllegalEvent, RunPhase, Status};
pub use store::{
    AppendError, Compaction, Fault, FaultyStore, FileStore, MemoryStore, OpenError, Opened, Store,
    compact,
};

/// Free-form data, keys in order: the outputs of a step.
pub use skybridge_plugin_protocol::Map;
