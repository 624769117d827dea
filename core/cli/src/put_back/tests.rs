//! Which journals leave something standing.

use serde_json::{Value, json};

use super::*;

const PLAN: &str = r#"{"steps": [
    {"address": "a.raise", "title": "raise", "needs": []},
    {"address": "a.work@x", "title": "work", "needs": ["a.raise"]},
    {"address": "a.lower", "title": "lower it", "needs": ["a.raise", "a.work@x"],
     "always": true, "inputs": ["raise.raised"]}
]}"#;

fn step(status: Status, action: &str, undo: Value) -> StepState {
    let action = (!action.is_empty()).then(|| action.to_owned());
    let detail = action.as_ref().map(|_| "it is raised".to_owned());
    StepState { status, action, detail, undo, ..StepState::default() }
}

fn journal(steps: impl IntoIterator<Item = (&'static str, StepState)>) -> RunState {
    let steps = steps
        .into_iter()
        .map(|(local, step)| (Address::parse(&format!("a.{local}")).unwrap(), step));
    RunState { steps: steps.collect(), ..RunState::default() }
}

/// What is said to stand of a run whose journal says this.
fn stands(steps: impl IntoIterator<Item = (&'static str, StepState)>) -> Option<Option<String>> {
    let mut all = of(PLAN.as_bytes(), &journal(steps));
    assert!(all.len() <= 1, "{all:?}");
    let it = all.pop()?;
    assert_eq!((it.step.as_str(), it.changed.as_str()), ("a.lower", "a.raise"));
    Some(it.detail)
}

fn raised() -> StepState {
    step(Status::Ready, "created", json!(1))
}

#[test]
fn what_was_changed_and_not_put_back_stands() {
    let work = || ("work@x", step(Status::Ready, "created", json!(1)));
    let told = Some(Some("it is raised".to_owned()));
    assert_eq!(stands([]), None);
    assert_eq!(stands([("raise", raised())]), told);
    assert_eq!(stands([("raise", raised()), work()]), told);
    let applied = step(Status::Applied { attempt: 0 }, "created", json!(1));
    assert_eq!(stands([("raise", applied)]), told);
    // An answer that was lost may have been a yes.
    let lost = step(Status::Intended { attempt: 0 }, "", Value::Null);
    assert_eq!(stands([("raise", lost)]), Some(None));
    for open in [Status::Intended { attempt: 0 }, Status::Failed] {
        assert_eq!(stands([("raise", raised()), ("lower", step(open, "", Value::Null))]), told);
    }
}

#[test]
fn what_was_never_changed_or_was_put_back_does_not() {
    let work = || ("work@x", step(Status::Ready, "created", json!(1)));
    let lowered = ("lower", step(Status::Ready, "updated", Value::Null));
    assert_eq!(stands([("raise", raised()), work(), lowered]), None);
    let needless = step(Status::Ready, "unchanged", Value::Null);
    assert_eq!(stands([("raise", needless), work()]), None);
    for untouched in [Status::Settled, Status::Skipped] {
        assert_eq!(stands([("raise", step(untouched, "", Value::Null)), work()]), None);
    }
}

#[test]
fn another_run_may_have_put_it_back() {
    let it = of(PLAN.as_bytes(), &journal([("raise", raised())])).pop().unwrap();
    let done = |local| journal([(local, step(Status::Ready, "updated", Value::Null))]);
    assert!(was_put_back(&it, RunKind::Apply, &done("lower")));
    assert!(was_put_back(&it, RunKind::Offboard, &done("raise")));
    assert!(!was_put_back(&it, RunKind::Apply, &done("raise")));
    let open = journal([("lower", step(Status::Failed, "", Value::Null))]);
    assert!(!was_put_back(&it, RunKind::Apply, &open));
}
