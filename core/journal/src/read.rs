//! Reading a journal: what is whole, where a crash cut it off, and what must not be believed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::format::v1::Event;
use crate::format::{FORMAT, Header, VERSION};
use crate::frame::{self, FrameError};
use crate::limits::{Caps, FRAME_BYTES_MAX, RECORD_BYTES_MAX};
use crate::replay::{ReplayError, RunState};

/// The end of a file that a crash left half written. Nobody was told that it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// Where the whole records end.
    pub offset: u64,
    /// How many bytes follow that are no record.
    pub bytes: u64,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read. The source names it.
    #[error("reading the journal {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not begin as a journal does.
    #[error("{} is not a Skybridge journal: {reason}", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What is wrong with its beginning.
        reason: &'static str,
    },
    /// A newer Skybridge wrote it.
    #[error(
        "{} has journal format version {found}; this Skybridge reads up to version {VERSION}, so use the one that wrote it",
        path.display()
    )]
    FutureVersion {
        /// The file.
        path: PathBuf,
        /// The version it has.
        found: u32,
    },
    /// A record is damaged although whole ones follow it, or is not the one that belongs there.
    #[error("{} is damaged at byte {offset} (record {sequence}): {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record begins.
        offset: u64,
        /// Which record belongs there, the header being 0.
        sequence: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Larger than any journal this program writes.
    #[error("{} has {bytes} bytes, more than the {limit} a journal may have", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// The events do not add up.
    #[error("{} does not add up", path.display())]
    Replay {
        /// The file.
        path: PathBuf,
        /// Which event, and why.
        source: ReplayError,
    },
}

/// Sums up a journal file.
///
/// # Errors
/// [`ReadError`] names the file and the place.
pub fn load(path: &Path) -> Result<(RunState, Option<TornTail>), ReadError> {
    let mut reader = JournalReader::open(path)?;
    let mut state = RunState::default();
    let mut sequence = 0;
    while let Some(event) = reader.next_event()? {
        sequence += 1;
        state
            .absorb(sequence, &event)
            .map_err(|source| ReadError::Replay { path: path.to_owned(), source })?;
    }
    Ok((state, reader.torn()))
}

/// Reads a journal event by event, without holding it in memory.
#[derive(Debug)]
pub struct JournalReader {
    path: PathBuf,
    input: BufReader<fs_err::File>,
    /// The line under consideration; kept to reuse its memory.
    line: Vec<u8>,
    /// Where the next line begins.
    offset: u64,
    /// The sequence number the next line must have.
    sequence: u64,
    torn: Option<TornTail>,
}

impl JournalReader {
    /// Opens a journal and checks its header.
    ///
    /// # Errors
    /// [`ReadError`] when it cannot be read or is not a journal this program understands.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        Self::open_within(path, Caps::default())
    }

    pub(crate) fn open_within(path: &Path, caps: Caps) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io { path: path.to_owned(), source };
        let file = fs_err::File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let limit = caps.journal_bytes;
        if bytes > limit {
            return Err(ReadError::TooLarge { path: path.to_owned(), bytes, limit });
        }
        let mut reader = Self {
            path: path.to_owned(),
            input: BufReader::with_capacity(1 << 16, file),
            line: Vec::new(),
            offset: 0,
            sequence: 0,
            torn: None,
        };
        reader.header()?;
        Ok(reader)
    }

    /// The next event; nothing at the end of what is whole.
    ///
    /// # Errors
    /// [`ReadError`] names the file and the byte.
    pub fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        if self.torn.is_some() || !self.fill()? {
            return Ok(None);
        }
        match frame::read(&self.line) {
            Ok(found) if found.sequence != self.sequence => {
                let reason = format!("record {} stands there", found.sequence);
                Err(self.damaged(self.offset, reason))
            }
            Ok(found) => {
                let event = serde_json::from_slice(found.json)
                    .map_err(|error| self.damaged(self.offset, error.to_string()))?;
                self.step_over();
                Ok(Some(event))
            }
            Err(error) => self.settle_tail(error).map(|()| None),
        }
    }

    /// Where a crash cut the file off, known once the last event was read.
    #[must_use]
    pub fn torn(&self) -> Option<TornTail> {
        self.torn
    }

    /// How many bytes were found whole so far.
    pub(crate) fn whole_bytes(&self) -> u64 {
        self.offset
    }

    /// How many records, the header included, were found whole so far.
    pub(crate) fn records(&self) -> u64 {
        self.sequence
    }

    fn header(&mut self) -> Result<(), ReadError> {
        let refuse =
            |path: &Path, reason| Err(ReadError::NotAJournal { path: path.to_owned(), reason });
        if !self.fill()? {
            return refuse(&self.path, "it is empty");
        }
        let Ok(found) = frame::read(&self.line) else {
            return refuse(&self.path, "it does not begin with a header record");
        };
        match serde_json::from_slice::<Header>(found.json) {
            Ok(header) if header.format == FORMAT && header.version > VERSION => {
                Err(ReadError::FutureVersion { path: self.path.clone(), found: header.version })
            }
            Ok(header) if header == Header::current() && found.sequence == 0 => {
                self.step_over();
                Ok(())
            }
            _ => refuse(&self.path, "its header names another format"),
        }
    }

    /// Reads the next line, but no more of it than a record may have. False at the end of the file.
    fn fill(&mut self) -> Result<bool, ReadError> {
        let limit = RECORD_BYTES_MAX + FRAME_BYTES_MAX;
        self.line.clear();
        (&mut self.input)
            .take(limit as u64)
            .read_until(b'\n', &mut self.line)
            .map_err(|source| ReadError::Io { path: self.path.clone(), source })?;
        Ok(!self.line.is_empty())
    }

    fn step_over(&mut self) {
        self.offset += self.line.len() as u64;
        self.sequence += 1;
    }

    /// Decides what a line that is no record means. A crash leaves nothing whole behind the place
    /// where it struck; a whole record further on means that something recorded was damaged later,
    /// and dropping it would drop facts that were acted upon.
    fn settle_tail(&mut self, error: FrameError) -> Result<(), ReadError> {
        let offset = self.offset;
        let mut bytes = 0;
        while !self.line.is_empty() {
            if frame::ends_in_record(&self.line) {
                return Err(self.damaged(offset, error.to_string()));
            }
            bytes += self.line.len() as u64;
            self.fill()?;
        }
        self.torn = Some(TornTail { offset, bytes });
        Ok(())
    }

    fn damaged(&self, offset: u64, reason: String) -> ReadError {
        ReadError::Damaged { path: self.path.clone(), offset, sequence: self.sequence, reason }
    }
}

#[cfg(test)]
mod tests;
