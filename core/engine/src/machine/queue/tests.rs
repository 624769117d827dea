//! The scheduler's decisions, as tables.

use std::sync::Arc;

use skybridge_plugin_protocol::rate_limit::RateLimit;

use super::shares::{InFlight, Shares, Standing};
use super::window::Window;
use super::{Answered, Domains, Kind, Queue};
use crate::limits::{IN_FLIGHT_PER_DOMAIN_START, Limits, SLOW_ANSWER};
use crate::testing::at;

/// A queue and where its domains are.
struct Rig {
    queue: Queue,
    domains: Vec<u32>,
    next: u32,
}

impl Rig {
    /// Of domains `connector/domain`, each with steps left to do.
    fn new(limits: Limits, domains: &[&str]) -> Self {
        let mut places = Domains::default();
        let mut positions = Vec::new();
        for domain in domains {
            let (connector, domain) = domain.split_once('/').unwrap();
            positions.push(places.place(connector, &Arc::from(domain), true));
        }
        Self { queue: Queue::new(places, &limits), domains: positions, next: 0 }
    }

    /// Lines up so many steps of a domain; the earlier ones have more behind them.
    fn line_up(&mut self, domain: usize, kind: Kind, count: u32) {
        for _ in 0..count {
            self.queue.push(self.domains[domain], kind, u32::MAX - self.next, self.next);
            self.next += 1;
        }
    }

    /// Everything that may start now.
    fn start(&mut self) -> Vec<u32> {
        std::iter::from_fn(|| self.queue.pop()).collect()
    }

    fn answer(&mut self, domain: usize, kind: Kind, told: &[RateLimit], sent: i64, now: i64) {
        let (domain, sent) = (self.domains[domain], at(sent));
        self.queue.answered(Answered { domain, kind, sent, refused: false, told }, at(now));
    }
}

fn limits(in_flight: u32) -> Limits {
    Limits { in_flight, ..Limits::default() }
}

fn left(remaining: u64, calls: u32) -> RateLimit {
    RateLimit { bucket: "writes".to_owned(), remaining, calls, ..RateLimit::default() }
}

/// Places, connectors and domains with something to do; how many calls one domain can have in
/// flight, and how many one connector, if nobody else has any.
#[test]
fn places_are_shared_out() {
    for (places, connectors, domains, one_domain, one_connector) in [
        (0, 1, 1, 1, 1),
        (1, 9, 9, 1, 1),
        (2, 1, 1, 2, 2),
        (2, 1, 9, 1, 2),
        (2, 2, 9, 1, 1),
        (3, 2, 9, 1, 2),
        (4, 1, 1, 4, 4),
        (4, 1, 2, 3, 4),
        (16, 1, 9, 12, 16),
        (16, 3, 9, 10, 14),
        (256, 1, 4, 253, 256),
        (256, 1, 10_000, 192, 256),
        (256, 2, 10_000, 191, 255),
        (256, 200, 10_000, 160, 224),
        (256, 0, 0, 256, 256),
    ] {
        let shares = Shares::of(places, connectors, domains);
        let most = |same_domain: bool| {
            let mut flying = InFlight::default();
            let standing = |flying: InFlight| match flying.calls {
                1.. if same_domain => Standing::Busy,
                _ => Standing::Fresh,
            };
            while shares.let_start(flying, flying.calls == 0, standing(flying)) {
                flying.beside_connectors_first = flying.calls;
                flying.beside_domains_first = if same_domain { flying.calls } else { 0 };
                flying.calls += 1;
            }
            flying.calls
        };
        let what = format!("{places} places, {connectors} connectors, {domains} domains");
        assert_eq!((most(true), most(false)), (one_domain, one_connector), "{what}");
        let full = InFlight { calls: places.max(1), ..InFlight::default() };
        assert!(!shares.let_start(full, true, Standing::Fresh), "{what}");
        let one = InFlight { calls: 1, beside_domains_first: 1, ..InFlight::default() };
        let second = shares.let_start(one, true, Standing::Slow);
        assert!(!second || one_domain > 2, "{what}: slow ones together are as one");
    }
}

/// `+` went well with the window full, `.` went well with room left, `-` refused, sent just now;
/// `=` refused, sent before the window was last halved.
#[test]
fn a_window_grows_by_one_and_halves() {
    for (max, answers, size) in [
        (64, "", 16),
        (8, "", 8),
        (0, "", 1),
        (64, "+++++++++++++++", 16),
        (64, "++++++++++++++++", 17),
        (64, "................................", 16),
        (16, "++++++++++++++++", 16),
        (64, "-", 8),
        (64, "-===", 8),
        (64, "--", 4),
        (64, "------", 1),
        (64, "------+", 2),
        (64, "-+++++++", 8),
        (64, "-++++++++", 9),
        (64, "+++++++++++++++-++++++++", 9),
    ] {
        let mut window = Window::new(max);
        for (now, answer) in (1..).zip(answers.chars()) {
            match answer {
                '+' => window.went_well(true),
                '.' => window.went_well(false),
                '-' => window.refused(at(now), at(now)),
                _ => window.refused(at(0), at(now)),
            }
        }
        assert_eq!(window.size(), size, "at most {max}, after {answers:?}");
    }
}

/// A connector with ten thousand steps does not keep one with three from starting.
#[test]
fn connectors_take_turns() {
    let names: Vec<String> = (0..10_000).map(|at| format!("large/{at}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("small/one");
    let mut rig = Rig::new(limits(8), &names);
    (0..10_000).for_each(|domain| rig.line_up(domain, Kind::Apply, 1));
    rig.line_up(10_000, Kind::Apply, 3);
    let started = rig.start();
    let small = started.iter().filter(|step| **step >= 10_000).count();
    assert_eq!((started.len(), small), (8, 3), "{started:?}");
    // Once all places are taken, each that is given back goes to who has fewer.
    rig.line_up(10_000, Kind::Apply, 1);
    rig.answer(0, Kind::Apply, &[], 0, 1);
    assert_eq!(rig.start(), [10_003]);
}

/// A connector all of whose calls hang leaves a place for one that starts later.
#[test]
fn the_last_place_is_for_an_idle_connector() {
    let names: Vec<String> = (0..50).map(|at| format!("hangs/{at}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("other/one");
    let mut rig = Rig::new(limits(16), &names);
    (0..50).for_each(|domain| rig.line_up(domain, Kind::Apply, 1));
    assert_eq!(rig.start().len(), 15);
    rig.line_up(50, Kind::Apply, 2);
    assert_eq!(rig.start(), [50], "one of the two");
}

/// A domain that hangs fills its share of the places, and no more: others start at once.
#[test]
fn a_domain_that_hangs_leaves_places_for_others() {
    let mut rig = Rig::new(limits(4), &["c/hangs", "c/one", "c/two"]);
    rig.line_up(0, Kind::Apply, 10);
    assert_eq!(rig.start(), [0, 1, 2], "one place is kept for a domain that has none");
    rig.line_up(1, Kind::Apply, 2);
    assert_eq!(rig.start(), [10], "its first call, the second waits");
    rig.line_up(2, Kind::Apply, 1);
    assert_eq!(rig.start(), [0; 0], "all four are taken");
    rig.answer(1, Kind::Apply, &[], 0, 1);
    assert_eq!(rig.start(), [11], "more hangs on it than on the other domain's");
    rig.answer(1, Kind::Apply, &[], 1, 2);
    assert_eq!(rig.start(), [12]);
}

/// However many domains are known to be slow, together they are no more than one that hangs.
#[test]
fn slow_domains_leave_places_for_others() {
    let mut rig = Rig::new(limits(4), &["c/s1", "c/s2", "c/s3", "c/s4", "c/quick"]);
    let slow = i64::try_from(SLOW_ANSWER.as_millis()).unwrap();
    for domain in 0..4 {
        rig.line_up(domain, Kind::Apply, 1);
    }
    assert_eq!(rig.start(), [0, 1, 2, 3], "nothing is known of them yet");
    for domain in 0..4 {
        rig.answer(domain, Kind::Apply, &[], 0, slow);
        rig.line_up(domain, Kind::Apply, 2);
    }
    assert_eq!(rig.start().len(), 2);
    rig.line_up(4, Kind::Apply, 1);
    assert_eq!(rig.start(), [12]);
}

/// First calls of many domains do not keep a second call of another from its turn.
#[test]
fn a_busy_domain_is_not_outrun_by_idle_ones() {
    let names: Vec<String> = (0..50).map(|at| format!("c/{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut rig = Rig::new(limits(8), &names);
    rig.line_up(0, Kind::Apply, 3);
    (1..50).for_each(|domain| rig.line_up(domain, Kind::Apply, 1));
    assert_eq!(rig.start(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// What was kept for domains and connectors that are done is given to those that are not.
#[test]
fn nothing_is_kept_for_what_is_done() {
    let mut rig = Rig::new(limits(4), &["c/one", "c/two", "d/three"]);
    rig.line_up(0, Kind::Apply, 9);
    assert_eq!(rig.start().len(), 2);
    rig.queue.closed(rig.domains[2]);
    assert_eq!(rig.start().len(), 1, "there is one connector left");
    rig.queue.closed(rig.domains[1]);
    assert_eq!(rig.start().len(), 1, "and one domain");
}

/// A probe goes before an apply, a longer path before a shorter one, whatever the domain.
#[test]
fn what_most_hangs_on_goes_first() {
    let mut rig = Rig::new(limits(9), &["c/one", "c/two"]);
    for (domain, kind, critical, step) in [
        (0, Kind::Apply, 1, 0),
        (0, Kind::Apply, 7, 1),
        (1, Kind::Apply, 5, 2),
        (1, Kind::Probe, 1, 3),
        (0, Kind::Probe, 2, 4),
        (1, Kind::Apply, 7, 5),
    ] {
        rig.queue.push(rig.domains[domain], kind, critical, step);
    }
    assert_eq!(rig.start(), [4, 3, 1, 5, 2, 0]);
}

/// As many calls are under way as a bucket has left, at what each step draws; one always.
#[test]
fn no_more_is_under_way_than_is_left() {
    for (remaining, calls, started) in
        [(5, 1, 5), (5, 2, 2), (6, 2, 3), (6, 0, 6), (1, 2, 1), (0, 1, 1), (1_000, 1, 16)]
    {
        let mut rig = Rig::new(limits(64), &["c/one"]);
        rig.line_up(0, Kind::Apply, 1);
        rig.start();
        rig.line_up(0, Kind::Apply, 40);
        rig.answer(0, Kind::Apply, &[left(remaining, calls)], 0, 0);
        assert_eq!(rig.start().len(), started, "{remaining} left at {calls} a step");
    }
}

/// A bucket that probes do not draw from does not hold them, and the other way round.
#[test]
fn a_bucket_holds_only_what_draws_from_it() {
    let mut rig = Rig::new(limits(64), &["c/one"]);
    rig.line_up(0, Kind::Apply, 1);
    rig.start();
    let empty = RateLimit { resets_in_ms: Some(3_000), ..left(0, 1) };
    rig.answer(0, Kind::Apply, &[empty], 0, 0);
    rig.line_up(0, Kind::Apply, 2);
    rig.line_up(0, Kind::Probe, 2);
    assert_eq!(rig.start(), [3, 4], "applies wait until it is refilled");
    assert_eq!(rig.queue.next_time(), Some(at(3_000)));
    assert_eq!(rig.queue.due(at(3_000)), None);
    assert_eq!(rig.start(), [1, 2], "what is left is not known any more");
}

/// What is said of another domain of the connector counts there; of one nobody knows, nowhere.
#[test]
fn what_is_said_of_another_domain_counts_there() {
    let mut rig = Rig::new(limits(64), &["c/one", "c/two", "d/two"]);
    for domain in 0..3 {
        rig.line_up(domain, Kind::Apply, 1);
    }
    rig.start();
    // So that the other domains know what a step of theirs draws.
    rig.answer(1, Kind::Apply, &[left(9, 1)], 0, 0);
    rig.answer(2, Kind::Apply, &[left(9, 1)], 0, 0);
    let of = |domain: &str| RateLimit { domain: Some(domain.to_owned()), ..left(2, 1) };
    rig.answer(0, Kind::Apply, &[of("two"), of("three")], 0, 0);
    for domain in 0..3 {
        rig.line_up(domain, Kind::Apply, 5);
    }
    let mut started = rig.start();
    started.sort_unstable();
    assert_eq!(started, [3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17]);
}

/// However many buckets a plugin tells of, and however long they are said to be empty.
#[test]
fn what_a_plugin_says_is_bounded() {
    let mut rig = Rig::new(limits(64), &["c/one"]);
    rig.line_up(0, Kind::Apply, 2);
    rig.start();
    let told: Vec<RateLimit> = (0..10_000)
        .map(|at| RateLimit { bucket: at.to_string(), resets_in_ms: Some(u64::MAX), ..left(0, 1) })
        .collect();
    rig.answer(0, Kind::Apply, &told, 0, 0);
    let budget = Limits::default().rate_limited_budget;
    let latest = at(0) + jiff::SignedDuration::try_from(budget).unwrap();
    rig.line_up(0, Kind::Apply, 1);
    assert_eq!(rig.start(), [0; 0]);
    assert_eq!(rig.queue.due(latest), None);
    assert_eq!(rig.queue.next_time(), None);
    assert_eq!(rig.start(), [2]);
}

/// A domain that is held starts nothing until the latest time asked for, and keeps nobody else.
#[test]
fn a_held_domain_waits_alone() {
    let mut rig = Rig::new(limits(64), &["c/held", "c/other"]);
    rig.queue.hold(rig.domains[0], at(5_000));
    rig.queue.hold(rig.domains[0], at(9_000));
    rig.queue.hold(rig.domains[0], at(7_000));
    rig.line_up(0, Kind::Apply, 2);
    rig.line_up(1, Kind::Apply, 1);
    assert_eq!(rig.start(), [2]);
    for now in [at(5_000), at(7_000), at(8_999)] {
        assert_eq!(rig.queue.due(now), None);
        assert_eq!(rig.start(), [0; 0], "{now}");
    }
    assert_eq!(rig.queue.due(at(9_000)), None);
    assert_eq!(rig.start(), [0, 1]);
}

/// Without anything known the first calls are few enough not to collect refusals.
#[test]
fn begins_with_a_moderate_window() {
    let mut rig = Rig::new(limits(256), &["c/one"]);
    rig.line_up(0, Kind::Apply, 100);
    assert_eq!(rig.start().len(), IN_FLIGHT_PER_DOMAIN_START as usize);
}
