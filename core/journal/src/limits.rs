//! Every cap of the journal, with its reason.

/// One record, in bytes. Outputs are identifiers and small facts; what is larger belongs into the
/// inventory. The cap also bounds what a reader holds in memory for one line of a damaged file.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// What a step may hand over (outputs, undo and texts together), in bytes: a record less its frame,
/// its address and its names.
pub const OUTCOME_BYTES_MAX: usize = RECORD_BYTES_MAX - (16 << 10);

/// Records written and synced together. Measured, a sync of 64 records costs what a sync of one
/// does; beyond about a thousand the gain is gone and only the wait for the first one grows.
pub const BATCH_RECORDS_MAX: usize = 1024;

/// A whole journal, in bytes: two million steps at three records of some 600 bytes each.
pub const JOURNAL_BYTES_MAX: u64 = 4 << 30;

/// A journal smaller than this is not compacted: reading it costs less than a second sync would.
pub const COMPACT_BYTES_MIN: u64 = 1 << 20;

/// A journal is compacted when that makes it so many times smaller. Below that the next process
/// would rewrite it again for little.
pub const COMPACT_GAIN_MIN: u64 = 2;

/// What a new journal is written in, in bytes: enough that writing is not what takes the time, and
/// small beside what the state itself takes.
pub const DRAFT_CHUNK_BYTES: usize = 1 << 20;

/// The lock file, in bytes: it names one process.
pub const LOCK_BYTES_MAX: usize = 16 << 10;

/// The bytes of a frame around a record: checksum, sequence number, length, blanks and line end.
pub const FRAME_BYTES_MAX: usize = 8 + 20 + 20 + 4;

/// The caps that a test wants to reach; the default is what holds in life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// [`JOURNAL_BYTES_MAX`].
    pub journal_bytes: u64,
    /// [`COMPACT_BYTES_MIN`].
    pub compact_bytes: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { journal_bytes: JOURNAL_BYTES_MAX, compact_bytes: COMPACT_BYTES_MIN }
    }
}
