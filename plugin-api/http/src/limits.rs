//! What answers say about how many more calls a service takes, on its way to the host, which alone
//! decides who calls next.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use skybridge_plugin_sdk::protocol::rate_limit::RateLimit;

/// What the answers of several calls said of one counter, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noted {
    /// Calls that are left, by the last answer.
    pub left: u64,
    /// Calls that drew from it.
    pub calls: u32,
    /// How long the last answer asked to wait, when it was a refusal.
    pub wait: Option<Duration>,
}

impl Noted {
    /// As the host takes it: of the bucket `bucket` of the throttle domain `domain`, as the steps'
    /// `throttle` names it.
    #[must_use]
    pub fn rate_limit(self, domain: String, bucket: String) -> RateLimit {
        let wait = self.wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let (remaining, calls) = (self.left, self.calls);
        RateLimit { domain: Some(domain), bucket, remaining, calls, resets_in_ms: wait }
    }
}

/// Keeps what answers say until it is told to the host; `C` is whose calls a counter counts.
#[derive(Debug)]
pub struct Notebook<C>(Mutex<BTreeMap<(C, String), Noted>>);

impl<C> Default for Notebook<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: Ord> Notebook<C> {
    /// One answer said that so many calls are left of a counter, and, when it was a refusal, how long
    /// to wait.
    pub fn note(&self, counted: C, counter: String, left: u64, wait: Option<Duration>) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = notes.entry((counted, counter)).or_default();
        *noted = Noted { left, calls: noted.calls.saturating_add(1), wait };
    }

    /// Everything that was noted; the notebook is then empty.
    pub fn take(&self) -> BTreeMap<(C, String), Noted> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_counts_and_calls_add_up() {
        let notebook = Notebook::default();
        notebook.note("main", "reads".to_owned(), 9, None);
        notebook.note("main", "reads".to_owned(), 0, Some(Duration::from_secs(7)));
        notebook.note("main", "writes".to_owned(), 5, None);
        let notes = notebook.take();
        let told = notes
            .into_iter()
            .map(|((domain, bucket), noted)| noted.rate_limit(format!("api/{domain}"), bucket));
        let told: Vec<RateLimit> = told.collect();
        assert_eq!(told.len(), 2);
        let reads = &told[0];
        assert_eq!((reads.domain.as_deref(), reads.bucket.as_str()), (Some("api/main"), "reads"));
        assert_eq!((reads.remaining, reads.calls, reads.resets_in_ms), (0, 2, Some(7_000)));
        assert!(notebook.take().is_empty());
    }
}
