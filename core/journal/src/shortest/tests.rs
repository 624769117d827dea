//! What is shorter says the same: every short history, and random long ones.

use proptest::prelude::*;

use super::shortest;
use crate::testing::{address, applied, at, failed, intended, outputs, started};
use crate::{Event, Map, Outcome, RetryClass, RunState, StepError, replay};

/// The shortest form says the same, is not longer, and cannot be made shorter by doing it again.
fn says_the_same(state: &RunState, records: usize) {
    let events: Vec<Event> = shortest(state).collect();
    let again = replay(&events).unwrap_or_else(|error| panic!("{error}: {events:#?}"));
    assert_eq!(again, *state, "{events:#?}");
    // A running run ends with one more word about the run, so that the last is never about a step.
    assert!(events.len() <= records + 1, "{} of {records}: {events:#?}", events.len());
    assert_eq!(shortest(&again).collect::<Vec<_>>(), events);
    assert!(events.last().is_none_or(|event| event.address().is_none()), "{events:#?}");
}

/// Every event that can be about a step after `n` attempts, with every class of error.
fn candidates(step: &str, attempts: u32, second: i64) -> Vec<Event> {
    let last = attempts.saturating_sub(1);
    let mut all = vec![
        Event::StepSettled { address: address(step), outputs: outputs() },
        Event::StepSkipped { address: address(step), because: address("c.other") },
        Event::StepIntended { address: address(step), attempt: attempts, at: at(second) },
        Event::StepReady { address: address(step), at: at(second) },
        applied(step, true),
        applied(step, false),
    ];
    for class in [RetryClass::Transient, RetryClass::Eventual] {
        for is_final in [false, true] {
            let error = StepError::new(10, class, format!("{class:?} at {second}"));
            let (address, at) = (address(step), at(second));
            all.push(Event::StepFailed { address, attempt: last, error, at, r#final: is_final });
        }
    }
    all
}

fn walk(history: &mut Vec<Event>, state: &RunState, left: usize, seen: &mut usize) {
    says_the_same(state, history.len());
    *seen += 1;
    if left == 0 {
        return;
    }
    let second = i64::try_from(history.len()).unwrap();
    let attempts = state.steps.get(&address("c.step")).map_or(0, |step| step.attempts);
    let mut next = candidates("c.step", attempts, second);
    next.push(Event::RunInterrupted { at: at(second) });
    next.push(Event::RunFinished { outcome: Outcome::Failed, at: at(second) });
    // A clock that went back between two processes.
    next.push(match started() {
        Event::RunStarted { run, plan, .. } => Event::RunStarted { run, plan, at: at(-second) },
        other => other,
    });
    for event in next {
        let mut after = state.clone();
        if after.absorb(0, &event).is_ok() {
            history.push(event);
            walk(history, &after, left - 1, seen);
            history.pop();
        }
    }
}

/// Every history of one step that is up to eight events long.
#[test]
fn every_short_history_says_the_same() {
    let mut seen = 0;
    says_the_same(&RunState::default(), 0);
    let history = vec![started()];
    walk(&mut history.clone(), &replay(&history).unwrap(), 7, &mut seen);
    println!("{seen} histories");
    assert!(seen > 5_000, "{seen}");
}

/// The words of a failure that was tried again are what goes.
#[test]
fn only_the_last_words_are_kept() {
    let history = [
        started(),
        intended("c.a", 0),
        failed("c.a", 0, false),
        intended("c.a", 1),
        failed("c.a", 1, false),
        intended("c.a", 2),
    ];
    let state = replay(&history).unwrap();
    let told = |event: &Event| match event {
        Event::StepFailed { error, .. } => Some(error.detail.message.clone()),
        _ => None,
    };
    let words: Vec<String> = shortest(&state).filter_map(|event| told(&event)).collect();
    assert_eq!(words, ["left out", "the service did not answer"]);
}

/// A step of a random history: which one, what kind of event, how its details vary.
fn turns() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
    proptest::collection::vec((0..6_usize, 0..13_usize, any::<u8>()), 0..300)
}

/// Turns the random choices into a history, leaving out what cannot follow.
fn history(turns: &[(usize, usize, u8)]) -> (Vec<Event>, RunState) {
    let mut events = vec![started()];
    let mut state = replay(&events).unwrap();
    for (step, choice, varied) in turns {
        let name = format!("c.step-{step}");
        let second = i64::from(*varied) * 3;
        let attempts = state.steps.get(&address(&name)).map_or(0, |step| step.attempts);
        let mut all = candidates(&name, attempts, second);
        all.push(Event::RunInterrupted { at: at(second) });
        all.push(started());
        let mut event = all.swap_remove(*choice % all.len());
        if let Event::StepApplied { outputs, undo, action, .. } = &mut event {
            *outputs = Map::from([("n".to_owned(), serde_json::json!(varied))]);
            *undo =
                if varied % 3 == 0 { serde_json::Value::Null } else { serde_json::json!(varied) };
            *action = ["created", "adopted", "unchanged", "updated"][*varied as usize % 4].into();
        }
        if state.absorb(0, &event).is_ok() {
            events.push(event);
        }
    }
    (events, state)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_say_the_same(turns in turns()) {
        let (events, state) = history(&turns);
        says_the_same(&state, events.len());
    }
}
