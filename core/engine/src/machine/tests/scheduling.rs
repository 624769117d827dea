//! Which steps start, in which order, and how a run stops.

use skybridge_journal::{Event, RunState};

use super::world::{applied, error};
use crate::testing::{address, at, readiness, work};
use crate::{Direction, Effect, Input, Limits, Machine, Ready, RetryClass, RunOutcome, Turn, Work};

fn machine(work: Work, limits: Limits) -> Machine {
    Machine::new(work, RunState::default(), limits).unwrap()
}

fn applies(turn: &Turn) -> Vec<u32> {
    let step = |effect: &Effect| match effect {
        Effect::Apply { step, .. } => Some(*step),
        _ => None,
    };
    turn.effects.iter().filter_map(step).collect()
}

fn done(step: u32) -> Input {
    Input::Applied { step, attempt: 0, answer: Ok(applied(step)) }
}

fn finished(turn: &Turn) -> Option<RunOutcome> {
    match turn.effects.last() {
        Some(Effect::Finished(outcome)) => Some(*outcome),
        _ => None,
    }
}

/// The longest path goes first; equal ones go by position.
#[test]
fn starts_what_most_hangs_on() {
    // 0; 1 <- 2 <- 3; 4 <- 5; 6
    let work = work(&[&[], &[], &[1], &[2], &[], &[4], &[]]);
    let mut machine = machine(work, Limits { in_flight: 1, ..Limits::default() });
    let mut order = applies(&machine.step(Input::Start, at(0)));
    while let Some(&step) = order.last()
        && order.len() < 7
    {
        order.extend(applies(&machine.reply(step, Ok(applied(step)), at(0))));
    }
    assert_eq!(order, [1, 2, 4, 0, 3, 5, 6]);
}

/// No domain has more in flight than it may, and others are not held up by it.
#[test]
fn limits_each_domain() {
    let mut work = work(&[&[], &[], &[], &[]]);
    work.steps[3].domain = "other".into();
    let limits = Limits { in_flight: 3, in_flight_per_domain: 2, ..Limits::default() };
    let mut machine = machine(work, limits);
    assert_eq!(applies(&machine.step(Input::Start, at(0))), [0, 1, 3]);
    assert_eq!(applies(&machine.reply(3, Ok(applied(3)), at(0))), [0; 0]);
    assert_eq!(applies(&machine.reply(0, Ok(applied(0)), at(0))), [2]);
}

/// A limit of zero would be a run that never ends; it counts as one.
#[test]
fn always_lets_one_through() {
    let limits = Limits { in_flight: 0, in_flight_per_domain: 0, ..Limits::default() };
    let mut machine = machine(work(&[&[], &[]]), limits);
    assert_eq!(applies(&machine.step(Input::Start, at(0))), [0]);
    assert_eq!(applies(&machine.reply(0, Ok(applied(0)), at(0))), [1]);
    assert_eq!(finished(&machine.reply(1, Ok(applied(1)), at(0))), Some(RunOutcome::Done));
}

/// A need that is named twice is one need.
#[test]
fn counts_a_need_once() {
    let mut machine = machine(work(&[&[], &[0, 0, 0]]), Limits::default());
    machine.step(Input::Start, at(0));
    assert_eq!(applies(&machine.reply(0, Ok(applied(0)), at(0))), [1]);
}

/// Cancelled: nothing new begins, what is in flight ends and is recorded, then the run is over.
#[test]
fn drains_when_cancelled() {
    let mut machine = machine(work(&[&[], &[], &[0]]), Limits::default());
    machine.step(Input::Start, at(0));
    let turn = machine.step(Input::Cancel, at(1));
    assert!(turn.records.is_empty() && turn.effects.is_empty());
    let turn = machine.reply(0, Ok(applied(0)), at(2));
    assert_eq!((turn.records.len(), applies(&turn).len()), (1, 0));
    let turn = machine.reply(1, Ok(applied(1)), at(3));
    assert!(matches!(turn.records.last(), Some(Event::RunInterrupted { .. })));
    assert_eq!(finished(&turn), Some(RunOutcome::Interrupted));
    assert_eq!(machine.report().counts.open, 1);
}

/// Cancelled while it only waits: it does not wait on.
#[test]
fn does_not_wait_when_cancelled() {
    let mut work = work(&[&[]]);
    work.steps[0].readiness = Some(readiness());
    let mut machine = machine(work, Limits::default());
    machine.step(Input::Start, at(0));
    machine.reply(0, Ok(applied(0)), at(1));
    let answer = Ok(Ready::default());
    machine.show(0, answer, at(2));
    assert!(machine.next_wake().is_some());
    let turn = machine.step(Input::Cancel, at(3));
    assert_eq!(finished(&turn), Some(RunOutcome::Interrupted));
    assert_eq!(machine.next_wake(), None);
}

/// Taking back that fails leaves something behind: stuck, not failed.
#[test]
fn is_stuck_when_taking_back_fails() {
    let work = Work { direction: Direction::Undo, ..work(&[&[], &[0]]) };
    let mut machine = machine(work, Limits::default());
    machine.step(Input::Start, at(0));
    let answer = Err(error(RetryClass::Permanent));
    let turn = machine.reply(0, answer, at(1));
    assert_eq!(finished(&turn), Some(RunOutcome::Stuck { steps: 1 }));
}

/// `0 <- 1 <- 2`, and 3 puts back what 1 and 2 did.
fn put_back() -> Work {
    let mut work = work(&[&[], &[0], &[1], &[1, 2]]);
    work.steps[3].always = true;
    work
}

/// What one step changed for the time of the run is put back when a later one fails, and when it
/// failed itself; the run has failed all the same.
#[test]
fn puts_back_after_a_failure() {
    for failing in [1, 2] {
        let mut machine = machine(put_back(), Limits::default());
        machine.step(Input::Start, at(0));
        (0..failing).for_each(|step| {
            machine.reply(step, Ok(applied(step)), at(1));
        });
        let answer = Err(error(RetryClass::Permanent));
        let turn = machine.reply(failing, answer, at(2));
        assert_eq!(applies(&turn), [3]);
        let turn = machine.reply(3, Ok(applied(3)), at(3));
        assert_eq!(finished(&turn), Some(RunOutcome::Failed { steps: 1 }));
    }
}

/// Nothing was changed, so nothing is put back; the root cause is named.
#[test]
fn puts_nothing_back_that_was_not_changed() {
    let mut machine = machine(put_back(), Limits::default());
    machine.step(Input::Start, at(0));
    let answer = Err(error(RetryClass::Permanent));
    let turn = machine.reply(0, answer, at(1));
    let skipped = Event::StepSkipped { address: address(3), because: address(0) };
    assert!(turn.records.contains(&skipped));
    assert_eq!(finished(&turn), Some(RunOutcome::Failed { steps: 1 }));
}

/// Putting back that fails counts as a failure, and what needs it is skipped.
#[test]
fn putting_back_may_fail() {
    let mut work = work(&[&[], &[0], &[1]]);
    work.steps[1].always = true;
    let mut machine = machine(work, Limits::default());
    machine.step(Input::Start, at(0));
    machine.reply(0, Ok(applied(0)), at(1));
    let answer = Err(error(RetryClass::Permanent));
    let turn = machine.reply(1, answer, at(2));
    assert_eq!(finished(&turn), Some(RunOutcome::Failed { steps: 1 }));
    assert_eq!(machine.report().counts.skipped, 1);
}

/// Cancelled: what is to be put back waits for the run to go on, as everything does.
#[test]
fn putting_back_waits_for_the_resume() {
    let mut machine = machine(put_back(), Limits::default());
    machine.step(Input::Start, at(0));
    machine.reply(0, Ok(applied(0)), at(1));
    machine.step(Input::Cancel, at(2));
    let answer = Err(error(RetryClass::Permanent));
    let turn = machine.reply(1, answer, at(3));
    assert!(applies(&turn).is_empty());
    assert_eq!(finished(&turn), Some(RunOutcome::Interrupted));
}

/// Answers nobody asked for, wrong ones, and anything after the end change nothing.
#[test]
fn ignores_what_it_did_not_ask_for() {
    let mut machine = machine(work(&[&[], &[0]]), Limits::default());
    let ready = || Ok(Ready { ready: true, ..Ready::default() });
    assert!(machine.reply(0, Ok(applied(0)), at(0)).records.is_empty(), "before the start");
    machine.step(Input::Start, at(0));
    for input in [
        Input::Start,
        done(1),
        done(99),
        Input::Probed { step: 0, look: 0, answer: ready() },
        Input::Probed { step: 99, look: 0, answer: ready() },
        Input::Tick,
    ] {
        let turn = machine.step(input.clone(), at(1));
        assert!(turn.records.is_empty() && turn.effects.is_empty(), "{input:?}");
    }
    machine.reply(0, Ok(applied(0)), at(2));
    assert!(machine.reply(0, Ok(applied(0)), at(3)).records.is_empty(), "twice");
    assert_eq!(finished(&machine.reply(1, Ok(applied(1)), at(4))), Some(RunOutcome::Done));
    assert!(machine.step(Input::Cancel, at(5)).effects.is_empty());
}

/// A run of nothing is done at once.
#[test]
fn nothing_is_done_at_once() {
    let turn = machine(work(&[]), Limits::default()).step(Input::Start, at(0));
    assert_eq!(turn.records.len(), 2);
    assert_eq!(finished(&turn), Some(RunOutcome::Done));
}

/// Should the machine ever contradict itself, it says so, makes no call, and stops.
#[test]
fn a_contradiction_is_told_and_ends_the_run() {
    let mut machine = machine(work(&[&[], &[]]), Limits { in_flight: 1, ..Limits::default() });
    machine.step(Input::Start, at(0));
    // What no event can lead to: it is lined up and done.
    machine.steps[1].status = skybridge_journal::Status::Ready;
    let turn = machine.step(done(0), at(1));
    assert_eq!(turn.records.len(), 1, "what was found before is recorded");
    let what = "c.step-1: `step-intended (attempt 0)` cannot follow on the status `ready`";
    assert_eq!(turn.effects, [Effect::Broken(what.to_owned())]);
    let turn = machine.step(Input::Tick, at(2));
    assert!(turn.records.is_empty() && turn.effects.is_empty());
    assert_eq!(machine.next_wake(), None);
}
