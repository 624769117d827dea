//! How long an onboarding takes beside what no scheduler can beat: the longest path through it, what
//! the quotas let through, and the calls there are over the places for them.

mod cloud;
mod onboarding;
mod real;
mod simulated;

use std::time::Duration;

use skybridge_engine::limits::IN_FLIGHT_MAX;

use crate::Outcome;
use crate::process::{self, Used};
use onboarding::{Onboarding, Shape};

/// Subscriptions, what is done for each, places for calls, and in which time.
const RUNS: [(u32, Shape, u32, &str); 8] = [
    (1, Shape::Roles, IN_FLIGHT_MAX, "virtual"),
    (100, Shape::Roles, IN_FLIGHT_MAX, "virtual"),
    (10_000, Shape::Roles, IN_FLIGHT_MAX, "virtual"),
    (10_000, Shape::Roles, 2048, "virtual"),
    (10_000, Shape::TenantWrite, IN_FLIGHT_MAX, "virtual"),
    (10_000, Shape::GraphObjects, IN_FLIGHT_MAX, "virtual"),
    (1, Shape::Roles, IN_FLIGHT_MAX, "real"),
    (100, Shape::Roles, IN_FLIGHT_MAX, "real"),
];

/// What came of a run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ran {
    pub(crate) took: Duration,
    /// Calls to the cloud, those that were refused included.
    pub(crate) calls: u64,
    pub(crate) refused: u64,
}

pub(crate) fn all() -> Outcome {
    println!("\nMakespan: onboarding beside its lower bound\n");
    println!(
        "{:>6} {:>13} {:>6} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>6} {:>8} {:>8}",
        "subs",
        "each gets",
        "places",
        "time",
        "steps",
        "path s",
        "quota s",
        "places s",
        "bound s",
        "took s",
        "of bound",
        "calls",
        "429",
        "CPU s",
        "peak MB"
    );
    for (subscriptions, shape, places, time) in RUNS {
        let (subscriptions, places) = (subscriptions.to_string(), places.to_string());
        process::measure(&["makespan", &subscriptions, shape.word(), &places, time])?;
    }
    Ok(())
}

pub(crate) fn measure(args: &[&str]) -> Outcome {
    let [subscriptions, shape, places, time] = args else { return Err("what to run".into()) };
    let shape = Shape::of(shape).ok_or("no such shape")?;
    let onboarding = Onboarding::new(subscriptions.parse()?, shape)?;
    let (steps, places) = (onboarding.work.steps.len(), places.parse()?);
    let bound = onboarding.bound(places);
    let before = Used::by_us();
    let ran = match *time {
        "real" => real::run(onboarding, places)?,
        _ => simulated::run(onboarding, places)?,
    };
    let used = Used::by_us().since(before);
    let took = ran.took.as_secs_f64();
    println!(
        "{subscriptions:>6} {:>13} {places:>6} {time:>8} {steps:>7} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {took:>8.1} {:>9.3} {:>8} {:>6} {:>8.2} {:>8.0}",
        shape.word(),
        bound.path,
        bound.quota,
        bound.places,
        bound.all(),
        took / bound.all(),
        ran.calls,
        ran.refused,
        used.cpu,
        used.peak_mb,
    );
    Ok(())
}
