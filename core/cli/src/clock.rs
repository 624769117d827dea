//! The real clock and the real randomness: the only places of the host that ask the system.

use rustix::rand::{GetRandomFlags, getrandom};
use skybridge_model::{Clock, Entropy, Timestamp};

/// The system's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The system's random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            // Interrupted calls are made again; no other error exists once the system has started.
            if let Ok(count) = getrandom(rest, GetRandomFlags::empty()) {
                filled += count;
            }
        }
    }
}
