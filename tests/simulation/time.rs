//! Time that only moves when it is told to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use skybridge_model::{Clock, Timestamp};

/// The moment every seed begins: any would do, and a fixed one makes a replay the same.
const BEGINNING: i64 = 1_900_000_000_000;

/// The clock of a seed: of the host, of the connector and of the simulated cloud.
#[derive(Debug)]
pub(super) struct VirtualClock(AtomicI64);

impl VirtualClock {
    pub(super) fn new() -> Self {
        Self(AtomicI64::new(BEGINNING))
    }

    /// Goes on to a time, never back.
    pub(super) fn reach(&self, time: Timestamp) {
        let mut millis = time.as_millisecond();
        // What is due at the end of a millisecond is due: going short of it would be going nowhere.
        if Timestamp::from_millisecond(millis).is_ok_and(|whole| whole < time) {
            millis += 1;
        }
        self.0.fetch_max(millis, Ordering::SeqCst);
    }

    pub(super) fn pass(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// How long the seed has lasted.
    pub(super) fn elapsed(&self) -> Duration {
        let millis = self.0.load(Ordering::SeqCst) - BEGINNING;
        Duration::from_millis(u64::try_from(millis).unwrap())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}
