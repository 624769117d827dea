//! Operations a service goes on with after it has answered: 202, and a place to look.

use std::time::Duration;

use skybridge_plugin_sdk::{Error, Result, kind};

/// What a look at an operation said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<T> {
    /// It has come to its end, with this.
    Ended(T),
    /// It goes on; how long the service asks to wait before the next look.
    GoesOn(Option<Duration>),
}

/// How an operation is followed.
#[derive(Debug, Clone, Copy)]
pub struct Rhythm {
    /// Between two looks, where the service does not say.
    pub interval: Duration,
    /// How long an operation is followed. Keep it below the deadline of the call (ten minutes by
    /// default): a step that takes longer says so by not being ready, and the host looks again.
    pub budget: Duration,
}

impl Rhythm {
    /// Looks until the operation has ended. Whoever drops the future stops looking; the operation goes on.
    ///
    /// # Errors
    /// Those of `look`; [`kind::TIMEOUT`], which may be tried again, when the budget is used up.
    pub async fn follow<T, F: Future<Output = Result<Seen<T>>>>(
        self,
        mut look: impl FnMut() -> F,
    ) -> Result<T> {
        let until = tokio::time::Instant::now() + self.budget;
        loop {
            let wait = match look().await? {
                Seen::Ended(outcome) => return Ok(outcome),
                Seen::GoesOn(asked) => asked.unwrap_or(self.interval),
            };
            let next = tokio::time::Instant::now() + wait;
            if next > until {
                let text = format!("the operation goes on after {} s", self.budget.as_secs());
                return Err(Error::new(kind::TIMEOUT, text));
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RHYTHM: Rhythm =
        Rhythm { interval: Duration::from_millis(1), budget: Duration::from_millis(50) };

    /// Follows an operation that ends at the `last` look; each asks for `wait`.
    async fn follow(last: u32, wait: Option<Duration>) -> (Result<u32>, u32) {
        let mut looks = 0;
        let look = || {
            looks += 1;
            let seen = if looks == last { Seen::Ended(looks) } else { Seen::GoesOn(wait) };
            std::future::ready(Ok(seen))
        };
        let outcome = RHYTHM.follow(look).await;
        (outcome, looks)
    }

    #[tokio::test]
    async fn it_is_looked_at_until_it_has_ended() {
        for wait in [None, Some(Duration::ZERO)] {
            let (outcome, looks) = follow(3, wait).await;
            assert_eq!((outcome.unwrap(), looks), (3, 3));
        }
    }

    #[tokio::test]
    async fn it_is_not_followed_for_ever() {
        let (outcome, looks) = follow(u32::MAX, None).await;
        assert_eq!(outcome.unwrap_err().kind, kind::TIMEOUT);
        assert!((2..=51).contains(&looks), "{looks}");
        let (outcome, looks) = follow(2, Some(Duration::from_secs(86_400))).await;
        assert_eq!((outcome.unwrap_err().kind, looks), (kind::TIMEOUT, 1), "too long a wait");
    }

    #[tokio::test]
    async fn what_a_look_refuses_ends_it() {
        let look = || std::future::ready(Err::<Seen<()>, _>(Error::new(kind::NOT_FOUND, "gone")));
        assert_eq!(RHYTHM.follow(look).await.unwrap_err().kind, kind::NOT_FOUND);
    }
}
