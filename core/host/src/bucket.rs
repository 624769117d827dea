//! How much a plugin may say: a bucket of words that fills with time.

use std::time::{Duration, Instant};

/// Lines of a plugin's log and words on its progress, a second, over some time.
pub(crate) const PER_SECOND: u32 = 5_000;

/// So many may come at once: a step that talks much at its start is no flood.
const BURST: u32 = 20_000;

/// A bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    left: f64,
    filled: Option<Instant>,
    refused: u64,
    told: Option<Instant>,
}

/// How often it is told that words are refused.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Whether a word is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// It is.
    Taken,
    /// It is, and so many before it were not.
    TakenAfter(u64),
    /// It is not.
    Refused,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { left: f64::from(BURST), filled: None, refused: 0, told: None }
    }
}

impl Bucket {
    /// Asks for room for one word.
    pub(crate) fn take(&mut self, now: Instant) -> Take {
        let since = self.filled.replace(now).map(|then| now.saturating_duration_since(then));
        let more = since.unwrap_or_default().as_secs_f64() * f64::from(PER_SECOND);
        self.left = (self.left + more).min(f64::from(BURST));
        if self.left < 1.0 {
            self.refused += 1;
            return Take::Refused;
        }
        self.left -= 1.0;
        let lately = self.told.is_some_and(|then| now.duration_since(then) < TELL_EVERY);
        if self.refused == 0 || lately {
            return Take::Taken;
        }
        self.told = Some(now);
        Take::TakenAfter(std::mem::take(&mut self.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_flood_and_says_how_much_of_it() {
        let mut bucket = Bucket::default();
        let start = Instant::now();
        let taken = (0..BURST + 500).filter(|_| bucket.take(start) != Take::Refused).count();
        assert_eq!(taken, BURST as usize);
        let later = start + Duration::from_secs(1);
        assert_eq!(bucket.take(later), Take::TakenAfter(500));
        let taken = (0..BURST).filter(|_| bucket.take(later) == Take::Taken).count();
        assert_eq!(taken, PER_SECOND as usize - 1);
    }
}
