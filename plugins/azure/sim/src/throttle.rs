//! Token buckets: what every caller may ask for at once, and how fast it may go on.

use std::collections::BTreeMap;

use crate::clock::Millis;
use crate::limits::BUCKETS_MAX;
use crate::scenario::Bucket;

/// Tokens are counted in thousandths, so that refilling loses nothing to rounding.
const WHOLE: u64 = 1000;

/// The state of every bucket in use.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    levels: BTreeMap<String, Level>,
}

#[derive(Debug)]
struct Level {
    thousandths: u64,
    at: Millis,
}

/// What a bucket says to one call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on; so many calls are left.
    Go(u64),
    /// Wait so many seconds.
    Wait(u64),
}

impl Buckets {
    /// Takes one token from the bucket of this name.
    pub(crate) fn take(&mut self, name: String, bucket: Bucket, now: Millis) -> Verdict {
        if self.levels.len() >= BUCKETS_MAX && !self.levels.contains_key(&name) {
            // Forgetting a caller fills its bucket: generous, and bounded.
            self.levels.pop_first();
        }
        let full = u64::from(bucket.bucket) * WHOLE;
        let level = self.levels.entry(name).or_insert(Level { thousandths: full, at: now });
        let passed = u64::try_from(now - level.at).unwrap_or(0);
        let gained = passed.saturating_mul(u64::from(bucket.per_second));
        level.thousandths = level.thousandths.saturating_add(gained).min(full);
        level.at = now;
        match level.thousandths.checked_sub(WHOLE) {
            Some(rest) => {
                level.thousandths = rest;
                Verdict::Go(rest / WHOLE)
            }
            None => {
                let missing = WHOLE - level.thousandths;
                let per_second = u64::from(bucket.per_second.max(1)) * WHOLE;
                Verdict::Wait(missing.div_ceil(per_second).max(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let bucket = Bucket { bucket: 2, per_second: 1 };
        let mut buckets = Buckets::default();
        let mut take = |now| buckets.take("a".to_owned(), bucket, now);
        assert_eq!(take(0), Verdict::Go(1));
        assert_eq!(take(0), Verdict::Go(0));
        assert_eq!(take(0), Verdict::Wait(1));
        assert_eq!(take(999), Verdict::Wait(1));
        assert_eq!(take(1000), Verdict::Go(0));
        assert_eq!(take(100_000), Verdict::Go(1), "never fuller than full");
    }
}
