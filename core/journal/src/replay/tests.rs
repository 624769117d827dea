//! What a sequence of events sums up to.

use serde_json::json;

use super::{ReplayError, replay};
use crate::testing::{address, applied, at, every_kind, failed, intended, outputs, started};
use crate::{Event, Outcome, RunId, RunPhase, Status};

/// A run with one event of every kind, looked at step by step.
#[test]
fn sums_up_every_kind_of_event() {
    let state = replay(&every_kind()).unwrap();
    assert_eq!(state.phase, RunPhase::Finished(Outcome::Failed));
    assert_eq!((state.started, state.last), (Some(at(0)), Some(at(6))));
    let application = &state.steps[&address("c.application")];
    assert_eq!(application.status, Status::Ready);
    assert_eq!((application.attempts, application.unwell), (2, 1));
    assert_eq!(application.outputs, outputs());
    assert_eq!(application.undo, json!({"id": "app-1"}));
    assert_eq!(application.error, None, "a success forgets the error before it");
    assert_eq!(state.steps[&address("c.settled")].outputs, outputs());
    let broken = &state.steps[&address("c.broken")];
    assert_eq!(broken.status, Status::Failed);
    assert!(broken.error.is_some());
    assert_eq!(state.steps[&address("c.after")].because, Some(address("c.broken")));
}

/// What was applied and then failed to become ready can still be undone.
#[test]
fn keeps_the_undo_of_a_step_that_never_became_ready() {
    let events = [started(), intended("c.a", 0), applied("c.a", false), failed("c.a", 0, true)];
    let state = replay(&events).unwrap();
    assert_eq!(state.steps[&address("c.a")].undo, json!({"id": "app-1"}));
}

/// An event that does not fit is named with its place, and nothing of it is taken in.
#[test]
fn names_the_first_event_that_does_not_fit() {
    let mut state = replay(&[started(), intended("c.a", 0)]).unwrap();
    let before = state.clone();
    let error = state.absorb(3, &intended("c.a", 5)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "event 3 (c.a): `step-intended (attempt 5)` cannot follow on the status `intended (attempt 0)`"
    );
    assert_eq!(state, before);
    let error = replay(&[intended("c.a", 0)]).unwrap_err();
    assert!(error.to_string().contains("not started"), "{error}");
}

/// A journal goes on only as the run and plan it began as.
#[test]
fn refuses_to_become_another_run() {
    let other = Event::RunStarted {
        run: RunId::new(uuid::Uuid::from_u128(8)),
        plan: "plan-1".to_owned(),
        at: at(9),
    };
    let error = replay(&[started(), other]).unwrap_err();
    assert!(matches!(error, ReplayError::OtherRun { sequence: 2, .. }), "{error}");
}
