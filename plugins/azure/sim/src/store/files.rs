//! Files of the state directory: private by default, whole or not at all.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use rustix::fs::FlockOperation;

use crate::error::SimulatorError;

/// Makes the state directory, readable by its owner only.
pub(crate) fn prepare_directory(directory: &Path) -> Result<(), SimulatorError> {
    if !directory.exists() {
        fs_err::create_dir_all(directory)?;
        fs_err::set_permissions(directory, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a file only its owner may read.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write_whole(path, content, 0o600)
}

/// Writes a file everybody may read.
pub(crate) fn write_public(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write_whole(path, content, 0o644)
}

/// Beside first, then renamed: a crash leaves the old file or the new one.
fn write_whole(path: &Path, content: &[u8], mode: u32) -> std::io::Result<()> {
    let beside = beside(path);
    let mut file = fs_err::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs_err::rename(&beside, path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Opens a file for appending, readable by its owner only.
pub(crate) fn open_append(path: &Path) -> std::io::Result<fs_err::File> {
    fs_err::OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// Holds the state directory until it is dropped.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: std::fs::File,
}

impl DirectoryLock {
    /// Takes the directory, or says that somebody else has it.
    pub(crate) fn take(directory: &Path) -> Result<Self, SimulatorError> {
        let path = directory.join("lock");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| SimulatorError::StateInUse(directory.to_owned()))?;
        Ok(Self { _file: file })
    }
}
