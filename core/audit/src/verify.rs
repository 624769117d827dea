//! Whether a log is what was written: the first place where it is not, and in what way.

mod walk;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::entry::VERSION;
use crate::hash::Hash;
use crate::head::{self, Head, Mark, Noted};
use crate::limits::HEAD_READS_MAX;
use crate::{head_file, log_file};
use walk::{Start, Walk};

/// What is wrong with a log at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The line's bytes are not those that were written.
    Changed,
    /// Lines that belong before this one are not there.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// The line is whole and stands where another one belongs.
    Reordered {
        /// Its number.
        seq: u64,
    },
    /// The line was there already.
    Repeated {
        /// Its number.
        seq: u64,
    },
    /// The line is whole and belongs to another chain: what stands before it was written anew.
    Forked {
        /// Its number.
        seq: u64,
        /// The head on record that it differs from; otherwise it does not follow the line before.
        head: Option<Head>,
    },
    /// The end of the log is not there.
    Truncated {
        /// The head on record; nothing when even the first line is gone.
        head: Option<Head>,
        /// The last line that is there.
        last: Option<u64>,
    },
    /// No line has the hash that somebody kept.
    Unknown {
        /// The hash.
        hash: Hash,
    },
    /// The head beside the log is gone, or not what was written.
    Head {
        /// Whether there is a file.
        there: bool,
    },
}

impl Finding {
    /// The finding as one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing { .. } => "missing",
            Self::Reordered { .. } => "reordered",
            Self::Repeated { .. } => "repeated",
            Self::Forked { .. } => "forked",
            Self::Truncated { .. } => "truncated",
            Self::Unknown { .. } => "unknown-head",
            Self::Head { .. } => "head",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("changed: the line is not the one that was written"),
            Self::Missing { from, to } if from == to => write!(f, "missing: entry {from}"),
            Self::Missing { from, to } => write!(f, "missing: entries {from} to {to}"),
            Self::Reordered { seq } => write!(f, "reordered: entry {seq} is not in its place"),
            Self::Repeated { seq } => write!(f, "repeated: entry {seq} was there before"),
            Self::Forked { seq, head: None } => {
                write!(f, "forked: entry {seq} was written after another one than stands before it")
            }
            Self::Forked { seq, head: Some(head) } => {
                write!(f, "forked: entry {seq} is not the one on record, {head}")
            }
            Self::Truncated { head: None, .. } => {
                f.write_str("truncated: not even a header is left")
            }
            Self::Truncated { head: Some(Head { seq, .. }), last } => match last {
                Some(last) => {
                    write!(f, "truncated: it ends with entry {last}, and entry {seq} is on record")
                }
                None => write!(f, "truncated: nothing is left, and entry {seq} is on record"),
            },
            Self::Unknown { hash } => {
                write!(f, "truncated or forked: no entry has the hash {hash}")
            }
            Self::Head { there: true } => {
                f.write_str("changed: the head beside the log is not what was written")
            }
            Self::Head { there: false } => {
                f.write_str("missing: the head beside the log, so its end proves nothing")
            }
        }
    }
}

/// The first place at which a log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong.
    pub finding: Finding,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.finding)
    }
}

/// A line without an end, behind everything that is on record: what a crash leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// The line, from 1.
    pub line: u64,
    /// How much of it there is.
    pub bytes: u64,
}

/// What became of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Entries found in their places, the header not counted.
    pub entries: u64,
    /// The last line found in its place; nothing when there is no log.
    pub head: Option<Head>,
    /// Entries behind the head that is kept beside the log: from a process that was stopped before
    /// it could note them.
    pub unnoted: u64,
    /// What a crash left half written.
    pub torn: Option<Torn>,
    /// The first place at which the log is not what was written.
    pub broken: Option<Broken>,
}

/// Why a log cannot be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("reading the audit log {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A newer Skybridge wrote it.
    #[error(
        "{} has audit format version {found}; this Skybridge reads up to version {VERSION}, so use the one that wrote it",
        path.display()
    )]
    FutureVersion {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
    },
}

/// A line that must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Its number, when that is known too.
    seq: Option<u64>,
    hash: Hash,
}

impl From<Head> for Expected {
    fn from(Head { seq, hash }: Head) -> Self {
        Self { seq: Some(seq), hash }
    }
}

/// Verifies the whole log of a folder against the head beside it, and against one that somebody
/// kept elsewhere: a [`Head`], or the hash alone.
///
/// # Errors
/// [`VerifyError`] when it cannot be read. That it is not what was written is no error but the
/// verdict.
pub fn verify(folder: &Path, kept: Option<(Option<u64>, Hash)>) -> Result<Verdict, VerifyError> {
    let path = log_file(folder);
    let kept = kept.map(|(seq, hash)| Expected { seq, hash });
    let noted = noted(folder)?;
    let mut expected: Vec<Expected> = kept.into_iter().collect();
    let known = match noted {
        Noted::Known(mark) => Some(mark.head),
        Noted::Missing | Noted::Unreadable => None,
    };
    expected.extend(known.map(Expected::from));
    let Some(walk) = Walk::over(&path, Start::default(), &expected)? else {
        let mut verdict = Verdict::default();
        let head = known.or_else(|| kept.and_then(|it| Some(Head { seq: it.seq?, hash: it.hash })));
        if noted != Noted::Missing || kept.is_some() {
            let finding = Finding::Truncated { head, last: None };
            verdict.broken = Some(Broken { path, line: 1, finding });
        }
        return Ok(verdict);
    };
    let broken = walk.broken.or_else(|| headless(folder, noted, walk.last));
    let last = walk.last.map_or(0, |head| head.seq);
    let unnoted = known.map_or(0, |known| last.saturating_sub(known.seq));
    Ok(Verdict { entries: last, head: walk.last, unnoted, torn: walk.torn, broken })
}

/// Where to go on with a log.
pub(crate) struct Tail {
    pub(crate) mark: Mark,
    pub(crate) torn: Option<Torn>,
}

/// Verifies what was added since the head was noted; nothing when there is no log yet.
pub(crate) fn tail(folder: &Path) -> Result<Result<Option<Tail>, Broken>, VerifyError> {
    let path = log_file(folder);
    let noted = noted(folder)?;
    let (start, expected) = match noted {
        Noted::Known(mark) => (Start::at(&path, mark)?, vec![Expected::from(mark.head)]),
        Noted::Missing | Noted::Unreadable => (Start::default(), Vec::new()),
    };
    let Some(walk) = Walk::over(&path, start, &expected)? else {
        return Ok(match noted {
            Noted::Missing => Ok(None),
            Noted::Unreadable => Err(at_first_line(path, Finding::Head { there: true })),
            Noted::Known(mark) => {
                let finding = Finding::Truncated { head: Some(mark.head), last: None };
                Err(at_first_line(path, finding))
            }
        });
    };
    let broken = walk.broken.or_else(|| headless(folder, noted, walk.last));
    Ok(match (broken, walk.last) {
        (Some(broken), _) => Err(broken),
        (None, Some(head)) => {
            Ok(Some(Tail { mark: Mark { head, bytes: walk.bytes }, torn: walk.torn }))
        }
        (None, None) => Err(at_first_line(path, Finding::Truncated { head: None, last: None })),
    })
}

fn at_first_line(path: PathBuf, finding: Finding) -> Broken {
    Broken { path, line: 1, finding }
}

/// A head that is gone or unreadable; before the first entry it may not be there yet.
fn headless(folder: &Path, noted: Noted, last: Option<Head>) -> Option<Broken> {
    let there = match noted {
        Noted::Known(_) => return None,
        Noted::Missing if last.is_none_or(|head| head.seq == 0) => return None,
        Noted::Missing => false,
        Noted::Unreadable => true,
    };
    Some(at_first_line(head_file(folder), Finding::Head { there }))
}

fn noted(folder: &Path) -> Result<Noted, VerifyError> {
    let path = head_file(folder);
    let mut noted = Noted::Unreadable;
    for _ in 0..HEAD_READS_MAX {
        noted =
            head::read(&path).map_err(|source| VerifyError::Io { path: path.clone(), source })?;
        if noted != Noted::Unreadable {
            break;
        }
    }
    Ok(noted)
}
