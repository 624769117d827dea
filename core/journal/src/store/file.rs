//! The journal in a file.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use serde::Serialize;

use super::compact::{self, Compaction, Rewritten};
use super::draft::Draft;
use super::{AppendError, Store};
use crate::format::v1::Event;
use crate::limits::{Caps, RECORD_BYTES_MAX};
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
    /// Bytes that are written; more than the durable ones while a draft grows.
    written: u64,
    caps: Caps,
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
    /// Whether it was rewritten because it had grown far beyond what its state needs.
    pub compaction: Compaction,
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
        Self::create_within(path, Caps::default())
    }

    /// Like [`FileStore::create`], with other caps.
    ///
    /// # Errors
    /// [`AppendError`] names the file.
    pub fn create_within(path: &Path, caps: Caps) -> Result<Self, AppendError> {
        let io = |source| AppendError::io("creating", path, source);
        if path.try_exists().map_err(io)? {
            return Err(AppendError::Exists { path: path.to_owned() });
        }
        if let Some(parent) = path.parent() {
            dir::create(parent).map_err(io)?;
        }
        Draft::begin(path, caps)?.publish()
    }

    /// Opens a journal to go on with: replays it, cuts off what a crash left half written, and
    /// rewrites it when it has grown far beyond what its state needs.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be believed or cannot be written.
    pub fn open(path: &Path) -> Result<Opened, OpenError> {
        Self::open_within(path, Caps::default())
    }

    /// Like [`FileStore::open`], with other caps.
    ///
    /// # Errors
    /// [`OpenError`] when it cannot be believed or cannot be written.
    pub fn open_within(path: &Path, caps: Caps) -> Result<Opened, OpenError> {
        let mut reader = JournalReader::open_within(path, caps)?;
        let mut state = RunState::default();
        while let Some(event) = reader.next_event()? {
            state
                .absorb(reader.records() - 1, &event)
                .map_err(|source| ReadError::Replay { path: path.to_owned(), source })?;
        }
        let (torn, before) = (reader.torn(), reader.whole_bytes());
        // A draft that a crash left; gone already is as good.
        let _tidy = fs_err::remove_file(Draft::name_of(path));
        let (store, compaction) = match compact::rewrite(path, caps, before, &state)? {
            Rewritten::Done(store) => {
                let after = store.durable;
                (store, Compaction::Done { before, after })
            }
            Rewritten::Needless => (Self::go_on(path, caps, &reader)?, Compaction::Needless),
            Rewritten::Failed(error) => {
                (Self::go_on(path, caps, &reader)?, Compaction::Failed(error))
            }
        };
        Ok(Opened { store, state, torn, compaction })
    }

    /// Goes on where a reader found the end of what is whole.
    fn go_on(path: &Path, caps: Caps, reader: &JournalReader) -> Result<Self, AppendError> {
        let io = |source| AppendError::io("opening", path, source);
        let file = open_file(path, false).map_err(io)?;
        let mut store = Self::over(path, file, caps, reader.records(), reader.whole_bytes());
        store.file.seek(SeekFrom::Start(store.durable)).map_err(io)?;
        if reader.torn().is_some() {
            store.file.set_len(store.durable).map_err(io)?;
        }
        // Whole records may have been read from the cache of a system whose disk never saw them:
        // they are about to be acted upon.
        store.file.sync_all().map_err(io)?;
        Ok(store)
    }

    /// How many bytes of the file are known to be durable.
    #[must_use]
    pub fn durable_bytes(&self) -> u64 {
        self.durable
    }

    pub(super) fn over(
        path: &Path,
        file: fs_err::File,
        caps: Caps,
        sequence: u64,
        durable: u64,
    ) -> Self {
        Self {
            path: path.to_owned(),
            file,
            lines: Vec::new(),
            json: Vec::new(),
            sequence,
            durable,
            written: durable,
            caps,
            broken: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The same file, which has the journal's name now; its errors say so.
    pub(super) fn renamed(mut self) -> Self {
        let (file, _draft) = self.file.into_parts();
        self.file = fs_err::File::from_parts(file, &self.path);
        self
    }

    /// Bytes of the batch at hand.
    pub(super) fn gathered(&self) -> usize {
        self.lines.len()
    }

    /// Adds a record to the batch at hand.
    pub(super) fn encode<T: Serialize>(
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

    /// Writes the batch at hand, once.
    pub(super) fn write(&mut self) -> Result<(), AppendError> {
        let (path, limit) = (&self.path, self.caps.journal_bytes);
        if self.written + self.lines.len() as u64 > limit {
            // A reader would refuse a longer one, and all that is in it.
            return Err(AppendError::Limit { path: path.clone(), limit });
        }
        if let Err(source) = self.file.write_all(&self.lines) {
            // Half a batch may be in the file. Cutting it off keeps the file clean for people who
            // look at it; should that fail as well, the next reader finds a torn tail.
            let _tidy = self.file.set_len(self.durable);
            return Err(AppendError::io("writing to", path, source));
        }
        self.written += self.lines.len() as u64;
        self.lines.clear();
        Ok(())
    }

    /// Makes what is written durable.
    pub(super) fn sync(&mut self) -> Result<(), AppendError> {
        // After a failed sync the system may have dropped the pages it could not write, and a
        // second sync would say all is well. So there is no second one.
        self.file.sync_data().map_err(|source| AppendError::io("syncing", &self.path, source))?;
        self.durable = self.written;
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
            .and_then(|()| self.write())
            .and_then(|()| self.sync());
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

pub(super) fn open_file(path: &Path, create: bool) -> std::io::Result<fs_err::File> {
    // Not in append mode: after a failed write the place to write at is ours to decide.
    fs_err::OpenOptions::new()
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .open(path)
}
