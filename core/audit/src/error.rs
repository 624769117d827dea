//! Why the audit log could not be written.

use std::path::{Path, PathBuf};

use crate::verify::{Broken, VerifyError};

/// Why lines could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk is full.
    #[error("there is no space left for the audit log {}; what was recorded before is safe, so make room and resume", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be made, written or synced.
    #[error("{doing} the audit log {}", path.display())]
    Io {
        /// `creating`, `opening`, `writing to`, `syncing`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An earlier write failed, and what the file holds since then is not known.
    #[error("the audit log {} takes nothing more after an earlier error", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
}

impl AuditError {
    /// The sentence, and what the system said.
    #[must_use]
    pub fn into_parts(self) -> (String, Option<std::io::Error>) {
        let said = self.to_string();
        match self {
            Self::Full { source, .. } | Self::Io { source, .. } => (said, Some(source)),
            Self::Broken { .. } => (said, None),
        }
    }

    /// An error of the system, disk-full told apart: people can do something about that one.
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Io { doing, path, source },
        }
    }
}

/// Why a log cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its end is not what it was. Going on would hide that.
    #[error("{0}")]
    Broken(Box<Broken>),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] VerifyError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] AuditError),
}
