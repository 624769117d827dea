//! Folders only the owner may enter, and entries that survive a power cut.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Creates a folder and what is missing above it, each durable and closed to others.
pub(crate) fn create(dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() {
        return Ok(());
    }
    if !dir.is_dir() {
        if let Some(parent) = dir.parent() {
            create(parent)?;
        }
        match std::fs::DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => {}
            Err(error) => {
                return Err(io::Error::new(
                    error.kind(),
                    format!("creating the folder {}: {error}", dir.display()),
                ));
            }
            Ok(()) => sync_parent(dir)?,
        }
    }
    Ok(())
}

/// Makes the entry of `path` in its folder durable: the sync of a file does not.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs_err::File::open(parent)?.sync_all(),
        _ => fs_err::File::open(".")?.sync_all(),
    }
}
