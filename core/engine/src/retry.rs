//! Whether and when to try again: by what kind of error it was, within a budget.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use skybridge_journal::{RetryClass, StepError};
use uuid::Uuid;

use crate::limits::{
    EVENTUAL_WAIT_MAX, EVENTUAL_WAIT_MIN, Limits, TRANSIENT_WAIT_MAX, TRANSIENT_WAIT_MIN,
};

/// What a step has used up of its patience. Times begin anew when a run is resumed: somebody has
/// looked at it and wants it tried.
#[derive(Debug, Clone, Default)]
pub(crate) struct Patience {
    /// Failures because something was unwell, over all processes.
    unwell: u32,
    /// When something was first unwell, without a success since.
    unwell_since: Option<Timestamp>,
    /// Looks at a world that had not caught up.
    behind: u32,
    /// When the world was first seen not to have caught up.
    behind_since: Option<Timestamp>,
    /// Refusals in a row because of too many calls.
    refused: u32,
    /// When the first of them came.
    refused_since: Option<Timestamp>,
}

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Try this step again then.
    Again(Timestamp),
    /// Nothing of the throttle domain may be called until then.
    HoldDomain(Timestamp),
    /// Give the step up.
    GiveUp,
}

impl Patience {
    /// Of a step that is resumed: its failures still count.
    pub(crate) fn after_failures(unwell: u32) -> Self {
        Self { unwell, ..Self::default() }
    }

    /// Takes an error into account. `eventual_budget` is the step's own, when it has one.
    pub(crate) fn judge(
        &mut self,
        error: &StepError,
        now: Timestamp,
        limits: &Limits,
        eventual_budget: Option<Duration>,
        key: Uuid,
    ) -> Verdict {
        let asked = error.retry_after.unwrap_or_default();
        match error.class {
            RetryClass::Permanent => Verdict::GiveUp,
            RetryClass::Transient => {
                let since = *self.unwell_since.get_or_insert(now);
                let wait = backoff(TRANSIENT_WAIT_MIN, TRANSIENT_WAIT_MAX, self.unwell, key);
                self.unwell += 1;
                let at = after(now, wait.max(asked));
                let spent = self.unwell >= limits.transient_attempts
                    || at > after(since, limits.transient_budget);
                if spent { Verdict::GiveUp } else { Verdict::Again(at) }
            }
            RetryClass::Eventual => {
                let since = *self.behind_since.get_or_insert(now);
                let wait = backoff(EVENTUAL_WAIT_MIN, EVENTUAL_WAIT_MAX, self.behind, key);
                self.behind += 1;
                let at = after(now, wait.max(asked));
                let budget = eventual_budget.unwrap_or(limits.eventual_budget);
                if at > after(since, budget) { Verdict::GiveUp } else { Verdict::Again(at) }
            }
            RetryClass::RateLimited => {
                let since = *self.refused_since.get_or_insert(now);
                let own = backoff(TRANSIENT_WAIT_MIN, TRANSIENT_WAIT_MAX, self.refused, key);
                self.refused += 1;
                // What the other side asks for is what it will answer to; our own guess is only
                // for services that refuse without saying for how long.
                let at = after(now, error.retry_after.unwrap_or(own));
                let spent = at > after(since, limits.rate_limited_budget);
                if spent { Verdict::GiveUp } else { Verdict::HoldDomain(at) }
            }
        }
    }
}

/// Doubles from `min` to `max`; between half of that and all of it, as decided by the key and the
/// count, so that steps that failed together do not come back together, and a replay waits as long
/// as the original did. In whole milliseconds, as timers are.
fn backoff(min: Duration, max: Duration, count: u32, key: Uuid) -> Duration {
    let doubled = min.saturating_mul(2_u32.saturating_pow(count.min(16))).min(max);
    let half = u64::try_from(doubled.as_millis() / 2).unwrap_or(u64::MAX / 2);
    Duration::from_millis(half + hash(key, count) % (half + 1))
}

/// FNV-1a: spreads well enough for waits and will never change.
fn hash(key: Uuid, count: u32) -> u64 {
    let bytes = key.as_bytes().iter().copied().chain(count.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// `wait` after `then`, or the end of time.
pub(crate) fn after(then: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| then.checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
