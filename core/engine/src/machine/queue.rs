//! Who is next: by connector, throttle domain, what hangs on a step, and time.
//!
//! A place among the calls in flight goes to the connector that has the fewest, there to the step
//! with the most behind it whose domain may start something. `decisions/0006` tells why.

mod bucket;
mod domain;
mod shares;
mod window;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_plugin_protocol::rate_limit::RateLimit;

use crate::limits::{Limits, TOLD_MAX};
use crate::retry::after;
use domain::{Domain, Head};
use shares::{InFlight, Shares, Standing};

/// What a call is for. A probe goes before an apply: it ends a step that others wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// To apply a step.
    Apply,
    /// To look whether it is ready.
    Probe,
}

/// That a call is no longer in flight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered<'a> {
    /// The domain of its step.
    pub(super) domain: u32,
    pub(super) kind: Kind,
    pub(super) sent: Timestamp,
    /// Whether it was refused because of too many calls.
    pub(super) refused: bool,
    /// What it was told about further ones.
    pub(super) told: &'a [RateLimit],
}

/// The steps that could start, those that wait for a time, and the throttle domains.
#[derive(Debug)]
pub(super) struct Queue {
    domains: Vec<Domain>,
    connectors: Vec<Connector>,
    /// The connectors by how many calls they have in flight.
    turns: BTreeSet<(u32, u32)>,
    timers: BTreeSet<(Timestamp, Timer)>,
    in_flight: InFlight,
    places: u32,
    shares: Shares,
    /// Connectors and domains with steps that have not ended.
    open: (u32, u32),
    told_max: Duration,
}

/// The domains of one connector. Another connector's domain of the same name is another domain: it
/// calls another cloud, or as somebody else.
#[derive(Debug, Default)]
struct Connector {
    names: BTreeMap<Arc<str>, u32>,
    in_flight: u32,
    /// Its domains with steps that have not ended.
    open: u32,
    /// What each domain would start next, by how it stands.
    heads: [BTreeSet<(Head, Reverse<u32>)>; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Domain(u32),
    Step(u32),
}

/// Gives every throttle domain of every connector its position.
#[derive(Debug, Default)]
pub(super) struct Domains<'w> {
    connectors: BTreeMap<&'w str, u32>,
    /// By position: the names of its domains.
    names: Vec<BTreeMap<Arc<str>, u32>>,
    /// By position: the connector, and the steps that have not ended.
    domains: Vec<(u32, u32)>,
}

impl<'w> Domains<'w> {
    /// The position of a step's domain.
    pub(super) fn place(&mut self, connector: &'w str, domain: &Arc<str>, open: bool) -> u32 {
        let position = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let next = position(self.names.len());
        let connector = *self.connectors.entry(connector).or_insert(next);
        if connector == next {
            self.names.push(BTreeMap::new());
        }
        let next = position(self.domains.len());
        let at = *self.names[connector as usize].entry(Arc::clone(domain)).or_insert(next);
        if at == next {
            self.domains.push((connector, 0));
        }
        self.domains[at as usize].1 += u32::from(open);
        at
    }
}

impl Queue {
    pub(super) fn new(domains: Domains<'_>, limits: &Limits) -> Self {
        let mut connectors: Vec<Connector> = Vec::with_capacity(domains.names.len());
        for names in domains.names {
            connectors.push(Connector { names, ..Connector::default() });
        }
        let mut open = (0, 0);
        for &(connector, steps) in &domains.domains {
            let connector = &mut connectors[connector as usize];
            open.0 += u32::from(steps > 0 && connector.open == 0);
            open.1 += u32::from(steps > 0);
            connector.open += u32::from(steps > 0);
        }
        let domains = domains.domains.into_iter();
        let each = |(connector, open)| Domain::new(connector, open, limits.in_flight_per_domain);
        Self {
            domains: domains.map(each).collect(),
            turns: (0..).zip(&connectors).map(|(connector, _)| (0, connector)).collect(),
            connectors,
            timers: BTreeSet::new(),
            in_flight: InFlight::default(),
            places: limits.in_flight,
            shares: Shares::of(limits.in_flight, open.0, open.1),
            open,
            told_max: limits.rate_limited_budget,
        }
    }

    /// How many calls are in flight.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight.calls
    }

    /// Lines a step up.
    pub(super) fn push(&mut self, domain: u32, kind: Kind, critical: u32, step: u32) {
        self.domains[domain as usize].push(kind, critical, step);
        self.refresh(domain);
    }

    /// Takes the next step that may start; it counts as in flight until [`Queue::answered`].
    pub(super) fn pop(&mut self) -> Option<u32> {
        let domain = self.next_domain()?;
        let (step, first) = self.domains[domain as usize].pop()?;
        let of_connector = self.recount(domain, |in_flight| in_flight + 1);
        self.in_flight.calls += 1;
        self.in_flight.beside_connectors_first += u32::from(of_connector > 1);
        self.in_flight.beside_domains_first += u32::from(!first);
        self.refresh(domain);
        Some(step)
    }

    /// Takes in that a call is no longer in flight, and what it was told.
    pub(super) fn answered(&mut self, answer: Answered<'_>, now: Timestamp) {
        let Answered { domain, kind, sent, refused, told } = answer;
        let beside = self.domains[domain as usize].answered(kind, sent, refused, now);
        let of_connector = self.recount(domain, |in_flight| in_flight - 1);
        self.in_flight.calls -= 1;
        self.in_flight.beside_connectors_first -= u32::from(of_connector > 0);
        self.in_flight.beside_domains_first -= u32::from(beside);
        let connector = self.domains[domain as usize].connector;
        for limit in told.iter().take(TOLD_MAX) {
            let named = limit.domain.as_deref();
            let known = |name| self.connectors[connector as usize].names.get(name).copied();
            // What is said of a domain no step names says nothing to anybody.
            let Some(about) = named.map_or(Some(domain), known) else { continue };
            let drawn = (about == domain).then_some(kind);
            let wait = limit.resets_in_ms.map(|ms| Duration::from_millis(ms).min(self.told_max));
            let until = wait.map(|wait| after(now, wait)).filter(|until| *until > now);
            if self.domains[about as usize].told(limit, drawn, until) {
                self.timers.extend(until.map(|until| (until, Timer::Domain(about))));
                self.refresh(about);
            }
        }
        self.refresh(domain);
    }

    /// A step of the domain has ended for good.
    pub(super) fn closed(&mut self, domain: u32) {
        let state = &mut self.domains[domain as usize];
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            let connector = &mut self.connectors[state.connector as usize];
            connector.open = connector.open.saturating_sub(1);
            self.open.1 = self.open.1.saturating_sub(1);
            self.open.0 = self.open.0.saturating_sub(u32::from(connector.open == 0));
            // What was kept free for it is not needed any more.
            self.shares = Shares::of(self.places, self.open.0, self.open.1);
        }
    }

    /// Nothing of the domain may start before `until`. False when it was held for as long already.
    pub(super) fn hold(&mut self, domain: u32, until: Timestamp) -> bool {
        if !self.domains[domain as usize].hold(until) {
            return false;
        }
        self.timers.insert((until, Timer::Domain(domain)));
        self.refresh(domain);
        true
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
                    self.domains[domain as usize].release(now);
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

    /// The domain that may start its next step now.
    fn next_domain(&self) -> Option<u32> {
        self.turns.iter().find_map(|&(in_flight, connector)| {
            let idle = in_flight == 0;
            let may = |standing| self.shares.let_start(self.in_flight, idle, standing);
            if !may(Standing::Fresh) {
                return None;
            }
            let heads = &self.connectors[connector as usize].heads;
            let standings = [Standing::Fresh, Standing::Slow, Standing::Busy].into_iter();
            let listed =
                standings.filter(|one| may(*one)).filter_map(|one| heads[one as usize].last());
            listed.max().map(|(_, Reverse(domain))| *domain)
        })
    }

    /// Changes how many calls the connector of a domain has in flight; how many it has then.
    fn recount(&mut self, domain: u32, change: impl Fn(u32) -> u32) -> u32 {
        let at = self.domains[domain as usize].connector;
        let connector = &mut self.connectors[at as usize];
        self.turns.remove(&(connector.in_flight, at));
        connector.in_flight = change(connector.in_flight);
        self.turns.insert((connector.in_flight, at));
        connector.in_flight
    }

    /// Brings what the connector lists up to date after a change of a domain.
    fn refresh(&mut self, domain: u32) {
        let state = &mut self.domains[domain as usize];
        let now = state.head().map(|head| (head, state.standing()));
        let before = std::mem::replace(&mut state.listed, now);
        if before == now {
            return;
        }
        let connector = &mut self.connectors[state.connector as usize];
        if let Some((head, standing)) = before {
            connector.heads[standing as usize].remove(&(head, Reverse(domain)));
        }
        if let Some((head, standing)) = now {
            connector.heads[standing as usize].insert((head, Reverse(domain)));
        }
    }
}

#[cfg(test)]
mod tests;
