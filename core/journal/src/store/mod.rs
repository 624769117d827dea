//! Where events go: a file, memory, or a store that fails on purpose.

mod compact;
mod draft;
mod faulty;
mod file;
mod memory;

use std::path::PathBuf;

use skybridge_model::Address;

use crate::format::v1::Event;
use crate::limits::RECORD_BYTES_MAX;

pub use compact::{Compaction, compact};
pub use faulty::{Fault, FaultyStore};
pub use file::{FileStore, OpenError, Opened};
pub use memory::MemoryStore;

/// Keeps events.
pub trait Store: Send {
    /// Keeps a batch: one write, one sync. When it returns `Ok`, every event of the batch is
    /// durable; when it returns an error, a beginning of the batch may be, and nothing more can be
    /// appended: whoever goes on opens the journal anew and replays it.
    ///
    /// # Errors
    /// [`AppendError`] names the file.
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError>;
}

/// Why events could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// A journal that should be new is there already.
    #[error("there is a journal at {} already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The disk is full.
    #[error("there is no space left for the journal {}; what was recorded before is safe, so make room and resume", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The journal would become longer than a journal may be. Nothing of the batch was written.
    #[error("the journal {} has reached the {limit} bytes a journal may have; what was recorded before is safe, and resuming rewrites it without what later records made needless", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// How long it may be.
        limit: u64,
    },
    /// What has to be on disk before the batch is could not be kept there. Nothing of the batch was
    /// written.
    #[error("{said}")]
    Before {
        /// What, where, and what to do.
        said: String,
        /// What the system said.
        source: Option<std::io::Error>,
    },
    /// The file cannot be made, written or synced.
    #[error("{doing} the journal {}", path.display())]
    Io {
        /// `creating`, `opening`, `writing to`, `syncing`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// One event is larger than a record may be. Nothing of its batch was written.
    #[error("a record of {bytes} bytes{} is larger than the {RECORD_BYTES_MAX} allowed", .address.as_ref().map(|a| format!(" about {a}")).unwrap_or_default())]
    TooLarge {
        /// The step it is about.
        address: Option<Address>,
        /// Its size.
        bytes: usize,
    },
    /// An earlier append failed, and what the file holds since then is not known.
    #[error("the journal {} takes no more records after an earlier error", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

impl AppendError {
    /// An error of the system, disk-full told apart: people can do something about that one.
    fn io(doing: &'static str, path: &std::path::Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }
}

#[cfg(test)]
mod tests;
