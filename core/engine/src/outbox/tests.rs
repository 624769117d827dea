//! Nothing leaves before what it depends on.

use skybridge_journal::Event;
use skybridge_journal::limits::BATCH_RECORDS_MAX;

use super::Outbox;
use crate::testing::at;
use crate::{Effect, Turn};

fn turn(records: usize, step: u32) -> Turn {
    let record = Event::RunInterrupted { at: at(0) };
    Turn { records: vec![record; records], effects: vec![Effect::Probe { step, look: 0 }] }
}

/// Effects wait for the records before them, and those alone.
#[test]
fn effects_wait_for_their_records() {
    let mut outbox = Outbox::new();
    outbox.put(turn(0, 0));
    assert_eq!(
        outbox.take_effect(),
        Some(Effect::Probe { step: 0, look: 0 }),
        "nothing to wait for"
    );
    outbox.put(turn(2, 1));
    assert_eq!(outbox.take_effect(), None);
    assert_eq!(outbox.take_batch().map(|batch| batch.len()), Some(2));
    assert_eq!(outbox.take_effect(), None, "written is not durable");
    outbox.put(turn(1, 2));
    assert_eq!(outbox.take_batch(), None, "one batch at a time");
    outbox.acknowledge();
    assert_eq!(outbox.take_effect(), Some(Effect::Probe { step: 1, look: 0 }));
    assert_eq!(outbox.take_effect(), None, "its record came later");
    assert_eq!(outbox.take_batch().map(|batch| batch.len()), Some(1));
    outbox.acknowledge();
    assert_eq!(outbox.take_effect(), Some(Effect::Probe { step: 2, look: 0 }));
    assert_eq!((outbox.take_batch(), outbox.take_effect()), (None, None));
}

/// An effect without records of its own waits for earlier ones all the same.
#[test]
fn order_is_kept() {
    let mut outbox = Outbox::new();
    outbox.put(turn(1, 0));
    outbox.put(turn(0, 1));
    assert_eq!(outbox.take_effect(), None);
    outbox.take_batch();
    outbox.acknowledge();
    assert_eq!(outbox.take_effect(), Some(Effect::Probe { step: 0, look: 0 }));
    assert_eq!(outbox.take_effect(), Some(Effect::Probe { step: 1, look: 0 }));
}

/// Large turns leave in batches of bounded size, and the effect behind the last of them.
#[test]
fn batches_are_bounded() {
    let mut outbox = Outbox::new();
    outbox.put(turn(BATCH_RECORDS_MAX + 1, 0));
    for expected in [BATCH_RECORDS_MAX, 1] {
        assert_eq!(outbox.take_effect(), None);
        assert_eq!(outbox.take_batch().map(|batch| batch.len()), Some(expected));
        outbox.acknowledge();
    }
    assert!(outbox.take_effect().is_some());
}
