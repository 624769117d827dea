//! One process at a time works on a state folder.
//!
//! The kernel holds the lock, so that a process that is killed lets go of it; the text in the file
//! only tells the next one who is at work.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dir;
use crate::limits::LOCK_BYTES_MAX;

/// Who works on a state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process number on its host.
    pub pid: u32,
    /// What it was asked to do: `apply contoso.toml`.
    pub command: String,
    /// The machine it runs on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// This process, doing `command`.
    pub fn this_process(command: impl Into<String>, since: Timestamp) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { pid: std::process::id(), command: command.into(), host, since }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, command, host, since } = self;
        write!(f, "process {pid} on {host} (`{command}`), since {since}")
    }
}

/// Why the state folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else is at work.
    #[error("{} is in use by {}", dir.display(), holder.as_ref().map_or_else(|| "another process".to_owned(), Holder::to_string))]
    Held {
        /// The folder.
        dir: PathBuf,
        /// Who; nothing when it has only just begun and not written its name yet.
        holder: Option<Holder>,
    },
    /// The lock file cannot be made or written.
    #[error("locking the state folder {}", dir.display())]
    Io {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The right to work on a state folder, for as long as it lives.
#[derive(Debug)]
pub struct StateLock {
    file: fs_err::File,
}

impl StateLock {
    /// Takes the lock of `dir`, which is created when missing.
    ///
    /// # Errors
    /// [`LockError::Held`] names who has it.
    pub fn acquire(dir: &Path, holder: &Holder) -> Result<Self, LockError> {
        let io = |source| LockError::Io { dir: dir.to_owned(), source };
        dir::create(dir).map_err(io)?;
        let mut file = fs_err::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join("lock"))
            .map_err(io)?;
        match file.file().try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let holder = read_holder(&mut file);
                return Err(LockError::Held { dir: dir.to_owned(), holder });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io(source)),
        }
        write_holder(&mut file, holder).map_err(io)?;
        Ok(Self { file })
    }
}

impl Drop for StateLock {
    fn drop(&mut self) {
        // Only courtesy: the name of a holder that is gone helps nobody. The lock itself goes with
        // the file handle.
        let _courtesy = self.file.set_len(0);
    }
}

fn read_holder(file: &mut fs_err::File) -> Option<Holder> {
    let mut text = Vec::new();
    file.take(LOCK_BYTES_MAX as u64).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn write_holder(file: &mut fs_err::File, holder: &Holder) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(holder)?;
    text.push(b'\n');
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&text)
}

#[cfg(test)]
mod tests;
