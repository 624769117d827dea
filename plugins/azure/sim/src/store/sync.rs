//! Writing through to the disk, for many requests at once.
//!
//! Lines are appended one after the other, and each request waits until its own line is on the
//! disk. While one of them has the disk write everything through, the others append theirs: the
//! next one writes all of those through together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How far the log is written, and how far it is on the disk.
#[derive(Debug)]
pub(super) struct Disk {
    file: fs_err::File,
    written: AtomicU64,
    synced: Mutex<Synced>,
}

#[derive(Debug, Default)]
struct Synced {
    up_to: u64,
    broken: bool,
}

/// A line that was appended and may not be on the disk yet.
#[derive(Debug)]
#[must_use = "nothing is acknowledged before its line is on the disk"]
pub(crate) struct Unsynced {
    disk: Arc<Disk>,
    line: u64,
}

impl Disk {
    pub(super) fn of(file: fs_err::File) -> Arc<Self> {
        Arc::new(Self { file, written: AtomicU64::new(0), synced: Mutex::default() })
    }

    /// One more line was appended.
    pub(super) fn appended(self: &Arc<Self>) -> Unsynced {
        let line = self.written.fetch_add(1, Ordering::SeqCst) + 1;
        Unsynced { disk: Arc::clone(self), line }
    }
}

impl Unsynced {
    /// Returns when the line is on the disk. After one failure nobody knows what is there, and
    /// every later line fails, too.
    pub(crate) fn wait(self) -> std::io::Result<()> {
        let mut synced = self.disk.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if synced.up_to >= self.line {
            return Ok(());
        }
        if synced.broken {
            return Err(std::io::Error::other("an earlier change was not written through"));
        }
        let written = self.disk.written.load(Ordering::SeqCst);
        match self.disk.file.sync_data() {
            Ok(()) => {
                synced.up_to = written;
                Ok(())
            }
            Err(error) => {
                synced.broken = true;
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_write_through_is_enough_for_all_lines_before_it() {
        let file = fs_err::File::create(tempfile::NamedTempFile::new().unwrap().path()).unwrap();
        let disk = Disk::of(file);
        let (first, second) = (disk.appended(), disk.appended());
        second.wait().unwrap();
        assert_eq!(disk.synced.lock().unwrap().up_to, 2);
        first.wait().unwrap();
        let third = disk.appended();
        disk.synced.lock().unwrap().broken = true;
        assert!(third.wait().is_err());
    }
}
