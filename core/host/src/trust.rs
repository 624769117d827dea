//! Who may have written a library: its file, its folder, and every folder above.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::Refusal;

/// How a library's folder is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The folder of the host's own executable: who can write there can replace the host. What lies
    /// there was built with it.
    BesideHost,
    /// A folder that was configured: it, those above it and the file must be writable by their owner
    /// alone, who is root or the user.
    Configured,
}

/// Bits of a mode that let others than the owner write.
const OTHERS_WRITE: u32 = 0o022;
/// In a folder with this bit nobody renames or removes what somebody else owns.
const STICKY: u32 = 0o1000;
/// The file runs with somebody else's rights; a library has no use for that.
const SET_ID: u32 = 0o6000;

/// Refuses a file that somebody else could have written or could replace.
pub(crate) fn check(path: &Path, file: &std::fs::Metadata) -> Result<(), Refusal> {
    owned(path, file)?;
    if file.mode() & OTHERS_WRITE != 0 {
        return Err(writable(path, file));
    }
    if file.mode() & SET_ID != 0 {
        let mode = file.mode() & 0o7777;
        return Err(Refusal::NotTrusted(format!("it is set-user-id or set-group-id ({mode:o})")));
    }
    for (depth, folder) in path.ancestors().skip(1).enumerate() {
        let meta = fs_err::metadata(folder).map_err(|e| Refusal::Unreadable(e.to_string()))?;
        owned(folder, &meta)?;
        // Above the library's own folder a sticky one will do: that is what /tmp is.
        let sticky = depth > 0 && meta.mode() & STICKY != 0;
        if meta.mode() & OTHERS_WRITE != 0 && !sticky {
            return Err(writable(folder, &meta));
        }
    }
    Ok(())
}

fn owned(path: &Path, meta: &std::fs::Metadata) -> Result<(), Refusal> {
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() == user || meta.uid() == 0 {
        return Ok(());
    }
    let text = format!(
        "{} belongs to user {}, who is neither you (user {user}) nor root",
        path.display(),
        meta.uid()
    );
    Err(Refusal::NotTrusted(text))
}

fn writable(path: &Path, meta: &std::fs::Metadata) -> Refusal {
    let mode = meta.mode() & 0o7777;
    Refusal::NotTrusted(format!("{} can be written by others (mode {mode:o})", path.display()))
}
