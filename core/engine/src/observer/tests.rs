//! Watching, fast and slow.

use super::{Observer, event_channel};
use crate::limits::PROGRESS_QUEUE;
use crate::testing::{address, at};
use crate::{Counts, RunEvent, RunOutcome};

fn progress() -> RunEvent {
    RunEvent::StepWaiting { address: address(0), why: "it can be read".to_owned(), until: at(5) }
}

fn skipped(step: usize) -> RunEvent {
    RunEvent::StepSkipped { address: address(step), because: address(0) }
}

fn finished() -> RunEvent {
    let outcome = RunOutcome::Failed { steps: 1 };
    RunEvent::RunFinished { outcome, counts: Counts::default(), seconds: 0.5 }
}

/// A reader that reads nothing loses progress, and nothing else.
#[test]
fn final_events_always_fit() {
    let (mut sender, mut receiver) = event_channel(3);
    let started = RunEvent::RunStarted { run: "r".to_owned(), at: at(0), steps: 3, ended: 0 };
    sender.tell(started);
    for step in 0..3 {
        (0..2 * PROGRESS_QUEUE).for_each(|_| sender.tell(progress()));
        sender.tell(skipped(step));
    }
    sender.tell(finished());
    let mut told = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        told.push(event);
    }
    let last: Vec<_> = told.iter().filter(|event| !event.is_progress()).skip(1).cloned().collect();
    assert_eq!(last, [skipped(0), skipped(1), skipped(2), finished()]);
    assert_eq!(told.len(), PROGRESS_QUEUE + 5);
    assert_eq!(sender.dropped(), 5 * PROGRESS_QUEUE as u64);
}

/// A reader that has gone away holds up nothing.
#[test]
fn a_reader_may_go_away() {
    let (mut sender, receiver) = event_channel(0);
    drop(receiver);
    sender.tell(finished());
    assert_eq!(sender.dropped(), 0);
}

/// The lines have the form that is documented, and the schema speaks of every event.
#[test]
fn lines_have_the_documented_form() {
    let line = serde_json::to_string(&finished()).unwrap();
    assert_eq!(
        line,
        r#"{"event":"run-finished","outcome":{"is":"failed","steps":1},"counts":{"done":0,"settled":0,"failed":0,"skipped":0,"open":0},"seconds":0.5}"#
    );
    assert_eq!(serde_json::from_str::<RunEvent>(&line).unwrap(), finished());
    let line = serde_json::to_string(&progress()).unwrap();
    assert_eq!(
        line,
        r#"{"event":"step-waiting","address":"c.step-0","why":"it can be read","until":"2023-11-14T22:13:20.005Z"}"#
    );
    let schema = serde_json::to_string(&schemars::schema_for!(RunEvent)).unwrap();
    for event in [
        "run-started",
        "step-started",
        "step-waiting",
        "step-retrying",
        "step-finished",
        "step-failed",
        "step-skipped",
        "run-finished",
    ] {
        assert!(schema.contains(&format!("\"{event}\"")), "{event}");
    }
}
