//! The log as it is written: entries gather, and are on disk when somebody has to know.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use skybridge_model::Timestamp;

use crate::entry::{Entry, FORMAT, Header, VERSION, What};
use crate::error::{AuditError, OpenError};
use crate::file::{LogFile, sync_parent};
use crate::hash::Hash;
use crate::head::{Head, Mark};
use crate::limits::PENDING_BYTES_MAX;
use crate::verify::{Tail, Torn, tail};
use crate::{head_file, line, log_file};

/// A log that is appended to. Who tells of a write does not wait for the disk, unless of very many
/// at once. The caller holds the lock of the state folder.
#[derive(Debug)]
pub struct AuditLog {
    pending: Mutex<Pending>,
    /// Locked before `pending` by who needs both.
    file: Mutex<LogFile>,
}

/// A log opened to go on with.
#[derive(Debug)]
pub struct Opened {
    /// Where entries go.
    pub log: AuditLog,
    /// What a crash had left half written. It has been cut off, and an entry says so.
    pub torn: Option<Torn>,
}

/// Lines that are not written yet.
#[derive(Debug)]
struct Pending {
    lines: Vec<u8>,
    /// The last line, written or not.
    head: Head,
}

impl AuditLog {
    /// Opens the log of a folder to go on with, or begins one. What was added since the head was
    /// noted is verified first, and a line that a crash left half written is cut off.
    ///
    /// # Errors
    /// [`OpenError`] when its end is not what it was, or it cannot be read or written.
    pub fn open(folder: &Path, now: Timestamp) -> Result<Opened, OpenError> {
        let known = tail(folder)?.map_err(|broken| OpenError::Broken(Box::new(broken)))?;
        let Tail { mark, torn } = match known {
            Some(tail) => tail,
            None => begin(folder, now)?,
        };
        let file = LogFile::open(&log_file(folder), &head_file(folder), mark)?;
        let pending = Pending { lines: Vec::new(), head: mark.head };
        let log = Self { pending: Mutex::new(pending), file: Mutex::new(file) };
        if let Some(Torn { bytes, .. }) = torn {
            log.append(now, What::Cut { bytes });
            log.commit()?;
        }
        Ok(Opened { log, torn })
    }

    /// Adds an entry to those that wait for the next commit.
    pub fn append(&self, at: Timestamp, what: What) {
        let many = {
            let mut pending = lock(&self.pending);
            let Head { seq, hash: prev } = pending.head;
            let seq = seq + 1;
            // Texts and numbers always become JSON.
            if let Ok(hash) = line::seal(&mut pending.lines, &Entry { seq, prev, at, what }) {
                pending.head = Head { seq, hash };
            }
            pending.lines.len() > PENDING_BYTES_MAX
        };
        if many {
            // An error is told by the next commit: the file takes nothing more.
            let _told_later = self.write(&mut lock(&self.file));
        }
    }

    /// Everything that was appended before is on disk on return: at most one write and one sync.
    ///
    /// # Errors
    /// [`AuditError`] names the file; nothing more can be committed then.
    pub fn commit(&self) -> Result<Head, AuditError> {
        let mut file = lock(&self.file);
        let head = self.write(&mut file)?;
        file.sync(head)?;
        Ok(head)
    }

    /// Like [`AuditLog::commit`], and the head beside the log is on disk too.
    ///
    /// # Errors
    /// [`AuditError`] names the file; nothing more can be committed then.
    pub fn close(&self) -> Result<Head, AuditError> {
        let head = self.commit()?;
        lock(&self.file).sync_head()?;
        Ok(head)
    }

    /// Hands what waits to the system; gives the last line written.
    fn write(&self, file: &mut LogFile) -> Result<Head, AuditError> {
        let (lines, head) = {
            let mut pending = lock(&self.pending);
            (std::mem::take(&mut pending.lines), pending.head)
        };
        if !lines.is_empty() {
            file.write(&lines)?;
        }
        Ok(head)
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // Whoever had to know has committed; this is for what was told after that.
        let _nobody_to_tell = self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the folder and a log with nothing but a header.
fn begin(folder: &Path, at: Timestamp) -> Result<Tail, AuditError> {
    let path = log_file(folder);
    let io = |source| AuditError::io("creating", &path, source);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).map_err(io)?;
    sync_parent(folder).map_err(io)?;
    let (format, prev) = (FORMAT.to_owned(), Hash::NONE);
    let mut text = Vec::new();
    let hash = line::seal(&mut text, &Header { format, version: VERSION, seq: 0, prev, at })
        .map_err(|error| io(error.into()))?;
    LogFile::create(&path, &text)?;
    let (head, bytes) = (Head { seq: 0, hash }, text.len() as u64);
    Ok(Tail { mark: Mark { head, bytes }, torn: None })
}
