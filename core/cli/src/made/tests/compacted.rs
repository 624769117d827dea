//! A compacted journal leads to the same conclusions as the one it was made of.

use skybridge_journal::{Event, Outcome, RetryClass, RunId, StepError, replay, shortest};
use skybridge_model::Timestamp;

use super::*;

fn at(second: usize) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap()
}

/// What can be said of the step next, whether it fits or not.
fn candidates(attempts: u32, at: Timestamp) -> Vec<Event> {
    let address = || Address::parse("a.thing").unwrap();
    let failed = |class, r#final| {
        let error = StepError::new(10, class, "no");
        let attempt = attempts.saturating_sub(1);
        Event::StepFailed { address: address(), attempt, error, at, r#final }
    };
    let mut all = vec![
        Event::StepSettled { address: address(), outputs: BTreeMap::new() },
        Event::StepSkipped { address: address(), because: address() },
        Event::StepIntended { address: address(), attempt: attempts, at },
        Event::StepReady { address: address(), at },
        failed(RetryClass::Transient, false),
        failed(RetryClass::Transient, true),
        failed(RetryClass::Eventual, false),
        Event::RunFinished { outcome: Outcome::Done, at },
    ];
    for action in ["created", "updated", "unchanged", "adopted", "removed"] {
        for undo in [Value::Null, json!(action)] {
            let (action, detail, outputs) = (action.to_owned(), None, BTreeMap::new());
            let address = address();
            all.push(Event::StepApplied {
                address,
                action,
                outputs,
                undo,
                detail,
                ready: true,
                at,
            });
        }
    }
    all
}

/// Every history of the step that is up to `left` events longer.
fn walk(history: &[Event], state: &RunState, left: usize, visit: &mut impl FnMut(&RunState)) {
    visit(state);
    if left == 0 {
        return;
    }
    let attempts = state.steps.values().map(|step| step.attempts).next().unwrap_or(0);
    for event in candidates(attempts, at(history.len())) {
        let mut after = state.clone();
        if after.absorb(0, &event).is_ok() {
            let longer = [history, &[event]].concat();
            walk(&longer, &after, left - 1, visit);
        }
    }
}

/// What a ledger says of the step after these runs.
fn said(runs: &[(RunKind, &RunState)]) -> String {
    let mut ledger = Ledger::default();
    for (kind, state) in runs {
        ledger.add(*kind, state);
    }
    let what = ledger.take_back(&["a"].into(), false);
    format!("{:?} {:?}", what.made, what.left)
}

#[test]
fn a_compacted_journal_says_the_same() {
    let run = RunId::new(uuid::Uuid::from_u128(7));
    let started = Event::RunStarted { run, plan: "plan".to_owned(), at: at(0) };
    let state = replay([&started]).unwrap();
    let mut states = Vec::new();
    walk(&[started], &state, 8, &mut |state| states.push(state.clone()));
    // Found as wanted by a later run, which makes an attempt that lost its answer matter.
    let later = self::run("thing", step(Status::Ready, 1, "unchanged", json!("later")));
    for long in &states {
        let events: Vec<Event> = shortest(long).collect();
        let short = &replay(&events).unwrap();
        for kind in [APPLY, OFFBOARD] {
            assert_eq!(said(&[(kind, long)]), said(&[(kind, short)]), "{events:?}");
            let runs = |it| said(&[(kind, it), (APPLY, &later)]);
            assert_eq!(runs(long), runs(short), "{events:?}");
        }
    }
    let lost = |state: &&RunState| said(&[(APPLY, state), (APPLY, &later)]).contains("later");
    let (all, lost) = (states.len(), states.iter().filter(lost).count());
    println!("{all} histories, after {lost} of them what a later run found as wanted is ours");
    assert!(all > 1500 && lost > 1000 && lost < all);
}
