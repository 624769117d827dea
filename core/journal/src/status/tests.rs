//! Every status meets every event.

use crate::testing::{address, applied, at, failed, intended, outputs, started};
use crate::{Event, Outcome, RunPhase, Status};

const S: &str = "c.step";

fn statuses() -> Vec<Status> {
    let mut all = vec![Status::Pending, Status::Settled, Status::Ready];
    all.extend([Status::Failed, Status::Skipped]);
    for attempt in [0, 1, u32::MAX] {
        all.extend([
            Status::Intended { attempt },
            Status::Retrying { attempt },
            Status::Applied { attempt },
        ]);
    }
    all
}

fn events() -> Vec<Event> {
    let mut all = vec![
        started(),
        Event::StepSettled { address: address(S), outputs: outputs() },
        applied(S, true),
        applied(S, false),
        Event::StepReady { address: address(S), at: at(0) },
        Event::StepSkipped { address: address(S), because: address("c.other") },
        Event::RunInterrupted { at: at(0) },
    ];
    let outcomes = [Outcome::Done, Outcome::Failed, Outcome::Stuck];
    all.extend(outcomes.map(|outcome| Event::RunFinished { outcome, at: at(0) }));
    for attempt in [0, 1, 2, u32::MAX] {
        all.extend([intended(S, attempt), failed(S, attempt, false), failed(S, attempt, true)]);
    }
    all
}

/// What must come out, written down independently of the code: only these pairs are legal.
fn expected(status: Status, event: &Event) -> Option<Status> {
    let name = event.name();
    let number = match event {
        Event::StepIntended { attempt, .. } | Event::StepFailed { attempt, .. } => Some(*attempt),
        _ => None,
    };
    let last = matches!(event, Event::StepFailed { r#final: true, .. });
    let ready = matches!(event, Event::StepApplied { ready: true, .. });
    match (status.word(), name) {
        ("pending", "step-settled") => Some(Status::Settled),
        ("pending", "step-skipped") => Some(Status::Skipped),
        ("pending", "step-intended") if number == Some(0) => Some(Status::Intended { attempt: 0 }),
        ("intended" | "retrying", "step-intended") => {
            let next = of(status)?.checked_add(1)?;
            (number == Some(next)).then_some(Status::Intended { attempt: next })
        }
        ("intended", "step-applied") if ready => Some(Status::Ready),
        ("intended", "step-applied") => Some(Status::Applied { attempt: of(status)? }),
        ("intended", "step-failed") if number == of(status) && last => Some(Status::Failed),
        ("intended", "step-failed") if number == of(status) => {
            Some(Status::Retrying { attempt: of(status)? })
        }
        ("applied", "step-ready") => Some(Status::Ready),
        ("applied", "step-failed") if number == of(status) && last => Some(Status::Failed),
        _ => None,
    }
}

fn of(status: Status) -> Option<u32> {
    match status {
        Status::Intended { attempt }
        | Status::Retrying { attempt }
        | Status::Applied { attempt } => Some(attempt),
        _ => None,
    }
}

/// The table of steps: every pair gives what the table says, and never panics.
#[test]
fn every_status_meets_every_event() {
    let (mut pairs, mut legal) = (0, 0);
    for status in statuses() {
        for event in events() {
            let found = status.next(&event);
            assert_eq!(found.clone().ok(), expected(status, &event), "{status} + {event:?}");
            if let Err(illegal) = &found {
                let text = illegal.to_string();
                assert!(text.contains(event.name()) && text.contains(status.word()), "{text}");
            }
            assert!(!(status.is_final() && found.is_ok()), "{status} is final");
            pairs += 1;
            legal += usize::from(found.is_ok());
        }
    }
    println!("{pairs} pairs of status and event, {legal} of them legal");
}

/// The table of runs.
#[test]
fn every_phase_meets_every_event() {
    let finished = [Outcome::Done, Outcome::Failed, Outcome::Stuck].map(RunPhase::Finished);
    let mut phases = vec![RunPhase::New, RunPhase::Running, RunPhase::Interrupted];
    phases.extend(finished);
    for phase in phases {
        for event in events() {
            let expected = match (phase, &event) {
                (RunPhase::Finished(_), _) => None,
                (_, Event::RunStarted { .. }) => Some(RunPhase::Running),
                (RunPhase::New | RunPhase::Interrupted, _) => None,
                (_, Event::RunInterrupted { .. }) => Some(RunPhase::Interrupted),
                (_, Event::RunFinished { outcome, .. }) => Some(RunPhase::Finished(*outcome)),
                _ => Some(RunPhase::Running),
            };
            assert_eq!(phase.next(&event).ok(), expected, "{phase} + {event:?}");
        }
    }
}
