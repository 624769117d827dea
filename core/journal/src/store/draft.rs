//! A journal under another name, until it is whole.
//!
//! Written beside, synced, renamed, the folder synced: whenever the process or the power goes, the
//! name of the journal means the one from before or the new one, and never a part of one.

use std::path::{Path, PathBuf};

use super::file::open_file;
use super::{AppendError, FileStore};
use crate::dir;
use crate::format::Header;
use crate::format::v1::Event;
use crate::limits::{Caps, DRAFT_CHUNK_BYTES};

/// A journal that nobody knows yet.
#[derive(Debug)]
pub(super) struct Draft {
    /// Writes to the draft; speaks of the journal it will be.
    store: FileStore,
    name: PathBuf,
}

impl Draft {
    /// Where the draft of a journal lies.
    pub(super) fn name_of(path: &Path) -> PathBuf {
        path.with_extension("new")
    }

    /// Begins a draft with a header; what a crash left of an earlier one is overwritten.
    pub(super) fn begin(path: &Path, caps: Caps) -> Result<Self, AppendError> {
        let io = |source| AppendError::io("creating", path, source);
        let name = Self::name_of(path);
        let file = open_file(&name, true).map_err(io)?;
        file.set_len(0).map_err(io)?;
        let mut store = FileStore::over(path, file, caps, 0, 0);
        store.encode(&Header::current(), None)?;
        Ok(Self { store, name })
    }

    /// Adds an event; it is written with those around it.
    pub(super) fn put(&mut self, event: &Event) -> Result<(), AppendError> {
        self.store.encode(event, Some(event))?;
        if self.store.gathered() >= DRAFT_CHUNK_BYTES { self.store.write() } else { Ok(()) }
    }

    /// Everything is on disk on return.
    pub(super) fn sync(&mut self) -> Result<(), AppendError> {
        self.store.write()?;
        self.store.sync()
    }

    /// The journal's name means the draft from now on. It must have been synced.
    pub(super) fn rename(&mut self) -> Result<(), AppendError> {
        let path = self.store.path();
        fs_err::rename(&self.name, path).map_err(|e| AppendError::io("creating", path, e))
    }

    /// The name survives a power cut on return.
    pub(super) fn settle(self) -> Result<FileStore, AppendError> {
        let path = self.store.path();
        dir::sync_parent(path).map_err(|source| AppendError::io("creating", path, source))?;
        Ok(self.store.renamed())
    }

    /// All that is left to do once every event was put.
    pub(super) fn publish(mut self) -> Result<FileStore, AppendError> {
        self.sync()?;
        self.rename()?;
        self.settle()
    }
}
