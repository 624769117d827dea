//! Journals that were cut off, damaged, or are something else.

mod exhaustive;

use std::path::{Path, PathBuf};

use super::{JournalReader, ReadError, TornTail, load};
use crate::frame;
use crate::testing::{applied, every_kind, intended, started};
use crate::{Event, FileStore, Store};

fn events_of(path: &Path) -> Result<(Vec<Event>, Option<TornTail>), ReadError> {
    let mut reader = JournalReader::open(path)?;
    let mut events = Vec::new();
    while let Some(event) = reader.next_event()? {
        events.push(event);
    }
    Ok((events, reader.torn()))
}

fn journal(dir: &Path, events: &[Event]) -> PathBuf {
    let path = dir.join("journal");
    FileStore::create(&path).unwrap().append(events).unwrap();
    path
}

/// Every kind of event comes back as it was written, and a line can be read by people.
#[test]
fn gives_back_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &every_kind());
    assert_eq!(events_of(&path).unwrap(), (every_kind(), None));
    let text = fs_err::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(r#"3ee495ef 0 42 {"format":"skybridge-journal","version":1}"#));
    assert_eq!(text.lines().count(), every_kind().len() + 1, "one line per record");
    assert!(text.contains(r#"{"event":"step-intended","address":"c.application","attempt":1,"#));
}

/// Blocks of the last batch that never reached the disk read as zeros.
#[test]
fn tolerates_a_tail_of_zeros() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &[started()]);
    let mut bytes = fs_err::read(&path).unwrap();
    let offset = bytes.len() as u64;
    bytes.extend([0; 5000]);
    fs_err::write(&path, bytes).unwrap();
    let (events, torn) = events_of(&path).unwrap();
    assert_eq!((events, torn), (vec![started()], Some(TornTail { offset, bytes: 5000 })));
}

/// A line that was removed, repeated or moved is noticed although each line is whole.
#[test]
fn refuses_lines_that_are_not_in_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &[started(), intended("c.a", 0), applied("c.a", true)]);
    let text = fs_err::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for order in [&[0, 2, 3][..], &[0, 1, 1, 2, 3], &[0, 1, 3, 2], &[0, 0, 1, 2, 3]] {
        let shuffled: String = order.iter().map(|at| lines[*at]).collect();
        fs_err::write(&path, shuffled).unwrap();
        let error = events_of(&path).unwrap_err();
        assert!(matches!(error, ReadError::Damaged { .. }), "{order:?}: {error}");
    }
}

/// A newer journal is refused with both versions in the message.
#[test]
fn refuses_a_future_version_politely() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut bytes = Vec::new();
    frame::write(&mut bytes, 0, br#"{"format":"skybridge-journal","version":7,"shape":"other"}"#);
    bytes.extend(b"whatever version 7 may look like\n");
    fs_err::write(&path, bytes).unwrap();
    let error = events_of(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} has journal format version 7; this Skybridge reads up to version 1, so use the one that wrote it",
            path.display()
        )
    );
}

/// What is no journal is refused as such.
#[test]
fn refuses_what_is_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    let mut headless = Vec::new();
    frame::write(&mut headless, 0, br#"{"event":"run-interrupted","at":"2024-01-01T00:00:00Z"}"#);
    for (bytes, says) in [
        (Vec::new(), "it is empty"),
        (b"{}\n".to_vec(), "does not begin with a header record"),
        (headless, "names another format"),
    ] {
        fs_err::write(&path, bytes).unwrap();
        let error = events_of(&path).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("is not a Skybridge journal"), "{error}");
    }
    let error = events_of(&dir.path().join("none")).unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }), "{error}");
}

/// A whole record that says something unknown is damage, not a tail.
#[test]
fn refuses_a_record_it_does_not_understand() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &[]);
    let mut bytes = fs_err::read(&path).unwrap();
    frame::write(&mut bytes, 1, br#"{"event":"step-teleported"}"#);
    fs_err::write(&path, bytes).unwrap();
    let error = events_of(&path).unwrap_err().to_string();
    assert!(error.contains("step-teleported") && error.contains("at byte"), "{error}");
}

/// Events that are whole but do not add up are refused with file and event.
#[test]
fn refuses_events_that_do_not_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &[started(), applied("c.a", true)]);
    let error = load(&path).unwrap_err();
    assert!(matches!(error, ReadError::Replay { .. }), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()));
}
