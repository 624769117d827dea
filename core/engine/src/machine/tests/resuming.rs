//! Journals a run goes on from, and journals it refuses to go on from.

use skybridge_journal::{Event, Outcome, RunState, Status, replay};

use super::world::{Crash, Script, World, applied, error};
use crate::testing::{address, at, outputs, readiness, work};
use crate::{
    Effect, Input, Limits, Machine, Ready, RetryClass, RunId, RunOutcome, StartError, Turn, Work,
};

fn begun(work: &Work) -> Vec<Event> {
    vec![Event::RunStarted { run: work.run, plan: work.plan.clone(), at: at(0) }]
}

fn intended(step: usize, attempt: u32) -> Event {
    Event::StepIntended { address: address(step), attempt, at: at(1) }
}

fn resumed(work: Work, events: &[Event]) -> Result<Machine, StartError> {
    Machine::new(work, replay(events).unwrap(), Limits::default())
}

fn first_call(turn: &Turn) -> Option<&Effect> {
    turn.effects.iter().find(|e| matches!(e, Effect::Apply { .. } | Effect::Probe { .. }))
}

/// An intent without an outcome is applied again under the same key, and counted on.
#[test]
fn applies_again_what_was_intended() {
    let work = work(&[&[]]);
    let mut events = begun(&work);
    events.extend([intended(0, 0), intended(0, 1)]);
    let mut machine = resumed(work.clone(), &events).unwrap();
    let turn = machine.step(Input::Start, at(10));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 0, attempt: 2 }));
    let key = machine.apply_call(0, 2).unwrap().key;
    assert_eq!(key, crate::key::step_key(work.run, &address(0)));
}

/// What was applied is probed, not applied again, with its whole budget from now on.
#[test]
fn probes_again_what_was_applied() {
    let mut work = work(&[&[]]);
    work.steps[0].readiness = Some(readiness());
    let mut events = begun(&work);
    events.push(intended(0, 0));
    events.push(Event::StepApplied {
        address: address(0),
        action: "created".to_owned(),
        outputs: outputs(0),
        undo: serde_json::Value::Null,
        detail: None,
        ready: false,
        at: at(2),
    });
    let mut machine = resumed(work, &events).unwrap();
    let turn = machine.step(Input::Start, at(60_000));
    assert_eq!(first_call(&turn), Some(&Effect::Probe { step: 0, look: 0 }));
    machine.show(0, Ok(Ready::default()), at(69_000));
    assert_eq!(machine.next_wake(), Some(at(70_000)));
    machine.step(Input::Tick, at(70_000));
    machine.show(0, Ok(Ready::default()), at(70_000));
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

/// What a crash kept from being skipped is skipped when the run goes on.
#[test]
fn skips_what_a_crash_left_unskipped() {
    let work = work(&[&[], &[0], &[1]]);
    let mut events = begun(&work);
    events.push(intended(0, 0));
    events.push(Event::StepFailed {
        address: address(0),
        attempt: 0,
        error: error(RetryClass::Permanent),
        at: at(2),
        r#final: true,
    });
    events.push(Event::StepSkipped { address: address(1), because: address(0) });
    let mut machine = resumed(work, &events).unwrap();
    let turn = machine.step(Input::Start, at(10));
    let skipped = Event::StepSkipped { address: address(2), because: address(0) };
    assert!(turn.records.contains(&skipped), "although a step on the way was skipped already");
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

fn failed(step: usize) -> Event {
    let error = error(RetryClass::Permanent);
    Event::StepFailed { address: address(step), attempt: 0, error, at: at(2), r#final: true }
}

/// `0 <- 1`, and 2 needs both and always runs.
fn put_back() -> Work {
    let mut work = work(&[&[], &[0], &[0, 1]]);
    work.steps[2].always = true;
    work
}

/// A step that always runs may have been begun although what it needs had failed.
#[test]
fn goes_on_with_what_always_runs() {
    let work = put_back();
    let mut events = begun(&work);
    events.extend([intended(0, 0), failed(0)]);
    let turn = resumed(work.clone(), &events).unwrap().step(Input::Start, at(10));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 2, attempt: 0 }), "not yet begun");
    events.push(Event::StepSkipped { address: address(1), because: address(0) });
    events.push(intended(2, 0));
    let mut machine = resumed(work, &events).unwrap();
    let turn = machine.step(Input::Start, at(10));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 2, attempt: 1 }), "begun");
    machine.reply(2, Ok(applied(2)), at(11));
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

/// It was not begun before everything it needs had ended, nor when there was nothing to put back.
#[test]
fn refuses_what_always_runs_too_early() {
    let work = put_back();
    let mut events = begun(&work);
    events.extend([intended(0, 0), intended(2, 0)]);
    let early = StartError::OutOfOrder { address: address(2), need: address(0) };
    assert_eq!(resumed(work.clone(), &events).unwrap_err(), early);
    let mut events = begun(&work);
    for step in [0, 1] {
        events.push(Event::StepSkipped { address: address(step), because: address(0) });
    }
    events.push(intended(2, 0));
    assert_eq!(resumed(work, &events).unwrap_err(), early);
}

/// 0 and 1 are parts, and 2 needs both.
fn two_parts() -> Work {
    let mut work = work(&[&[], &[], &[0, 1]]);
    (work.steps[0].part, work.steps[1].part) = (true, true);
    work
}

/// What needs parts goes on without one that failed, and does not get its outputs.
#[test]
fn goes_on_without_a_part() {
    let work = two_parts();
    let mut events = begun(&work);
    events.extend([intended(0, 0), failed(0), intended(1, 0)]);
    let mut machine = resumed(work.clone(), &events).unwrap();
    let turn = machine.step(Input::Start, at(10));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 1, attempt: 1 }));
    let turn = machine.reply(1, Ok(applied(1)), at(11));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 2, attempt: 0 }));
    let needs = machine.apply_call(2, 0).unwrap().needs;
    assert_eq!(needs.iter().map(|need| need.step).collect::<Vec<_>>(), [1]);
    machine.reply(2, Ok(applied(2)), at(12));
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

/// Without any part there is nothing to go on with; and it was not begun then, nor before the last
/// part had ended.
#[test]
fn does_not_go_on_without_any_part() {
    let work = two_parts();
    let mut events = begun(&work);
    events.extend([intended(0, 0), failed(0), intended(1, 0)]);
    let early = |need| StartError::OutOfOrder { address: address(2), need: address(need) };
    let begun = [&events[..], &[intended(2, 0)]].concat();
    assert_eq!(resumed(work.clone(), &begun).unwrap_err(), early(0));
    events.push(failed(1));
    let begun = [&events[..], &[intended(2, 0)]].concat();
    assert_eq!(resumed(work.clone(), &begun).unwrap_err(), early(0));
    let mut machine = resumed(work, &events).unwrap();
    machine.step(Input::Start, at(10));
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 2 }));
    assert_eq!(machine.report().counts.skipped, 1);
}

/// Failures before a crash still count against the budget.
#[test]
fn counts_failures_of_earlier_processes() {
    let work = work(&[&[]]);
    let mut events = begun(&work);
    for attempt in 0..24 {
        events.push(intended(0, attempt));
        events.push(Event::StepFailed {
            address: address(0),
            attempt,
            error: error(RetryClass::Transient),
            at: at(2),
            r#final: false,
        });
    }
    let mut machine = resumed(work, &events).unwrap();
    machine.step(Input::Start, at(10));
    let answer = Err(error(RetryClass::Transient));
    machine.reply(0, answer, at(11));
    assert_eq!(machine.outcome(), Some(RunOutcome::Failed { steps: 1 }));
}

/// A run that has ended is not taken up again: its report is all there is.
#[test]
fn an_ended_run_stays_ended() {
    let mut world = World::new(&[&[], &[0]], &[Script::Works, Script::Fails]);
    let report = world.process(None).unwrap();
    assert!(matches!(world.disk.last(), Some(Event::RunFinished { outcome: Outcome::Failed, .. })));
    let mut machine = resumed(world.work.clone(), &world.disk).unwrap();
    assert_eq!(machine.report(), report);
    assert!(machine.step(Input::Start, at(99)).records.is_empty());
}

/// A resumed run's report speaks of all steps, not only of those of this process.
#[test]
fn reports_what_earlier_processes_did() {
    let mut world = World::new(&[&[], &[0]], &[Script::Works, Script::Works]);
    assert_eq!(world.process(Some(Crash::After(4))), None);
    let report = world.process(None).unwrap();
    assert_eq!(report.counts.done, 2);
    assert_eq!(report.steps[0].action.as_deref(), Some("created"));
    assert_eq!(*report.steps[0].outputs, outputs(0));
    assert_eq!(report.steps[0].status, Status::Ready);
}

/// Journals of other runs, other plans and other graphs are refused by name.
#[test]
fn refuses_what_does_not_belong_to_it() {
    let ours = work(&[&[], &[0]]);
    let other_run = Work { run: RunId::new(uuid::Uuid::from_u128(1)), ..ours.clone() };
    let other_plan = Work { plan: "plan-2".to_owned(), ..ours.clone() };
    let mut events = begun(&ours);
    let refused = |work: Work, events: &[Event]| resumed(work, events).unwrap_err();
    assert!(matches!(refused(other_run, &events), StartError::OtherRun { .. }));
    assert!(matches!(refused(other_plan, &events), StartError::OtherPlan { .. }));
    events.push(intended(1, 0));
    assert_eq!(
        refused(ours.clone(), &events),
        StartError::OutOfOrder { address: address(1), need: address(0) }
    );
    events.push(intended(7, 0));
    assert_eq!(refused(ours, &events), StartError::UnknownStep(address(7)));
}

/// An answer that was recorded but not acted upon is acted upon, not asked for again.
#[test]
fn goes_on_behind_a_recorded_outcome() {
    let work = work(&[&[], &[0]]);
    let mut machine = Machine::new(work.clone(), RunState::default(), Limits::default()).unwrap();
    let mut events = machine.step(Input::Start, at(0)).records;
    let turn = machine.reply(0, Ok(applied(0)), at(1));
    events.push(turn.records[0].clone());
    let turn = resumed(work, &events).unwrap().step(Input::Start, at(2));
    assert_eq!(first_call(&turn), Some(&Effect::Apply { step: 1, attempt: 0 }));
}
