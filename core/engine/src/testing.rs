//! What the tests of this crate share.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_model::Address;

use crate::{Direction, Map, Readiness, RunId, Work, WorkStep};

/// A time, in milliseconds after the beginning of all tests.
pub(crate) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millisecond).unwrap()
}

/// Milliseconds between the beginning of all tests and a time.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond() - 1_700_000_000_000
}

/// The address of step `step`.
pub(crate) fn address(step: usize) -> Address {
    Address::parse(&format!("c.step-{step}")).unwrap()
}

/// Work of as many steps as there are lists of needs.
pub(crate) fn work(needs: &[&[u32]]) -> Work {
    let steps = needs.iter().enumerate().map(|(step, needs)| WorkStep {
        address: address(step),
        title: format!("do {step}").into(),
        needs: needs.to_vec(),
        domain: "domain".into(),
        readiness: None,
        settled: None,
        always: false,
        part: false,
    });
    Work {
        run: RunId::new(uuid::Uuid::from_u128(42)),
        plan: "plan-1".to_owned(),
        direction: Direction::Forward,
        steps: steps.collect(),
    }
}

/// Two looks in a row, a second apart, within ten seconds.
pub(crate) fn readiness() -> Arc<Readiness> {
    Arc::new(Readiness {
        waits_for: "it can be read".to_owned(),
        successes: 2,
        interval: Duration::from_secs(1),
        budget: Duration::from_secs(10),
    })
}

/// The outputs of a step that is done.
pub(crate) fn outputs(step: u32) -> Map {
    Map::from([("id".to_owned(), serde_json::json!(step))])
}
