//! A store that fails on purpose, at a record of one's choice.

use std::io;
use std::path::PathBuf;

use super::{AppendError, Store};
use crate::format::v1::Event;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: nothing of the batch with that record is kept.
    Full,
    /// The power goes: what stands before that record in its batch is kept, the rest is not.
    Crash,
}

/// Passes events on to another store until the fault strikes; after it, refuses everything.
#[derive(Debug)]
pub struct FaultyStore<S> {
    inner: S,
    fault: Fault,
    /// Records that still go through.
    left: usize,
    struck: bool,
}

impl<S: Store> FaultyStore<S> {
    /// A store whose record number `at`, counted from 0, meets `fault`.
    pub fn new(inner: S, fault: Fault, at: usize) -> Self {
        Self { inner, fault, left: at, struck: false }
    }

    fn error(&self, errno: rustix::io::Errno) -> AppendError {
        AppendError::io("writing to", &place(), io::Error::from(errno))
    }
}

fn place() -> PathBuf {
    PathBuf::from("(faulty store)")
}

impl<S: Store> Store for FaultyStore<S> {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        if self.struck {
            return Err(AppendError::Broken { path: place() });
        }
        if let Some(left) = self.left.checked_sub(batch.len()) {
            self.left = left;
            return self.inner.append(batch);
        }
        self.struck = true;
        match self.fault {
            Fault::Full => Err(self.error(rustix::io::Errno::NOSPC)),
            Fault::Crash => {
                let kept = batch.get(..self.left).unwrap_or_default();
                if !kept.is_empty() {
                    self.inner.append(kept)?;
                }
                Err(self.error(rustix::io::Errno::IO))
            }
        }
    }
}
