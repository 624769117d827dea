//! The file itself: written as a whole, read with distrust.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use skybridge_journal::Holder;
use skybridge_model::Timestamp;

use super::process::began;
use super::{Live, Now};
use crate::render::progress::words::between;

/// What `format` says.
pub(super) const FORMAT: &str = "skybridge-live";

/// What `version` says.
pub(super) const VERSION: u32 = 1;

/// The file beside the journal.
pub(super) const FILE: &str = "live.json";

/// Seconds between two writes while things change: who looks does so once a second.
const EVERY_SECONDS: f64 = 1.0;

/// Seconds after which it is written although nothing changed, so that its age says something on
/// another machine, where nobody can ask whether the process is there.
pub(super) const BEAT_SECONDS: f64 = 10.0;

/// A larger file was not written by us: the caps of what is listed, with the longest addresses.
const BYTES_MAX: u64 = 8 << 20;

/// Writes the file of one run.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    run: String,
    holder: Holder,
    began: Option<u64>,
    last: Option<(Timestamp, Now)>,
    /// Trouble is told once.
    told: bool,
}

impl Writer {
    /// For the run whose folder it is.
    pub(crate) fn new(folder: &Path, run: &str, holder: Holder) -> Self {
        let began = began(holder.pid);
        let path = folder.join(FILE);
        Self { path, run: run.to_owned(), holder, began, last: None, told: false }
    }

    /// Writes it when it is time to.
    pub(crate) async fn write(&mut self, now: Now, at: Timestamp) {
        let age = self.last.as_ref().map_or(f64::MAX, |(last, _)| between(*last, at));
        if age < EVERY_SECONDS {
            return;
        }
        if age < BEAT_SECONDS && self.last.as_ref().is_some_and(|(_, last)| *last == now) {
            return;
        }
        let live = Live {
            format: FORMAT.to_owned(),
            version: VERSION,
            run: self.run.clone(),
            holder: self.holder.clone(),
            began: self.began,
            at,
            now: now.clone(),
        };
        self.last = Some((at, now));
        let path = self.path.clone();
        // The disk may be slow, and there are events to be taken in.
        let written = tokio::task::spawn_blocking(move || replace(&path, &live)).await;
        if let Ok(Err(error)) = written
            && !std::mem::replace(&mut self.told, true)
        {
            tracing::warn!(%error, "other processes cannot see how this run stands");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It is gone already when it could not be written.
        drop(std::fs::remove_file(&self.path));
    }
}

/// There is the old file or the new one, never a part. It is not synced: after a power cut nobody
/// works on the run.
pub(super) fn replace(path: &Path, live: &Live) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&serde_json::to_vec(live)?)?;
    fs_err::rename(&draft, path)
}

/// What the file in a run's folder says; nothing when there is none, or none that can be read.
pub(crate) fn read(folder: &Path) -> Option<Live> {
    let path = folder.join(FILE);
    if std::fs::metadata(&path).ok()?.len() > BYTES_MAX {
        return None;
    }
    let live: Live = serde_json::from_slice(&fs_err::read(path).ok()?).ok()?;
    (live.format == FORMAT && live.version <= VERSION).then_some(live)
}
