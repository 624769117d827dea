//! A bucket of calls on the other side, as far as its answers tell of it.

use jiff::Timestamp;
use skybridge_plugin_protocol::rate_limit::RateLimit;

use super::Kind;

/// Lets as many calls be under way as are left, so that none is refused. How fast the bucket is
/// refilled need not be known: calls in flight and calls left come to balance where as many are
/// made as are added, and the bucket is then nearly empty and never quite.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    /// Calls that were left by the latest answer. Those in flight may not be counted in it. Not
    /// known once the time has passed that a refusal asked for.
    left: Option<u64>,
    /// How many a step last drew, by kind of call; zero: none yet.
    drawn: [u32; 2],
    /// It has nothing until then.
    empty_until: Option<Timestamp>,
}

impl Bucket {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), left: None, drawn: [0; 2], empty_until: None }
    }

    /// Takes in what an answer said; `drawn` is the kind of call when its step is of this domain.
    pub(super) fn told(
        &mut self,
        limit: &RateLimit,
        drawn: Option<Kind>,
        until: Option<Timestamp>,
    ) {
        self.left = Some(limit.remaining);
        self.empty_until = if limit.remaining == 0 { self.empty_until.max(until) } else { None };
        if let Some(kind) = drawn {
            self.drawn[kind as usize] = limit.calls.max(1);
        }
    }

    pub(super) fn release(&mut self, now: Timestamp) {
        if self.empty_until.is_some_and(|until| until <= now) {
            (self.empty_until, self.left) = (None, None);
        }
    }

    /// Whether one more call of this kind may start beside those in flight. When none is, one may,
    /// whatever is left: nothing else would ever tell that the bucket has been refilled.
    pub(super) fn lets(&self, kind: Kind, in_flight: [u32; 2]) -> bool {
        let takes = |kind: usize| u64::from(self.drawn[kind]);
        let wanted = takes(kind as usize);
        if wanted == 0 {
            return true;
        }
        let under_way = u64::from(in_flight[0]) * takes(0) + u64::from(in_flight[1]) * takes(1);
        let pays = self.left.is_none_or(|left| under_way + wanted <= left);
        self.empty_until.is_none() && (under_way == 0 || pays)
    }
}
