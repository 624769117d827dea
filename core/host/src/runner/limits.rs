//! What a plugin's process may use up, and how long it may take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a plugin's process may use up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Address space. A plugin with its runtime takes some hundred MiB of it, most never touched; the
    /// largest answer and its making take some more.
    pub memory_bytes: u64,
    /// Processor time over its whole life: a day of onboarding waits far more than it computes.
    pub cpu_seconds: u64,
    /// Open files, connections among them.
    pub files: u64,
    /// The largest file it may write: only a simulated cloud writes any.
    pub file_bytes: u64,
    /// How long loading may take: it takes some 20 ms.
    pub load: Duration,
    /// How long opening may take: it is offline.
    pub open: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 4 << 30,
            cpu_seconds: 4 * 60 * 60,
            files: 1024,
            file_bytes: 1 << 30,
            load: Duration::from_secs(20),
            open: Duration::from_secs(30),
        }
    }
}

/// How often the process of one connector is started again after it died. A plugin that dies at every
/// call would otherwise be started at every attempt of every step.
pub(crate) const RESTARTS_MAX: u32 = 3;

/// How much of what the process said is kept for the case that it dies.
pub(crate) const LAST_WORDS_BYTES: usize = 64 << 10;

/// Questions of the plugin's that may be open at a time; it has no use for more.
pub(crate) const WANTS_MAX: usize = 256;

/// Frames that may wait for the process to read them; more, and it does not read.
pub(crate) const OUTBOX_FRAMES: usize = 16 << 10;

/// Batches of a stream that may be under way: one being read, one being made.
pub(crate) const STREAM_WINDOW: usize = 2;

/// How long a process gets to end by itself once it has closed its socket.
pub(crate) const EXIT_GRACE: Duration = Duration::from_millis(500);
