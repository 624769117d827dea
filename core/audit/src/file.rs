//! The log as a file: one write and one sync a batch.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::error::AuditError;
use crate::head::{Head, HeadFile, Mark};

/// Appends to a log. After a failed write or sync it takes nothing more: a second sync could say
/// that all is well without having written what the first one could not.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: fs_err::File,
    head: HeadFile,
    /// Bytes that are written.
    written: u64,
    /// Whether some of them are not synced yet.
    unsynced: bool,
    broken: bool,
}

impl LogFile {
    /// Goes on with a log at `mark`; what follows there is cut off.
    pub(crate) fn open(path: &Path, head: &Path, mark: Mark) -> Result<Self, AuditError> {
        let io = |source| AuditError::io("opening", path, source);
        let mut file = options().open(path).map_err(io)?;
        if file.metadata().map_err(io)?.len() > mark.bytes {
            file.set_len(mark.bytes).map_err(io)?;
        }
        file.seek(SeekFrom::Start(mark.bytes)).map_err(io)?;
        // The lines were read from a cache that the disk may not have seen.
        file.sync_all().map_err(io)?;
        let head = HeadFile::open(head, mark).map_err(io)?;
        let (path, written) = (path.to_owned(), mark.bytes);
        Ok(Self { path, file, head, written, unsynced: false, broken: false })
    }

    /// Begins a log with its first line; under its name it is whole whenever the power goes.
    pub(crate) fn create(path: &Path, line: &[u8]) -> Result<(), AuditError> {
        let create = || {
            let draft = path.with_extension("new");
            let mut file = options().create(true).open(&draft)?;
            file.set_len(0)?;
            file.write_all(line)?;
            file.sync_all()?;
            fs_err::rename(&draft, path)?;
            sync_parent(path)
        };
        create().map_err(|source| AuditError::io("creating", path, source))
    }

    /// Writes lines that end in `head`. They are in the hands of the system on return, and only
    /// after [`LogFile::sync`] on disk.
    pub(crate) fn write(&mut self, lines: &[u8]) -> Result<(), AuditError> {
        self.guarded(|this| {
            if let Err(source) = this.file.write_all(lines) {
                // Half of it may be there. Should cutting it off fail as well, the next process
                // finds a torn line.
                let _tidy = this.file.set_len(this.written);
                return Err(AuditError::io("writing to", &this.path, source));
            }
            this.written += lines.len() as u64;
            this.unsynced = true;
            Ok(())
        })
    }

    /// What was written is on disk on return, and the head is noted.
    pub(crate) fn sync(&mut self, head: Head) -> Result<(), AuditError> {
        if !self.unsynced && !self.broken {
            return Ok(());
        }
        self.guarded(|this| {
            let io = |source| AuditError::io("syncing", &this.path, source);
            this.file.sync_data().map_err(io)?;
            this.unsynced = false;
            this.head.note(Mark { head, bytes: this.written }).map_err(io)
        })
    }

    /// The noted head is on disk on return.
    pub(crate) fn sync_head(&mut self) -> Result<(), AuditError> {
        self.guarded(|this| {
            this.head.sync().map_err(|source| AuditError::io("syncing", &this.path, source))
        })
    }

    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), AuditError>,
    ) -> Result<(), AuditError> {
        if self.broken {
            return Err(AuditError::Broken { path: self.path.clone() });
        }
        let done = work(self);
        self.broken = done.is_err();
        done
    }
}

fn options() -> fs_err::OpenOptions {
    let mut options = fs_err::OpenOptions::new();
    // Not in append mode: after a failed write the place to write at is ours to decide.
    options.read(true).write(true).mode(0o600);
    options
}

/// Makes the entry of `path` in its folder durable: the sync of a file does not.
pub(crate) fn sync_parent(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs_err::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
