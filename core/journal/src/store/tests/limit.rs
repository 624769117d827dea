//! A journal that has become as long as a journal may be.

use crate::limits::Caps;
use crate::testing::{applied, failed, intended, started};
use crate::{AppendError, Compaction, FileStore, Store};

/// What would make it too long is refused whole, before it is written; what is there can be read.
#[test]
fn takes_no_batch_beyond_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let caps = Caps { journal_bytes: 1000, ..Caps::default() };
    let mut store = FileStore::create_within(&path, caps).unwrap();
    store.append(&[started()]).unwrap();
    let (kept, error) = (0..)
        .find_map(|step| {
            let name = format!("c.step-{step}");
            let batch = [intended(&name, 0), applied(&name, true)];
            store.append(&batch).err().map(|error| (step, error))
        })
        .unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "the journal {} has reached the 1000 bytes a journal may have; what was recorded before is safe, and resuming rewrites it without what later records made needless",
            path.display()
        )
    );
    assert!(matches!(store.append(&[started()]), Err(AppendError::Broken { .. })));
    assert!(fs_err::metadata(&path).unwrap().len() <= 1000);
    let opened = FileStore::open_within(&path, caps).unwrap();
    assert_eq!((opened.state.steps.len(), opened.torn), (kept, None));
}

/// A journal that is full of retries has room again once it is taken up.
#[test]
fn resuming_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let caps = Caps { journal_bytes: 100_000, compact_bytes: 1000 };
    let mut store = FileStore::create_within(&path, caps).unwrap();
    store.append(&[started()]).unwrap();
    let full = (0..).find_map(|attempt| {
        let mut failure = failed("c.a", attempt, false);
        if let crate::Event::StepFailed { error, .. } = &mut failure {
            error.detail.help = Some("a word of help that is repeated each time ".repeat(20));
        }
        store.append(&[intended("c.a", attempt), failure]).err()
    });
    assert!(matches!(full, Some(AppendError::Limit { .. })), "{full:?}");
    let mut opened = FileStore::open_within(&path, caps).unwrap();
    let Compaction::Done { before, after } = opened.compaction else {
        panic!("{:?}", opened.compaction);
    };
    println!("{before} bytes became {after}");
    let attempts = opened.state.steps[&crate::testing::address("c.a")].attempts;
    opened.store.append(&[started(), intended("c.a", attempts)]).unwrap();
}
