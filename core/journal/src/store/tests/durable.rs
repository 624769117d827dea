//! Nothing is acknowledged before it is on disk, and a batch is one write.

use std::path::Path;
use std::process::Command;

use super::kill::{CHILD, DIR};
use crate::testing::{applied, intended, started};
use crate::{AppendError, FileStore, Store};

/// Write calls of this thread so far; nothing where the system does not count them.
fn writes() -> Option<u64> {
    let text = fs_err::read_to_string("/proc/thread-self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("syscw: ")?.parse().ok())
}

/// However many records a batch has, they go to the disk in one call.
#[test]
fn a_batch_is_one_write() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = FileStore::create(&dir.path().join("journal")).unwrap();
    store.append(&[started()]).unwrap();
    for size in [1, 64, 512] {
        let names: Vec<String> = (0..size).map(|step| format!("c.step-{size}-{step}")).collect();
        let batch: Vec<_> =
            names.iter().flat_map(|name| [intended(name, 0), applied(name, true)]).collect();
        let Some(before) = writes() else {
            println!("this system does not count a thread's writes");
            return;
        };
        store.append(&batch).unwrap();
        assert_eq!(writes().unwrap() - before, 1, "{} records", batch.len());
    }
}

/// A file that takes what is written and cannot be synced: nothing of it counts as a journal.
#[test]
fn a_sync_that_does_not_work_is_no_journal() {
    let place = Path::new("/proc/thread-self/comm");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal");
    std::os::unix::fs::symlink(place, dir.path().join("journal.new")).unwrap();
    let error = FileStore::create(&path).unwrap_err();
    assert!(matches!(error, AppendError::Io { doing: "syncing", .. }), "{error}");
    assert!(!path.exists());
}

/// What the kernel saw: before each acknowledgement the journal was written and then synced.
#[test]
fn an_acknowledgement_follows_its_sync() {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-y", "-e", "trace=write,fdatasync", "-e", "signal=none", "-s", "40", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", CHILD])
        .env(DIR, dir.path())
        .env("SKYBRIDGE_TEST_KILL_STEPS", "20");
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("ptrace"), "{said}");
            println!("processes may not be watched here: {said}");
            return;
        }
        Err(error) => {
            println!("strace is not here: {error}");
            return;
        }
    }
    let trace = fs_err::read_to_string(&trace).unwrap();
    let (mut written, mut synced, mut acknowledged) = (0, 0, 0);
    for line in trace.lines() {
        let journal = line.contains("/journal>") || line.contains("/journal.new>");
        if journal && line.contains("write(") {
            written += 1;
        } else if journal && line.contains("fdatasync(") {
            assert!(line.ends_with("= 0"), "{line}");
            synced = written;
        } else if line.contains("\"acknowledged") {
            acknowledged += 1;
            assert_eq!(synced, written, "told before it was synced:\n{trace}");
            // The header, the start of the run, and one batch a step.
            assert_eq!(written, acknowledged + 2, "{trace}");
        }
    }
    assert_eq!(acknowledged, 20, "{trace}");
}
