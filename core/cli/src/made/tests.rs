//! Decision tables: which steps of which runs are ours.

use super::*;

fn step(status: Status, attempts: u32, action: &str, undo: Value) -> StepState {
    let action = (!action.is_empty()).then(|| action.to_owned());
    StepState { status, attempts, action, undo, ..StepState::default() }
}

fn run(local: &str, step: StepState) -> RunState {
    let address = Address::parse(&format!("a.{local}")).unwrap();
    RunState { steps: [(address, step)].into(), ..RunState::default() }
}

/// What would be taken back of `a.thing` after these runs: the values, or why not.
fn after(runs: &[(RunKind, StepState)]) -> Result<Vec<Value>, String> {
    let mut ledger = Ledger::default();
    for (kind, step) in runs {
        ledger.add(*kind, &run("thing", step.clone()));
    }
    let mut what = ledger.take_back(&["a"].into(), false);
    match (what.made.pop_first(), what.left.pop_first()) {
        (Some((_, undo)), None) => Ok(undo),
        (None, left) => Err(left.map(|(_, reason)| reason).unwrap_or_default()),
        both => panic!("{both:?}"),
    }
}

const APPLY: RunKind = RunKind::Apply;
const OFFBOARD: RunKind = RunKind::Offboard;

#[test]
fn only_what_was_made_is_ours() {
    let ready = |attempts, action, undo| step(Status::Ready, attempts, action, undo);
    let one = |step: StepState| after(&[(APPLY, step)]);
    let ours = Ok(vec![json!(1)]);
    assert_eq!(one(ready(1, "created", json!(1))), ours);
    assert_eq!(one(ready(1, "updated", json!(1))), ours);
    // An attempt before this one may have made it.
    assert_eq!(one(ready(2, "unchanged", json!(1))), ours);
    assert_eq!(one(ready(2, "updated", json!(1))), ours);
    // It failed after it was made.
    assert_eq!(one(step(Status::Failed, 1, "created", json!(1))), ours);
    assert_eq!(one(step(Status::Applied { attempt: 0 }, 1, "created", json!(1))), ours);

    let reason = |step: StepState| one(step).unwrap_err();
    assert!(reason(ready(1, "adopted", json!(1))).contains("adopted"));
    assert!(reason(ready(3, "adopted", json!(1))).contains("adopted"));
    assert!(reason(ready(1, "unchanged", json!(1))).contains("never made by us"));
    assert!(reason(ready(2, "unchanged", Value::Null)).contains("never made by us"));
    assert!(reason(ready(1, "updated", Value::Null)).contains("was changed"));
    assert!(reason(ready(1, "created", Value::Null)).contains("does not say how"));
    assert_eq!(reason(ready(1, "checked", Value::Null)), "");
    assert!(reason(step(Status::Settled, 0, "", Value::Null)).contains("never made by us"));
    assert_eq!(reason(step(Status::Skipped, 0, "", Value::Null)), "");
}

#[test]
fn runs_add_up() {
    let ready = |action, undo| (APPLY, step(Status::Ready, 1, action, undo));
    let created = |n: u32| ready("created", json!(n));
    let back = (OFFBOARD, step(Status::Ready, 1, "removed", Value::Null));
    let kept = (OFFBOARD, step(Status::Failed, 1, "", Value::Null));
    assert_eq!(after(&[created(1), ready("unchanged", json!(2))]), Ok(vec![json!(1), json!(2)]));
    assert_eq!(after(&[created(1), created(2), created(1)]), Ok(vec![json!(2), json!(1)]));
    assert_eq!(after(&[created(1), ready("adopted", json!(2))]), Ok(vec![json!(1)]));
    // An earlier run lost its answer.
    let lost = (APPLY, step(Status::Failed, 3, "", Value::Null));
    assert_eq!(after(&[lost, ready("unchanged", json!(1))]), Ok(vec![json!(1)]));
    // Taken back, and then not, or made again.
    assert_eq!(after(&[created(1), back.clone()]), Err(String::new()));
    assert_eq!(after(&[created(1), kept]), Ok(vec![json!(1)]));
    assert_eq!(after(&[created(1), back, created(2)]), Ok(vec![json!(2)]));
}

#[test]
fn a_hand_over_of_an_earlier_version_left_a_record() {
    let mut ledger = Ledger::default();
    ledger.add(APPLY, &run(HAND_OVER, step(Status::Ready, 1, "created", Value::Null)));
    let what = ledger.take_back(&["a"].into(), true);
    assert_eq!(what.made.into_values().collect::<Vec<_>>(), [vec![json!({})]]);
    assert!(what.purge);
}

#[test]
fn connectors_that_are_not_meant_are_not_touched() {
    let mut ledger = Ledger::default();
    ledger.add(APPLY, &run("thing", step(Status::Ready, 1, "created", json!(1))));
    let what = ledger.take_back(&["b"].into(), false);
    assert!(what.made.is_empty() && what.left.is_empty());
}

mod compacted;
