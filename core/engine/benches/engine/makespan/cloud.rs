//! A cloud that counts calls as Azure does: buckets, refusals with `Retry-After`, latency.

use skybridge_engine::{RateLimit, RetryClass, StepError};

use super::Ran;

/// Tokens are counted in thousandths, so that refilling every millisecond loses nothing.
const WHOLE: u64 = 1000;

/// A refusal is quick.
pub(crate) const REFUSAL_MS: u64 = 50;

/// A quota.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) domain: String,
    pub(crate) name: &'static str,
    pub(crate) size: u64,
    pub(crate) per_second: u64,
    /// Whether answers say how many calls are left.
    pub(crate) told: bool,
}

/// One call of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) bucket: usize,
    pub(crate) ms: u64,
}

/// The quotas and how full they are.
#[derive(Debug)]
pub(crate) struct Cloud {
    buckets: Vec<Bucket>,
    /// Thousandths, and since when.
    levels: Vec<(u64, u64)>,
    pub(crate) ran: Ran,
}

impl Cloud {
    pub(crate) fn new(buckets: Vec<Bucket>) -> Self {
        let levels = buckets.iter().map(|bucket| (bucket.size * WHOLE, 0)).collect();
        Self { buckets, levels, ran: Ran::default() }
    }

    /// Takes a call in at a time in milliseconds; what its answer says of further ones goes into
    /// `told`. Refused, it costs nothing.
    pub(crate) fn take(
        &mut self,
        call: Call,
        now: u64,
        told: &mut Vec<RateLimit>,
    ) -> Result<(), StepError> {
        let (bucket, level) = (&self.buckets[call.bucket], &mut self.levels[call.bucket]);
        // Two threads may come with their times the wrong way round.
        let now = now.max(level.1);
        let gained = (now - level.1) * bucket.per_second;
        *level = ((level.0 + gained).min(bucket.size * WHOLE), now);
        self.ran.calls += 1;
        let limit = |remaining, resets_in_ms| RateLimit {
            domain: Some(bucket.domain.clone()),
            bucket: bucket.name.to_owned(),
            remaining,
            calls: 1,
            resets_in_ms,
        };
        let Some(rest) = level.0.checked_sub(WHOLE) else {
            self.ran.refused += 1;
            let wait = (WHOLE - level.0).div_ceil(bucket.per_second * WHOLE).max(1) * 1000;
            limit(0, Some(wait)).add_to(told);
            let refused = StepError::new(8, RetryClass::RateLimited, "429");
            return Err(refused.after(std::time::Duration::from_millis(wait)));
        };
        level.0 = rest;
        if bucket.told {
            limit(rest / WHOLE, None).add_to(told);
        }
        Ok(())
    }
}
