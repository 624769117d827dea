//! How many calls of one domain may be in flight: found out, not known.

use jiff::Timestamp;

use crate::limits::IN_FLIGHT_PER_DOMAIN_START;

/// Grows by one when a whole window of calls went well, halves when calls are refused.
#[derive(Debug)]
pub(super) struct Window {
    size: u32,
    max: u32,
    /// Calls that went well while the window was full, since it last changed.
    good: u32,
    /// When it was last halved.
    halved: Option<Timestamp>,
}

impl Window {
    pub(super) fn new(max: u32) -> Self {
        let max = max.max(1);
        Self { size: IN_FLIGHT_PER_DOMAIN_START.min(max), max, good: 0, halved: None }
    }

    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// A call was answered. Only what filled the window says anything about a wider one.
    pub(super) fn went_well(&mut self, was_full: bool) {
        self.good += u32::from(was_full);
        if self.good >= self.size {
            self.good = 0;
            self.size = (self.size + 1).min(self.max);
        }
    }

    /// A call was refused. Those that were under way together are refused together: once they have
    /// halved it, the rest of them says nothing new.
    pub(super) fn refused(&mut self, sent: Timestamp, now: Timestamp) {
        if self.halved.is_none_or(|halved| sent > halved) {
            self.halved = Some(now);
            self.size = (self.size / 2).max(1);
            self.good = 0;
        }
    }
}
