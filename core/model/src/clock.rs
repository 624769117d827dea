//! Time and randomness as arguments: whatever decides something takes them from here, so that a test
//! or a replay can decide them instead.

pub use jiff::Timestamp;

/// Where the present comes from.
pub trait Clock: Send + Sync {
    /// The present, in UTC.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes fit for identifiers and keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// A clock that always tells the same time: for tests and for replaying.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
