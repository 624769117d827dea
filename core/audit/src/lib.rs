//! The audit log: every write to a cloud, one line each, every line bound to the one before it.
//!
//! A line ends in the SHA-256 of all that stands before it, and holds the hash of the line before:
//! who changes, removes, adds or moves a line breaks the chain, and [`verify()`] says where and how.
//! What a chain alone cannot show is that its end was cut off. So the last line's number and hash,
//! the [`Head`], are kept beside the log too, and told to a person at the end of each run.
//!
//! The journal is the truth for going on; the audit answers who wrote what, and when. It is on disk
//! before the journal says what came of a step ([`AuditLog::commit`]), so that there is no outcome
//! whose writes are missing. `core/docs/audit-format.md` describes the files for those who read
//! them.
//!
//! The crate knows no plugins, no engine and no journal, and never looks at a clock. Start reading
//! at [`entry`].

pub mod entry;
mod error;
mod file;
mod hash;
mod head;
pub mod limits;
mod line;
mod log;
mod read;
mod verify;

pub use entry::{Entry, Header, What, Write};
pub use error::{AuditError, OpenError};
pub use hash::Hash;
pub use head::{Head, HeadError};
pub use log::{AuditLog, Opened};
pub use read::{Entries, entries};
pub use verify::{Broken, Finding, Torn, Verdict, VerifyError, verify};

use std::path::{Path, PathBuf};

/// The log within the audit folder.
#[must_use]
pub fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.ndjson")
}

/// What the log's end is known by, beside it.
#[must_use]
pub fn head_file(folder: &Path) -> PathBuf {
    folder.join("head.json")
}

#[cfg(test)]
mod tests;
