//! Who may take which of the places for calls in flight.

use crate::limits::{IDLE_CONNECTORS_PART, IDLE_DOMAINS_PART};

/// How a domain stands that would like to start something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Nothing of it is in flight, and it is not known to be slow.
    Fresh,
    /// Nothing of it is in flight, and its latest answer took long.
    Slow,
    /// Something of it is in flight.
    Busy,
}

/// What is in flight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InFlight {
    pub(super) calls: u32,
    /// Calls but the first of each connector.
    pub(super) beside_connectors_first: u32,
    /// Calls but the first of each domain, that one too where the domain was slow.
    pub(super) beside_domains_first: u32,
}

/// How much of the places may be taken by what has some already. A domain whose calls hang, or many
/// that are known to, cannot fill them all: there is always one for a domain they have nothing to do
/// with. The same holds for a connector whose whole cloud hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    all: u32,
    beside_connectors_first: u32,
    beside_domains_first: u32,
}

impl Shares {
    /// Of so many places, with so many connectors and domains that have something left to do. No
    /// more is kept free for others than there are others.
    pub(super) fn of(places: u32, connectors: u32, domains: u32) -> Self {
        let all = places.max(1);
        let kept = |part: u32, others: u32, left: u32| (all / part).max(1).min(others).min(left);
        let for_connectors = kept(IDLE_CONNECTORS_PART, connectors.saturating_sub(1), all - 1);
        let left = all - 1 - for_connectors;
        let for_domains = kept(IDLE_DOMAINS_PART, domains.saturating_sub(1), left);
        Self { all, beside_connectors_first: left, beside_domains_first: left - for_domains }
    }

    /// Whether one more call may start, of an idle connector or another, of a domain that stands so.
    pub(super) fn let_start(self, beside: InFlight, idle: bool, standing: Standing) -> bool {
        let InFlight { calls, beside_connectors_first, beside_domains_first } = beside;
        calls < self.all
            && (idle || beside_connectors_first < self.beside_connectors_first)
            && match standing {
                Standing::Fresh => true,
                Standing::Slow => beside_domains_first < self.beside_domains_first.max(1),
                Standing::Busy => beside_domains_first < self.beside_domains_first,
            }
    }
}
