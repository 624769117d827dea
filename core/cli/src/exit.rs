//! How the process ends. Never 1 on purpose: that is what a plugin that panics across the boundary
//! would end the process with.

use std::process::ExitCode;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// The manifest or the command line is wrong.
    Usage = 2,
    /// The plan has changes, and `--detailed-exit-code` asked to be told.
    Changes = 3,
    /// Finished, and some steps failed.
    Failed = 4,
    /// A person is needed: interrupted, locked, or out of what can be done.
    Stuck = 5,
    /// A plugin was refused, or refused.
    Plugin = 6,
    /// A credential is expired or expires within its warning window.
    Expires = 7,
    /// A bug of ours.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
