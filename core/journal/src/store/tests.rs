//! Stores that work, that cannot, and that are killed.

mod compact;
mod durable;
mod kill;
mod limit;

use std::error::Error;

use crate::limits::RECORD_BYTES_MAX;
use crate::testing::{applied, at, every_kind, intended, started};
use crate::{
    AppendError, Event, Fault, FaultyStore, FileStore, JournalReader, MemoryStore, OpenError,
    Outcome, RunPhase, Store, load,
};

/// A journal is continued where it ends, over any division into batches.
#[test]
fn continues_where_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    for size in 1..=every_kind().len() {
        let path = dir.path().join(format!("runs/{size}/journal"));
        drop(FileStore::create(&path).unwrap());
        for batch in every_kind().chunks(size) {
            let mut opened = FileStore::open(&path).unwrap();
            opened.store.append(batch).unwrap();
            assert_eq!(opened.store.durable_bytes(), fs_err::metadata(&path).unwrap().len());
        }
        let (state, torn) = load(&path).unwrap();
        assert_eq!((state.phase, torn), (RunPhase::Finished(Outcome::Failed), None));
    }
}

/// A journal that is there is never begun anew, and nothing is left beside it.
#[test]
fn never_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    FileStore::create(&path).unwrap().append(&[started()]).unwrap();
    let error = FileStore::create(&path).unwrap_err();
    assert!(matches!(error, AppendError::Exists { .. }), "{error}");
    assert_eq!(load(&path).unwrap().0.phase, RunPhase::Running);
    assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 1);
}

/// What a crash left of the very first write does not stand in the way.
#[test]
fn begins_over_a_draft() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    fs_err::write(dir.path().join("journal.new"), "x".repeat(500)).unwrap();
    FileStore::create(&path).unwrap().append(&[started()]).unwrap();
    assert_eq!(load(&path).unwrap().0.phase, RunPhase::Running);
}

/// Only the owner may read what a run does.
#[test]
fn is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs/1/journal");
    drop(FileStore::create(&path).unwrap());
    for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
        assert_eq!(fs_err::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
}

/// Where there can be no journal, the error names the file.
#[test]
fn names_the_file_it_cannot_make() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs_err::write(&file, "").unwrap();
    let error = FileStore::create(&file.join("journal")).unwrap_err();
    assert!(error.to_string().contains("file/journal"), "{error}");
    assert!(error.source().is_some());
    let error = FileStore::open(&file).unwrap_err();
    assert!(matches!(error, OpenError::Read(_)), "{error}");
}

/// A record that is too large is refused before anything of its batch is written.
#[test]
fn refuses_a_record_that_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut store = FileStore::create(&path).unwrap();
    store.append(&[started()]).unwrap();
    let mut large = applied("c.a", true);
    if let Event::StepApplied { detail, .. } = &mut large {
        *detail = Some("x".repeat(RECORD_BYTES_MAX));
    }
    let error = store.append(&[intended("c.a", 0), large]).unwrap_err();
    assert!(error.to_string().contains("about c.a"), "{error}");
    let error = store.append(&[intended("c.a", 0)]).unwrap_err();
    assert!(matches!(error, AppendError::Broken { .. }), "{error}");
    assert_eq!(load(&path).unwrap().0.steps.len(), 0);
}

/// A full disk names the file and leaves everything before it as it was.
#[test]
fn a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let file = FileStore::create(&path).unwrap();
    let mut store = FaultyStore::new(file, Fault::Full, 2);
    store.append(&[started()]).unwrap();
    let error = store.append(&[intended("c.a", 0), applied("c.a", true)]).unwrap_err();
    assert!(matches!(error, AppendError::Full { .. }), "{error}");
    assert!(error.to_string().contains("no space left"), "{error}");
    assert!(matches!(store.append(&[]), Err(AppendError::Broken { .. })));
    let mut opened = FileStore::open(&path).unwrap();
    assert_eq!((opened.state.steps.len(), opened.torn), (0, None));
    opened.store.append(&[intended("c.a", 0)]).unwrap();
}

/// A disk that is really full: the system's own device for it.
#[test]
fn a_full_device_names_the_file() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    std::os::unix::fs::symlink("/dev/full", dir.path().join("journal.new")).unwrap();
    let error = FileStore::create(&path).unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(!path.exists());
}

/// A crash keeps exactly what stood before it.
#[test]
fn a_crash_keeps_what_stood_before_it() {
    let events = every_kind();
    for at in 0..events.len() {
        let memory = MemoryStore::new();
        let mut store = FaultyStore::new(memory.clone(), Fault::Crash, at);
        let failed = events.chunks(3).position(|batch| store.append(batch).is_err());
        assert_eq!(failed, Some(at / 3));
        assert_eq!(memory.events(), events[..at]);
    }
}

/// Reading goes on while another handle appends: `status` beside a running `apply`.
#[test]
fn can_be_read_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut store = FileStore::create(&path).unwrap();
    let mut reader = JournalReader::open(&path).unwrap();
    store.append(&[started(), Event::RunInterrupted { at: at(1) }]).unwrap();
    assert_eq!(reader.next_event().unwrap(), Some(started()));
}
