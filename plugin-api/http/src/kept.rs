//! Tokens and other credentials that expire.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

/// Replaced this long before it expires, so that none expires on its way: a call may take two minutes,
/// and clocks differ.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// Something that stops working.
pub trait Perishable: Clone {
    /// When, if that is known.
    fn expires(&self) -> Option<Timestamp>;

    /// Whether it is the very same one.
    fn is(&self, other: &Self) -> bool;
}

/// Keeps one of each key: an OAuth scope, an account.
///
/// One lock for all of them is held while asking: many steps that start together then cause one request
/// and not one each.
pub struct Kept<T>(Mutex<BTreeMap<String, T>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<T> fmt::Debug for Kept<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl<T: Perishable> Kept<T> {
    /// The one at hand when it works for a while yet, or what `fetch` gives.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn get<E>(
        &self,
        key: &str,
        now: Timestamp,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let good = |it: &T| it.expires().is_none_or(|end| end.duration_since(now) > RENEWED_BEFORE);
        self.unless(key, good, fetch).await
    }

    /// What `fetch` gives now, whatever is at hand; it is kept.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn fresh<E>(
        &self,
        key: &str,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.unless(key, |_| false, fetch).await
    }

    /// Another than `stale`: the one at hand when somebody has replaced it already.
    ///
    /// # Errors
    /// Those of `fetch`.
    pub async fn replace<E>(
        &self,
        key: &str,
        stale: &T,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.unless(key, |it| !it.is(stale), fetch).await
    }

    async fn unless<E>(
        &self,
        key: &str,
        good: impl Fn(&T) -> bool,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut kept = self.0.lock().await;
        if let Some(at_hand) = kept.get(key).filter(|it| good(it)) {
            return Ok(at_hand.clone());
        }
        let fetched = fetch.await?;
        kept.insert(key.to_owned(), fetched.clone());
        Ok(fetched)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Token(i64, i64);

    impl Perishable for Token {
        fn expires(&self) -> Option<Timestamp> {
            Timestamp::from_second(self.1).ok()
        }

        fn is(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    /// Gives a new one each time, good until `until`.
    struct Source(AtomicI64);

    impl Source {
        async fn give(&self, until: i64) -> Result<Token, &'static str> {
            let number = self.0.fetch_add(1, Ordering::SeqCst);
            // Whoever else waits gets a chance to ask as well.
            tokio::task::yield_now().await;
            if number < 0 { Err("none") } else { Ok(Token(number, until)) }
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[tokio::test]
    async fn many_who_wait_cause_one_request() {
        let (kept, source) = (Kept::default(), Source(AtomicI64::new(0)));
        let asked = || kept.get("a", at(0), source.give(3_600));
        let (one, two, three) = tokio::join!(asked(), asked(), asked());
        assert_eq!(
            (one, two, three),
            (Ok(Token(0, 3_600)), Ok(Token(0, 3_600)), Ok(Token(0, 3_600)))
        );
        assert_eq!(kept.get("b", at(0), source.give(9)).await, Ok(Token(1, 9)), "another key");
    }

    #[tokio::test]
    async fn none_expires_on_its_way() {
        let (kept, source) = (Kept::default(), Source(AtomicI64::new(0)));
        let get = |now| kept.get("a", at(now), source.give(3_600));
        assert_eq!(get(0).await.unwrap().0, 0);
        assert_eq!(get(3_299).await.unwrap().0, 0);
        assert_eq!(get(3_300).await.unwrap().0, 1);
    }

    #[tokio::test]
    async fn what_went_stale_is_replaced_once() {
        let (kept, source) = (Kept::default(), Source(AtomicI64::new(0)));
        let stale = kept.get("a", at(0), source.give(3_600)).await.unwrap();
        let (one, two) = tokio::join!(
            kept.replace("a", &stale, source.give(3_600)),
            kept.replace("a", &stale, source.give(3_600)),
        );
        assert_eq!((one.unwrap().0, two.unwrap().0), (1, 1));
        assert_eq!(kept.fresh("a", source.give(3_600)).await.unwrap().0, 2);
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let (kept, source) = (Kept::default(), Source(AtomicI64::new(-1)));
        assert_eq!(kept.get("a", at(0), source.give(3_600)).await, Err("none"));
        assert_eq!(kept.get("a", at(0), source.give(3_600)).await, Ok(Token(0, 3_600)));
    }
}
