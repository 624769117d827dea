//! What the tests of this crate share.

use jiff::Timestamp;
use serde_json::json;
use skybridge_model::Address;

use crate::{Event, Map, Outcome, RetryClass, RunId, StepError};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub(crate) fn run() -> RunId {
    RunId::new(uuid::Uuid::from_u128(7))
}

pub(crate) fn started() -> Event {
    Event::RunStarted { run: run(), plan: "plan-1".to_owned(), at: at(0) }
}

pub(crate) fn outputs() -> Map {
    Map::from([("client-id".to_owned(), json!("11111111"))])
}

pub(crate) fn intended(step: &str, attempt: u32) -> Event {
    Event::StepIntended { address: address(step), attempt, at: at(1) }
}

pub(crate) fn applied(step: &str, ready: bool) -> Event {
    Event::StepApplied {
        address: address(step),
        action: "created".to_owned(),
        outputs: outputs(),
        undo: json!({"id": "app-1"}),
        detail: Some("a line\nand another".to_owned()),
        ready,
        at: at(2),
    }
}

pub(crate) fn failed(step: &str, attempt: u32, r#final: bool) -> Event {
    let error = StepError::new(10, RetryClass::Transient, "the service did not answer");
    Event::StepFailed { address: address(step), attempt, error, at: at(3), r#final }
}

/// One event of every kind, in an order a run can have.
pub(crate) fn every_kind() -> Vec<Event> {
    vec![
        started(),
        Event::StepSettled { address: address("c.settled"), outputs: outputs() },
        intended("c.application", 0),
        failed("c.application", 0, false),
        intended("c.application", 1),
        applied("c.application", false),
        Event::StepReady { address: address("c.application"), at: at(4) },
        intended("c.broken", 0),
        failed("c.broken", 0, true),
        Event::StepSkipped { address: address("c.after"), because: address("c.broken") },
        Event::RunInterrupted { at: at(5) },
        started(),
        Event::RunFinished { outcome: Outcome::Failed, at: at(6) },
    ]
}
