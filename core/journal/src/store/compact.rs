//! Rewriting a journal that has grown far beyond what its state needs.

use std::path::Path;

use super::draft::Draft;
use super::file::OpenError;
use super::{AppendError, FileStore};
use crate::frame;
use crate::limits::{COMPACT_GAIN_MIN, Caps};
use crate::read::ReadError;
use crate::replay::RunState;
use crate::shortest::shortest;

/// What became of a journal that could have been shorter.
#[derive(Debug)]
pub enum Compaction {
    /// It is about as short as it can be, or so small that it does not matter.
    Needless,
    /// It was rewritten.
    Done {
        /// Its bytes before.
        before: u64,
        /// Its bytes now.
        after: u64,
    },
    /// It would have been worth it and did not work. The journal is as it was.
    Failed(AppendError),
}

/// Compacts the journal of a run that nobody works on, if that is worth it. The caller holds the
/// lock of the state folder.
///
/// # Errors
/// [`OpenError`] when it cannot be believed or cannot be written.
pub fn compact(path: &Path) -> Result<Compaction, OpenError> {
    let caps = Caps::default();
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    if fs_err::metadata(path).map_err(io)?.len() < caps.compact_bytes {
        return Ok(Compaction::Needless);
    }
    Ok(FileStore::open_within(path, caps)?.compaction)
}

/// Whether a journal was rewritten.
pub(super) enum Rewritten {
    Needless,
    Failed(AppendError),
    Done(FileStore),
}

/// Rewrites the journal of `before` bytes, which replays to `state`, if that is worth it. An error
/// means that there is a new journal whose name may not survive a power cut.
pub(super) fn rewrite(
    path: &Path,
    caps: Caps,
    before: u64,
    state: &RunState,
) -> Result<Rewritten, AppendError> {
    if before < caps.compact_bytes || before / COMPACT_GAIN_MIN < bytes(path, state)? {
        return Ok(Rewritten::Needless);
    }
    let renamed = draft(path, caps, state).and_then(|mut draft| {
        draft.sync()?;
        draft.rename()?;
        Ok(draft)
    });
    match renamed {
        Ok(draft) => draft.settle().map(Rewritten::Done),
        Err(error) => {
            // What is left of it would only take room.
            let _tidy = fs_err::remove_file(Draft::name_of(path));
            Ok(Rewritten::Failed(error))
        }
    }
}

/// The shortest journal of a state, written but not synced.
pub(super) fn draft(path: &Path, caps: Caps, state: &RunState) -> Result<Draft, AppendError> {
    let mut draft = Draft::begin(path, caps)?;
    shortest(state).try_for_each(|event| draft.put(&event))?;
    Ok(draft)
}

/// How long the shortest journal of a state is; a little too much, for the header.
fn bytes(path: &Path, state: &RunState) -> Result<u64, AppendError> {
    let (mut json, mut line, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (event, sequence) in shortest(state).zip(0..) {
        json.clear();
        line.clear();
        serde_json::to_writer(&mut json, &event)
            .map_err(|error| AppendError::io("compacting", path, error.into()))?;
        frame::write(&mut line, sequence, &json);
        bytes += line.len() as u64;
    }
    Ok(bytes)
}
