//! The append-only change log: one JSON line for everything one request changed.
//!
//! A line is written whole before the request is answered, so a line without its end belongs to a
//! request nobody was told about: it is dropped on replay. Damage anywhere else is an error.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::files::{self, DirectoryLock};
use super::objects::{Kind, Object};
use super::sync::{Disk, Unsynced};
use crate::error::SimulatorError;

/// Format of the log; a later one is refused rather than misread.
const FORMAT: u32 = 1;

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    Put(Box<Object>),
    Remove { kind: Kind, id: Uuid },
}

/// Everything one request changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Batch {
    pub(super) counter: u64,
    pub(super) changes: Vec<Change>,
}

#[derive(Serialize, Deserialize)]
struct Line<B> {
    format: u32,
    #[serde(flatten)]
    batch: B,
}

/// The log of one state directory.
#[derive(Debug)]
pub(super) struct ChangeLog {
    path: PathBuf,
    file: fs_err::File,
    disk: Arc<Disk>,
    broken: bool,
    _lock: DirectoryLock,
}

impl ChangeLog {
    pub(super) fn open(directory: &Path) -> Result<Self, SimulatorError> {
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join("changes.ndjson");
        let file = files::open_append(&path)?;
        let disk = Disk::of(file.try_clone()?);
        Ok(Self { path, file, disk, broken: false, _lock: lock })
    }

    /// Every batch that was written whole.
    pub(super) fn replay(&self) -> Result<Vec<Batch>, SimulatorError> {
        let content = fs_err::read(&self.path)?;
        let mut batches = Vec::new();
        let mut lines = content.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            match (parse(line), lines.peek()) {
                (Ok(batch), _) => batches.push(batch),
                (Err(reason), None) if !line.ends_with(b"\n") => {
                    tracing::warn!(line = index + 1, reason, "dropped an unfinished change");
                }
                (Err(reason), _) => {
                    return Err(SimulatorError::DamagedLog { line: index + 1, reason });
                }
            }
        }
        Ok(batches)
    }

    /// Replaces the log by one line that says the same.
    pub(super) fn compact(&mut self, batch: &Batch) -> Result<(), SimulatorError> {
        files::write_private(&self.path, &encode(batch)?)?;
        self.file = files::open_append(&self.path)?;
        self.disk = Disk::of(self.file.try_clone()?);
        Ok(())
    }

    /// Appends one batch; it is the caller's to wait until it is on the disk.
    pub(super) fn append(&mut self, batch: &Batch) -> std::io::Result<Unsynced> {
        if self.broken {
            return Err(std::io::Error::other("an earlier change was not written"));
        }
        let written = encode(batch).and_then(|line| self.file.write_all(&line));
        self.broken = written.is_err();
        written.map(|()| self.disk.appended())
    }
}

fn parse(line: &[u8]) -> Result<Batch, String> {
    // An unfinished line may happen to be valid JSON; only the line end makes it whole.
    if !line.ends_with(b"\n") {
        return Err("no end of line".to_owned());
    }
    let line: Line<Batch> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if line.format != FORMAT {
        return Err(format!("format {}, this version reads {FORMAT}", line.format));
    }
    Ok(line.batch)
}

fn encode(batch: &Batch) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { format: FORMAT, batch })?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(counter: u64) -> Batch {
        let id = Uuid::from_u128(u128::from(counter));
        Batch { counter, changes: vec![Change::Remove { kind: Kind::Application, id }] }
    }

    #[test]
    fn a_torn_last_line_is_dropped_at_every_cut() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("changes.ndjson");
        let (first, second) = (encode(&batch(1)).unwrap(), encode(&batch(2)).unwrap());
        for cut in 0..=second.len() {
            let content = [&first[..], &second[..cut]].concat();
            fs_err::write(&path, &content).unwrap();
            let log = ChangeLog::open(directory.path()).unwrap();
            let whole = if cut == second.len() { 2 } else { 1 };
            assert_eq!(log.replay().unwrap().len(), whole, "cut at {cut}");
        }
    }

    #[test]
    fn damage_before_the_last_line_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("changes.ndjson");
        fs_err::write(&path, [b"{}\n", &encode(&batch(1)).unwrap()[..]].concat()).unwrap();
        let error = ChangeLog::open(directory.path()).unwrap().replay().unwrap_err();
        assert!(matches!(error, SimulatorError::DamagedLog { line: 1, .. }), "{error}");
    }

    #[test]
    fn a_directory_is_held_by_one() {
        let directory = tempfile::tempdir().unwrap();
        let held = ChangeLog::open(directory.path()).unwrap();
        let error = ChangeLog::open(directory.path()).unwrap_err();
        assert!(matches!(error, SimulatorError::StateInUse(_)), "{error}");
        drop(held);
        ChangeLog::open(directory.path()).unwrap();
    }
}
