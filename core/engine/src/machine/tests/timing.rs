//! Waiting: how long, for whom, and until when. Time is an argument.

use std::sync::Arc;
use std::time::Duration;

use skybridge_journal::{Event, RunState};

use super::world::{applied, error};
use crate::testing::{at, millis, readiness, work};
use crate::{
    Effect, Input, Limits, Machine, Readiness, Ready, RetryClass, RunOutcome, StepError, Turn, Work,
};

fn started(work: Work) -> Machine {
    let mut machine = Machine::new(work, RunState::default(), Limits::default()).unwrap();
    machine.step(Input::Start, at(0));
    machine
}

fn watched(readiness: Arc<Readiness>) -> Machine {
    let mut work = work(&[&[]]);
    work.steps[0].readiness = Some(readiness);
    let mut machine = started(work);
    machine.step(Input::Applied { step: 0, answer: Ok(applied(0)) }, at(0));
    machine
}

fn refuse(machine: &mut Machine, step: u32, error: StepError, now: i64) -> Turn {
    machine.step(Input::Applied { step, answer: Err(error) }, at(now))
}

fn look(machine: &mut Machine, ready: bool, now: i64) -> Turn {
    let reason = (!ready).then(|| "404".to_owned());
    machine.step(Input::Probed { step: 0, answer: Ok(Ready { ready, reason }) }, at(now))
}

fn calls(turn: &Turn) -> Vec<&Effect> {
    let call = |effect: &&Effect| matches!(effect, Effect::Apply { .. } | Effect::Probe { .. });
    turn.effects.iter().filter(call).collect()
}

fn last_error(turn: &Turn) -> Option<&StepError> {
    turn.records.iter().find_map(|event| match event {
        Event::StepFailed { error, r#final: true, .. } => Some(error),
        _ => None,
    })
}

/// Answers every attempt with the same error until it is given up: the waits between attempts.
fn waits_until_given_up(error: &StepError) -> Vec<i64> {
    let mut machine = started(work(&[&[]]));
    let (mut now, mut waits) = (0, Vec::new());
    loop {
        let turn = refuse(&mut machine, 0, error.clone(), now);
        if last_error(&turn).is_some() {
            return waits;
        }
        let wake = millis(machine.next_wake().unwrap());
        waits.push(wake - now);
        assert!(calls(&machine.step(Input::Tick, at(wake - 1))).is_empty(), "too early");
        assert_eq!(calls(&machine.step(Input::Tick, at(wake))).len(), 1);
        now = wake;
    }
}

/// Unwell services are asked again with growing waits, a bounded number of times.
#[test]
fn backs_off_when_a_service_is_unwell() {
    let waits = waits_until_given_up(&error(RetryClass::Transient));
    assert_eq!(waits.len(), 24, "25 attempts");
    for (count, wait) in waits.iter().enumerate() {
        let full = (500_i64 << count.min(10)).min(30_000);
        assert!((full / 2..=full).contains(wait), "wait {count}: {wait}");
    }
    assert_eq!(waits, waits_until_given_up(&error(RetryClass::Transient)), "no chance in it");
}

/// A service that asks for more time than the backoff gets it, until the budget is spent.
#[test]
fn gives_an_unwell_service_the_time_it_asks_for() {
    let waits = waits_until_given_up(&error(RetryClass::Transient).after(Duration::from_secs(60)));
    assert_eq!(waits, [60_000; 10], "ten minutes");
}

/// A world that lags is asked often and patiently.
#[test]
fn waits_for_the_world_to_catch_up() {
    let waits = waits_until_given_up(&error(RetryClass::Eventual));
    assert!(waits.iter().all(|wait| *wait <= 5_000));
    let sum: i64 = waits.iter().sum();
    assert!((594_000..=600_000).contains(&sum), "{sum}");
}

/// Permanent errors are not tried again.
#[test]
fn gives_up_at_once_when_nothing_can_help() {
    assert!(waits_until_given_up(&error(RetryClass::Permanent)).is_empty());
}

/// Being refused for calling too often never counts against the step, up to a deadline.
#[test]
fn outlasts_rate_limits() {
    let refused = error(RetryClass::RateLimited).after(Duration::from_secs(100));
    assert_eq!(waits_until_given_up(&refused), [100_000; 72], "two hours");
    let hopeless = error(RetryClass::RateLimited).after(Duration::from_secs(3 * 60 * 60));
    assert!(waits_until_given_up(&hopeless).is_empty());
}

/// A refusal holds off its whole domain until the time asked for, and no other.
#[test]
fn a_rate_limit_holds_its_domain() {
    let mut work = work(&[&[], &[], &[0], &[1]]);
    work.steps[1].domain = "other".into();
    let mut machine = started(work);
    let error = error(RetryClass::RateLimited).after(Duration::from_secs(20));
    assert!(calls(&refuse(&mut machine, 0, error, 1_000)).is_empty());
    // Step 3 needs step 1 of the other domain, but is itself of the domain that is held.
    let turn = machine.step(Input::Applied { step: 1, answer: Ok(applied(1)) }, at(2_000));
    assert!(calls(&turn).is_empty());
    assert_eq!(machine.next_wake(), Some(at(21_000)));
    let turn = machine.step(Input::Tick, at(21_000));
    let apply = |step, attempt| Effect::Apply { step, attempt };
    assert_eq!(calls(&turn), [&apply(0, 1), &apply(3, 0)]);
}

/// Ready means seen so many times in a row; once gone, counting begins anew.
#[test]
fn flapping_counts_from_the_beginning() {
    let mut machine = watched(readiness());
    for (ready, now) in [(true, 0), (false, 1_000), (true, 2_000)] {
        assert!(look(&mut machine, ready, now).records.is_empty());
        assert_eq!(machine.next_wake(), Some(at(now + 1_000)));
        assert_eq!(calls(&machine.step(Input::Tick, at(now + 1_000))).len(), 1);
    }
    let turn = look(&mut machine, true, 3_000);
    assert!(matches!(turn.records.first(), Some(Event::StepReady { .. })));
    assert_eq!(machine.outcome(), Some(RunOutcome::Done));
}

/// Waiting to become ready ends with its budget, and the error says what was waited for.
#[test]
fn gives_up_waiting_when_the_budget_is_spent() {
    let mut machine = watched(readiness());
    let mut now = 0;
    let turn = loop {
        let turn = look(&mut machine, false, now);
        match machine.next_wake() {
            Some(wake) => now = millis(wake),
            None => break turn,
        }
        machine.step(Input::Tick, at(now));
    };
    assert_eq!(now, 10_000);
    assert_eq!(
        last_error(&turn).unwrap().to_string(),
        "gave up after 10 s waiting until it can be read: 404"
    );
}

/// A series of successes that has begun is not broken off for time.
#[test]
fn a_series_that_goes_well_may_end() {
    let mut machine = watched(readiness());
    assert!(last_error(&look(&mut machine, true, 9_900)).is_none());
    machine.step(Input::Tick, at(10_900));
    look(&mut machine, true, 10_900);
    assert_eq!(machine.outcome(), Some(RunOutcome::Done));
}

/// A probe that can never succeed ends the waiting within its first answer.
#[test]
fn a_wrong_id_fails_at_the_first_probe() {
    let mut machine = watched(readiness());
    let answer = Err(error(RetryClass::Permanent));
    let turn = machine.step(Input::Probed { step: 0, answer }, at(5));
    assert!(last_error(&turn).is_some());
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

/// Time in which a step could not look does not count as waiting for it.
#[test]
fn being_held_off_uses_up_no_budget() {
    let mut machine = watched(readiness());
    let refused = Err(error(RetryClass::RateLimited).after(Duration::from_secs(60)));
    let turn = machine.step(Input::Probed { step: 0, answer: refused }, at(0));
    assert!(turn.records.is_empty(), "probes leave no records");
    assert_eq!(calls(&machine.step(Input::Tick, at(60_000))).len(), 1);
    look(&mut machine, false, 60_000);
    for now in [61_000, 62_000] {
        machine.step(Input::Tick, at(now));
        look(&mut machine, true, now);
    }
    assert_eq!(machine.outcome(), Some(RunOutcome::Done));
}

/// An interval and a number of zero are a mistake of a plugin, not a busy loop.
#[test]
fn zero_is_no_interval() {
    let zero = Readiness { successes: 0, interval: Duration::ZERO, ..(*readiness()).clone() };
    let mut machine = watched(Arc::new(zero));
    look(&mut machine, false, 0);
    assert_eq!(machine.next_wake(), Some(at(20)));
    machine.step(Input::Tick, at(20));
    look(&mut machine, true, 20);
    assert_eq!(machine.outcome(), Some(RunOutcome::Done));
}
