//! What journals look like on disk, by version. A published version never changes.
//!
//! Every version begins with the same line, so that a newer file is recognised and refused politely
//! instead of being taken for a damaged one.

pub mod v1;

use serde::{Deserialize, Serialize};

/// What the first record of every journal says it is.
pub const FORMAT: &str = "skybridge-journal";

/// The version this program writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// The first record of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// The version of everything that follows.
    pub version: u32,
}

impl Header {
    /// The header this program writes.
    #[must_use]
    pub fn current() -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION }
    }
}
