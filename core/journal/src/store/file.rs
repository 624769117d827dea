//! The journal in a file.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use serde::Serialize;

use super::{AppendError, Store};
use crate::format::Header;
use crate::format::v1::Event;
use crate::limits::RECORD_BYTES_MAX;
use crate::read::{JournalReader, ReadError, TornTail};
use crate::replay::RunState;
use crate::{dir, frame};

/// Appends to a journal file. The caller holds the lock of the state folder.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
    file: fs_err::File,
    /// The lines of the batch at hand; kept to reuse its memory.
    lines: Vec<u8>,
    /// One record as JSON; kept to reuse its memory.
    json: Vec<u8>,
    /// The sequence number of the next record.
    sequence: u64,
    /// Bytes that are known to be durable.
    durable: u64,
    broken: bool,
}

/// A journal opened to go on with.
#[derive(Debug)]
pub struct Opened {
    /// Where further events go.
    pub store: FileStore,
    /// Where the run stands.
    pub state: RunState,
    /// What a crash had left half written. It has been cut off.
    pub torn: Option<TornTail>,
}

impl FileStore {
    /// Begins a new journal; missing folders are created.
    ///
    /// The header is written and synced under another name first: a journal that is there has a
    /// header, whenever the power goes.
    ///
    /// # Errors
    /// [`AppendError`] names the file.
    pub fn create(path: &Path) -> Result<Self, AppendError> {
        let io = |source| AppendError::io("creating", path, source);
        if path.try_exists().map_err(io)? {
            return Err(AppendError::Exists { path: path.to_owned() });
        }
        if let Some(parent) = path.parent() {
            dir::create(parent).map_err(io)?;
        }
        let draft = path.with_extension("new");
        let mut store = Self::over(path, open_file(&draft, true).map_err(io)?, 0, 0);
        store.file.set_len(0).map_err(io)?;
        store.encode(&Header::current(), None)?;
        store.commit()?;
        fs_err::rename(&draft, path).map_err(io)?;
        dir::sync_parent(path).map_err(io)?;
        Ok(store)
    }

    /// Opens a journal to go on with: replays it and cuts off what a crash left half written.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be believed or cannot be written.
    pub fn open(path: &Path) -> Result<Opened, OpenError> {
        let mut reader = JournalReader::open(path)?;
        let mut state = RunState::default();
        while let Some(event) = reader.next_event()? {
            state
                .absorb(reader.records() - 1, &event)
                .map_err(|source| ReadError::Replay { path: path.to_owned(), source })?;
        }
        let io = |source| AppendError::io("opening", path, source);
        let file = open_file(path, false).map_err(io)?;
        let mut store = Self::over(path, file, reader.records(), reader.whole_bytes());
        store.file.seek(SeekFrom::Start(store.durable)).map_err(io)?;
        if reader.torn().is_some() {
            store.file.set_len(store.durable).map_err(io)?;
        }
        // Whole records may have been read from the cache of a system whose disk never saw them:
        // they are about to be acted upon.
        store.file.sync_all().map_err(io)?;
        Ok(Opened { store, state, torn: reader.torn() })
    }

    /// How many bytes of the file are known to be durable.
    #[must_use]
    pub fn durable_bytes(&self) -> u64 {
        self.durable
    }

    fn over(path: &Path, file: fs_err::File, sequence: u64, durable: u64) -> Self {
        let (lines, json) = (Vec::new(), Vec::new());
        Self { path: path.to_owned(), file, lines, json, sequence, durable, broken: false }
    }

    /// Adds a record to the batch at hand.
    fn encode<T: Serialize>(
        &mut self,
        record: &T,
        event: Option<&Event>,
    ) -> Result<(), AppendError> {
        self.json.clear();
        serde_json::to_writer(&mut self.json, record)
            .map_err(|error| AppendError::io("writing to", &self.path, error.into()))?;
        if self.json.len() > RECORD_BYTES_MAX {
            let address = event.and_then(Event::address).cloned();
            return Err(AppendError::TooLarge { address, bytes: self.json.len() });
        }
        frame::write(&mut self.lines, self.sequence, &self.json);
        self.sequence += 1;
        Ok(())
    }

    /// Writes the batch at hand once and syncs once.
    fn commit(&mut self) -> Result<(), AppendError> {
        if let Err(source) = self.file.write_all(&self.lines) {
            // Half a batch may be in the file. Cutting it off keeps the file clean for people who
            // look at it; should that fail as well, the next reader finds a torn tail.
            let _tidy = self.file.set_len(self.durable);
            return Err(AppendError::io("writing to", &self.path, source));
        }
        // After a failed sync the system may have dropped the pages it could not write, and a
        // second sync would say all is well. So there is no second one.
        self.file.sync_data().map_err(|source| AppendError::io("syncing", &self.path, source))?;
        self.durable += self.lines.len() as u64;
        self.lines.clear();
        Ok(())
    }
}

impl Store for FileStore {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        if self.broken {
            return Err(AppendError::Broken { path: self.path.clone() });
        }
        let kept = batch
            .iter()
            .try_for_each(|event| self.encode(event, Some(event)))
            .and_then(|()| self.commit());
        self.broken = kept.is_err();
        kept
    }
}

/// Why a journal cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read or believed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] AppendError),
}

fn open_file(path: &Path, create: bool) -> std::io::Result<fs_err::File> {
    // Not in append mode: after a failed write the place to write at is ours to decide.
    fs_err::OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
