//! Asking again what the host cannot ask again.
//!
//! The host owns every retry of a step, a look or a survey: there a plugin makes one attempt. A report
//! and a stream are one call each, with many questions in it; a service that has no time for one of
//! them must not cost the others.

use std::time::Duration;

use skybridge_plugin_sdk::{Error, Retry};

/// How often and how slowly something that only reads is asked again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Attempts in all; the outcome of the last one stands.
    pub attempts: u32,
    /// The first wait, where the service does not say how long; doubled each time.
    pub first: Duration,
    /// No wait is longer, whatever the service says.
    pub longest: Duration,
}

impl Default for Patience {
    /// Five attempts, a second at first, a minute at most: two and a half minutes of a busy service,
    /// or what it asks for.
    fn default() -> Self {
        Self { attempts: 5, first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// Whether an outcome was that of a service without time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It stands.
    Stands,
    /// The service was busy, and may have said how long to wait.
    Busy(Option<Duration>),
}

impl Verdict {
    /// What an error means for somebody who could ask again.
    #[must_use]
    pub const fn of(error: &Error) -> Self {
        match error.retry {
            Retry::Transient | Retry::RateLimited => Self::Busy(error.retry_after),
            Retry::Eventual | Retry::Permanent => Self::Stands,
        }
    }

    /// The same of an outcome.
    #[must_use]
    pub fn of_result<T>(outcome: &Result<T, Error>) -> Self {
        outcome.as_ref().map_or_else(Self::of, |_| Self::Stands)
    }
}

impl Patience {
    /// Asks until the outcome stands or attempts are used up. `ask` must only read.
    pub async fn ask<T, F: Future<Output = T>>(
        self,
        mut ask: impl FnMut() -> F,
        judge: impl Fn(&T) -> Verdict,
    ) -> T {
        let mut wait = self.first;
        for _ in 1..self.attempts {
            let outcome = ask().await;
            let Verdict::Busy(asked) = judge(&outcome) else { return outcome };
            let asked = asked.unwrap_or(wait).min(self.longest);
            tracing::debug!(?asked, "the service is busy, asking again");
            tokio::time::sleep(asked).await;
            wait = wait.saturating_mul(2);
        }
        ask().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use skybridge_plugin_sdk::kind;

    use super::*;

    const QUICK: Patience = Patience {
        attempts: 5,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(20),
    };

    /// The outcome of a question that is answered with `kind` so many times, and how often it was asked.
    async fn asked(kind: u16, times: u32) -> (Result<u32, u16>, u32, Duration) {
        let (mut count, began) = (0, Instant::now());
        let ask = || {
            count += 1;
            std::future::ready(if count > times { Ok(count) } else { Err(Error::new(kind, "no")) })
        };
        let outcome =
            QUICK.ask(ask, |outcome: &Result<u32, Error>| Verdict::of_result(outcome)).await;
        (outcome.map_err(|error| error.kind), count, began.elapsed())
    }

    #[tokio::test]
    async fn a_busy_service_is_asked_again_more_and_more_slowly() {
        let (outcome, count, took) = asked(kind::UNAVAILABLE, 3).await;
        assert_eq!((outcome, count), (Ok(4), 4));
        assert!(took >= Duration::from_millis(1 + 2 + 4), "{took:?}");
    }

    #[tokio::test]
    async fn the_last_attempt_stands() {
        let (outcome, count, _) = asked(kind::RATE_LIMITED, 9).await;
        assert_eq!((outcome, count), (Err(kind::RATE_LIMITED), 5));
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_not_asked_again() {
        let (outcome, count, _) = asked(kind::PERMISSION_DENIED, 9).await;
        assert_eq!((outcome, count), (Err(kind::PERMISSION_DENIED), 1));
    }

    #[tokio::test]
    async fn a_service_says_how_long_within_bounds() {
        let began = Instant::now();
        let day = Some(Duration::from_secs(86_400));
        let patience = Patience { attempts: 2, ..QUICK };
        patience.ask(|| std::future::ready(()), |()| Verdict::Busy(day)).await;
        let took = began.elapsed();
        assert!(took >= QUICK.longest && took < Duration::from_secs(60), "{took:?}");
    }
}
