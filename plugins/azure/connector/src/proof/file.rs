//! Files the manifest names.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use skybridge_azure_client::Secret;
use skybridge_plugin_sdk::{Error, Result, kind};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner alone: it holds a key.
    OwnerOnly,
    /// Anybody: what it holds lives for minutes, and others wrote it.
    Any,
}

/// Reads a small file of text. `pointer` is the setting that names it.
pub(crate) fn read_file(
    path: &Path,
    access: Access,
    bytes_max: usize,
    pointer: &'static str,
) -> Result<Secret> {
    let shown = path.display();
    let wrong = |message: String| {
        Error::new(kind::INVALID_CONFIG, message).code("AZ-CRED-002").pointer(pointer)
    };
    // Opened before it is looked at: what is looked at is then what is read.
    let file = fs_err::File::open(path).map_err(|error| {
        wrong(format!("{error}")).help("relative paths begin where the command runs")
    })?;
    let metadata = file.metadata().map_err(|error| wrong(error.to_string()))?;
    if !metadata.is_file() {
        return Err(wrong(format!("`{shown}` is no file")));
    }
    let mode = metadata.permissions().mode() & 0o777;
    if access == Access::OwnerOnly && mode & 0o077 != 0 {
        let message =
            format!("`{shown}` holds a private key and others may read it: its mode is {mode:03o}");
        return Err(wrong(message).help(format!("`chmod 600 {shown}`")));
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let limit = bytes_max as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
    if bytes.len() > bytes_max {
        return Err(wrong(format!("`{shown}` is larger than {bytes_max} bytes")));
    }
    std::str::from_utf8(&bytes).map(Secret::new).map_err(|_| wrong(format!("`{shown}` is no text")))
}
