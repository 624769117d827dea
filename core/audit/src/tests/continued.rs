//! One process after the other, some of them killed.

use std::path::Path;

use super::{at, log, text, write};
use crate::{AuditLog, Finding, OpenError, Torn, What, entries, head_file, log_file, verify};

/// Every process goes on where the one before ended, over any division into commits.
#[test]
fn goes_on_where_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut told = 0;
    for commits in 1..6 {
        let opened = AuditLog::open(dir.path(), at(told)).unwrap();
        assert_eq!(opened.torn, None);
        for _ in 0..commits {
            told += 2;
            opened.log.append(at(told), write(told - 1));
            opened.log.append(at(told), write(told));
            let head = opened.log.commit().unwrap();
            assert_eq!(head.seq, told);
            assert_eq!(verify(dir.path(), None).unwrap().head, Some(head));
        }
    }
    let verdict = verify(dir.path(), None).unwrap();
    assert_eq!((verdict.entries, verdict.unnoted), (told, 0));
    assert_eq!((verdict.torn, verdict.broken), (None, None));
    let mut names: Vec<_> = fs_err::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["head.json", "log.ndjson"]);
}

/// A commit with nothing to say writes nothing.
#[test]
fn an_empty_commit_is_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let head = log(dir.path(), 3);
    let before = text(dir.path());
    let log = AuditLog::open(dir.path(), at(9)).unwrap().log;
    assert_eq!(log.commit().unwrap(), head);
    assert_eq!(log.close().unwrap(), head);
    assert_eq!(text(dir.path()), before);
}

/// What a process leaves that is killed after the disk had `length` bytes of its last batch: the
/// head beside the log is the one of the batch before.
fn killed(folder: &Path, length: usize) -> usize {
    log(folder, 3);
    let (noted, before) = (fs_err::read(head_file(folder)).unwrap(), text(folder).len());
    let log = AuditLog::open(folder, at(4)).unwrap().log;
    (4..=6).for_each(|number| log.append(at(number), write(number)));
    log.close().unwrap();
    drop(log);
    let whole = fs_err::read(log_file(folder)).unwrap();
    let end = before.saturating_add(length).min(whole.len());
    fs_err::write(log_file(folder), &whole[..end]).unwrap();
    fs_err::write(head_file(folder), noted).unwrap();
    whole.len() - before
}

/// Killed after any byte of the last batch: no tampering, what is whole stays, and the next process
/// cuts off the rest and says so.
#[test]
fn a_killed_process_leaves_a_torn_line_at_most() {
    let probe = tempfile::tempdir().unwrap();
    let batch = killed(probe.path(), usize::MAX);
    let (mut torn, mut clean) = (0, 0);
    for length in 0..=batch {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path(), length);
        let verdict = verify(dir.path(), None).unwrap();
        assert_eq!(verdict.broken, None, "{length} bytes");
        assert_eq!(verdict.unnoted, verdict.entries - 3, "{length} bytes");
        let opened = AuditLog::open(dir.path(), at(9)).unwrap();
        assert_eq!(opened.torn, verdict.torn, "{length} bytes");
        opened.log.append(at(9), write(9));
        opened.log.close().unwrap();
        let after = verify(dir.path(), None).unwrap();
        assert_eq!((after.torn, after.broken), (None, None), "{length} bytes");
        let cuts = entries(&log_file(dir.path())).unwrap();
        let cuts = cuts.filter(|it| matches!(it.as_ref().unwrap().what, What::Cut { .. })).count();
        match verdict.torn {
            Some(Torn { line, bytes }) => {
                assert_eq!((line, cuts), (verdict.entries + 2, 1), "{length} bytes");
                assert!(bytes > 0);
                torn += 1;
            }
            None => {
                assert_eq!(cuts, 0);
                clean += 1;
            }
        }
        assert_eq!(after.entries, verdict.entries + 1 + cuts as u64);
    }
    assert_eq!(clean, 4);
    println!("{torn} ends within a line, {clean} between two");
}

/// Blocks of the last batch that never reached the disk read as zeros.
#[test]
fn a_tail_of_zeros_is_a_torn_line() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path(), 10);
    let mut bytes = fs_err::read(log_file(dir.path())).unwrap();
    bytes.extend([0; 3000]);
    fs_err::write(log_file(dir.path()), bytes).unwrap();
    let verdict = verify(dir.path(), None).unwrap();
    assert_eq!(verdict.torn, Some(Torn { line: 5, bytes: 3010 }));
    assert_eq!(verdict.broken, None);
}

/// A crash between the first line and the first head is no reason to stop.
#[test]
fn a_log_without_entries_needs_no_head() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 0);
    fs_err::remove_file(head_file(dir.path())).unwrap();
    assert_eq!(verify(dir.path(), None).unwrap().broken, None);
    fs_err::write(dir.path().join("log.new"), "half a hea").unwrap();
    log(dir.path(), 2);
    assert_eq!(verify(dir.path(), None).unwrap().entries, 2);
}

/// A log whose end is not what it was is not gone on with: that would hide it.
#[test]
fn does_not_go_on_over_what_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 5);
    let whole = text(dir.path());
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    fs_err::write(log_file(dir.path()), lines[..4].concat()).unwrap();
    let error = AuditLog::open(dir.path(), at(9)).unwrap_err();
    assert!(matches!(&error, OpenError::Broken(it) if it.line == 5), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "{}:5: truncated: it ends with entry 3, and entry 5 is on record",
            log_file(dir.path()).display()
        )
    );
    assert_eq!(text(dir.path()), lines[..4].concat(), "a refused log is left alone");
    fs_err::remove_file(log_file(dir.path())).unwrap();
    let OpenError::Broken(broken) = AuditLog::open(dir.path(), at(9)).unwrap_err() else {
        panic!("it is gone")
    };
    assert!(matches!(broken.finding, Finding::Truncated { last: None, .. }), "{broken}");
    fs_err::write(log_file(dir.path()), whole).unwrap();
    fs_err::remove_file(head_file(dir.path())).unwrap();
    let OpenError::Broken(broken) = AuditLog::open(dir.path(), at(9)).unwrap_err() else {
        panic!("its head is gone")
    };
    assert_eq!(broken.finding, Finding::Head { there: false });
}
