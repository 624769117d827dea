//! One throttle domain: what is lined up in it, and what keeps it from starting.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::{SignedDuration, Timestamp};
use skybridge_plugin_protocol::rate_limit::RateLimit;

use super::Kind;
use super::bucket::Bucket;
use super::shares::Standing;
use super::window::Window;
use crate::limits::{BUCKETS_PER_DOMAIN_MAX, SLOW_ANSWER};

/// A step that could start. The greatest goes first: a probe before an apply; then the longest path
/// of steps behind it; then the smallest position.
pub(super) type Head = (Kind, u32, Reverse<u32>);

#[derive(Debug)]
pub(super) struct Domain {
    pub(super) connector: u32,
    /// Steps that have not ended.
    pub(super) open: u32,
    /// What the connector lists for it: what would start next, and how it stands.
    pub(super) listed: Option<(Head, Standing)>,
    /// By kind of call.
    ready: [BinaryHeap<(u32, Reverse<u32>)>; 2],
    /// By kind of call.
    in_flight: [u32; 2],
    /// How many of them are not its first.
    beside_first: u32,
    window: Window,
    held_until: Option<Timestamp>,
    buckets: Vec<Bucket>,
    /// Its latest answer took long.
    slow: bool,
}

impl Domain {
    pub(super) fn new(connector: u32, open: u32, in_flight_max: u32) -> Self {
        Self {
            connector,
            open,
            listed: None,
            ready: Default::default(),
            in_flight: [0; 2],
            beside_first: 0,
            window: Window::new(in_flight_max),
            held_until: None,
            buckets: Vec::new(),
            slow: false,
        }
    }

    pub(super) fn push(&mut self, kind: Kind, critical: u32, step: u32) {
        self.ready[kind as usize].push((critical, Reverse(step)));
    }

    /// What would start next, if anything may.
    pub(super) fn head(&self) -> Option<Head> {
        if self.held_until.is_some() || self.calls() >= self.window.size() {
            return None;
        }
        [Kind::Probe, Kind::Apply].into_iter().find_map(|kind| {
            let &(critical, step) = self.ready[kind as usize].peek()?;
            let lets = self.buckets.iter().all(|bucket| bucket.lets(kind, self.in_flight));
            lets.then_some((kind, critical, step))
        })
    }

    pub(super) fn standing(&self) -> Standing {
        match (self.calls(), self.slow) {
            (0, false) => Standing::Fresh,
            (0, true) => Standing::Slow,
            _ => Standing::Busy,
        }
    }

    /// Takes what [`Domain::head`] shows; and whether that is its first, being prompt.
    pub(super) fn pop(&mut self) -> Option<(u32, bool)> {
        let (kind, ..) = self.head()?;
        let first = self.standing() == Standing::Fresh;
        let (_, Reverse(step)) = self.ready[kind as usize].pop()?;
        self.in_flight[kind as usize] += 1;
        self.beside_first += u32::from(!first);
        Some((step, first))
    }

    /// A call is no longer in flight; whether what is left has one less beside the first.
    pub(super) fn answered(
        &mut self,
        kind: Kind,
        sent: Timestamp,
        refused: bool,
        now: Timestamp,
    ) -> bool {
        let was_full = self.calls() >= self.window.size();
        self.in_flight[kind as usize] -= 1;
        let slow = SignedDuration::try_from(SLOW_ANSWER).unwrap_or(SignedDuration::MAX);
        self.slow = now.duration_since(sent) >= slow;
        if refused {
            self.window.refused(sent, now);
        } else {
            self.window.went_well(was_full);
        }
        let beside = self.beside_first > 0;
        self.beside_first -= u32::from(beside);
        beside
    }

    /// Takes in what an answer said of one of its buckets, unless it speaks of too many.
    pub(super) fn told(
        &mut self,
        limit: &RateLimit,
        drawn: Option<Kind>,
        until: Option<Timestamp>,
    ) -> bool {
        let known = self.buckets.iter().position(|bucket| bucket.name == limit.bucket);
        let at = match known {
            Some(at) => at,
            None if self.buckets.len() < BUCKETS_PER_DOMAIN_MAX => {
                self.buckets.push(Bucket::new(&limit.bucket));
                self.buckets.len() - 1
            }
            None => return false,
        };
        self.buckets[at].told(limit, drawn, until);
        true
    }

    /// Nothing may start before `until`. False when that was so already.
    pub(super) fn hold(&mut self, until: Timestamp) -> bool {
        let longer = self.held_until.is_none_or(|held| held < until);
        self.held_until = self.held_until.max(Some(until));
        longer
    }

    /// Forgets what was to last until now.
    pub(super) fn release(&mut self, now: Timestamp) {
        self.held_until = self.held_until.filter(|until| *until > now);
        self.buckets.iter_mut().for_each(|bucket| bucket.release(now));
    }

    fn calls(&self) -> u32 {
        self.in_flight.iter().sum()
    }
}
