//! Who is next: by throttle domain, what hangs on a step, and time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use jiff::Timestamp;

/// A step that could start. The greatest goes first: a probe before an apply, for it ends a step
/// that others wait for; then the longest path of steps behind it; then the smallest position.
type Entry = (bool, u32, Reverse<u32>);

/// The steps that could start, those that wait for a time, and the throttle domains.
#[derive(Debug)]
pub(super) struct Queue {
    domains: Vec<Domain>,
    per_domain: u32,
    /// The first entry of each domain that may start something now.
    open: BTreeSet<(Entry, Reverse<u32>)>,
    timers: BTreeSet<(Timestamp, Timer)>,
}

#[derive(Debug, Default)]
struct Domain {
    ready: BinaryHeap<Entry>,
    in_flight: u32,
    held_until: Option<Timestamp>,
    /// What stands in `Queue::open` for this domain.
    listed: Option<Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Domain(u32),
    Step(u32),
}

impl Queue {
    pub(super) fn new(domains: usize, per_domain: u32) -> Self {
        Self {
            domains: std::iter::repeat_with(Domain::default).take(domains).collect(),
            per_domain: per_domain.max(1),
            open: BTreeSet::new(),
            timers: BTreeSet::new(),
        }
    }

    /// Lines a step up.
    pub(super) fn push(&mut self, domain: u32, probe: bool, critical: u32, step: u32) {
        self.domains[domain as usize].ready.push((probe, critical, Reverse(step)));
        self.refresh(domain);
    }

    /// Takes the next step that may start; it counts as in flight until [`Queue::ended`].
    pub(super) fn pop(&mut self) -> Option<u32> {
        let &(_, Reverse(domain)) = self.open.last()?;
        let state = &mut self.domains[domain as usize];
        let (_, _, Reverse(step)) = state.ready.pop()?;
        state.in_flight += 1;
        self.refresh(domain);
        Some(step)
    }

    /// A call of the domain is no longer in flight.
    pub(super) fn ended(&mut self, domain: u32) {
        self.domains[domain as usize].in_flight -= 1;
        self.refresh(domain);
    }

    /// Nothing of the domain may start before `until`.
    pub(super) fn hold(&mut self, domain: u32, until: Timestamp) {
        let state = &mut self.domains[domain as usize];
        if let Some(held) = state.held_until {
            if held >= until {
                return;
            }
            self.timers.remove(&(held, Timer::Domain(domain)));
        }
        state.held_until = Some(until);
        self.timers.insert((until, Timer::Domain(domain)));
        self.refresh(domain);
    }

    /// The step comes back out of [`Queue::due`] then.
    pub(super) fn sleep(&mut self, step: u32, until: Timestamp) {
        self.timers.insert((until, Timer::Step(step)));
    }

    /// A step whose time has come. Domains whose time has come are released on the way.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<u32> {
        while let Some(&(at, timer)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            match timer {
                Timer::Step(step) => return Some(step),
                Timer::Domain(domain) => {
                    self.domains[domain as usize].held_until = None;
                    self.refresh(domain);
                }
            }
        }
        None
    }

    /// When something is due next.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Brings `open` up to date after a change of a domain.
    fn refresh(&mut self, domain: u32) {
        let state = &mut self.domains[domain as usize];
        let may_start = state.in_flight < self.per_domain && state.held_until.is_none();
        let entry = if may_start { state.ready.peek().copied() } else { None };
        if state.listed != entry {
            if let Some(old) = state.listed {
                self.open.remove(&(old, Reverse(domain)));
            }
            if let Some(new) = entry {
                self.open.insert((new, Reverse(domain)));
            }
            state.listed = entry;
        }
    }
}
