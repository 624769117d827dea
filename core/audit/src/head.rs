//! The end of a log by number and hash: what shows that nothing behind it was cut off.

use std::fmt;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::str::FromStr;

use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hash::Hash;
use crate::limits::HEAD_BYTES_MAX;
use crate::line;

const FORMAT: &str = "skybridge-audit-head";
const VERSION: u32 = 1;

/// The last line of a log, by its number and its hash. As text: `12:2c26b46b…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The line's number, the header's being 0.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// A text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a head is a number, a colon and 64 hexadecimal digits, as the end of each run tells it: 12:2c26…"
)]
pub struct HeadError;

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(text: &str) -> Result<Self, HeadError> {
        let (seq, hash) = text.split_once(':').ok_or(HeadError)?;
        let plain = !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        let seq = seq.parse().ok().filter(|_| plain).ok_or(HeadError)?;
        Ok(Self { seq, hash: hash.parse().map_err(|_| HeadError)? })
    }
}

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The head as it is kept beside the log, in a line of its own hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept {
    format: String,
    version: u32,
    head: Head,
    /// Where the line ends in the log, so that the next process need not read all of it.
    bytes: u64,
}

/// A head and where its line ends in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) head: Head,
    pub(crate) bytes: u64,
}

impl Mark {
    fn text(self) -> std::io::Result<Vec<u8>> {
        let (format, version) = (FORMAT.to_owned(), VERSION);
        let Self { head, bytes } = self;
        let mut text = Vec::new();
        line::seal(&mut text, &Kept { format, version, head, bytes })?;
        Ok(text)
    }
}

/// What the file of the head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// There is none.
    Missing,
    /// Not what this program writes.
    Unreadable,
    /// This.
    Known(Mark),
}

pub(crate) fn read(path: &Path) -> std::io::Result<Noted> {
    let mut text = Vec::new();
    match fs_err::File::open(path) {
        Ok(file) => file.take(HEAD_BYTES_MAX as u64).read_to_end(&mut text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Noted::Missing),
        Err(error) => return Err(error),
    };
    let kept = line::unseal(&text).and_then(|_| serde_json::from_slice::<Kept>(&text).ok());
    Ok(match kept {
        Some(Kept { format, version: VERSION, head, bytes }) if format == FORMAT => {
            Noted::Known(Mark { head, bytes })
        }
        _ => Noted::Unreadable,
    })
}

/// The file of the head, kept open.
#[derive(Debug)]
pub(crate) struct HeadFile(fs_err::File);

impl HeadFile {
    /// Begins the file, or opens it; the mark is on disk on return.
    pub(crate) fn open(path: &Path, mark: Mark) -> std::io::Result<Self> {
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        if !path.try_exists()? {
            // Under its name it is whole, whenever the power goes.
            let draft = path.with_extension("new");
            let mut file = options.open(&draft)?;
            file.set_len(0)?;
            file.write_all(&mark.text()?)?;
            file.sync_all()?;
            fs_err::rename(&draft, path)?;
            crate::file::sync_parent(path)?;
        }
        let mut this = Self(options.open(path)?);
        this.note(mark)?;
        this.sync()?;
        Ok(this)
    }

    /// Writes the mark over the one before it. It is one short line within one block of the disk,
    /// never shorter than the one before, and need not be synced: an older mark is as true.
    pub(crate) fn note(&mut self, mark: Mark) -> std::io::Result<()> {
        self.0.seek(SeekFrom::Start(0))?;
        self.0.write_all(&mark.text()?)
    }

    /// The last mark is on disk on return.
    pub(crate) fn sync(&self) -> std::io::Result<()> {
        self.0.sync_data()
    }
}
