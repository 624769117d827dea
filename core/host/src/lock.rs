//! `skybridge.lock`: which bytes a manifest's plugins are, by platform, and whose signature they bear.
//!
//! The file lies beside the manifest and is meant to be kept with it. Hashes are kept by platform, so
//! that locking on one does not break another. Where there is a lock file a plugin that it does not
//! have, or has with another hash, is refused; without one nothing is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};

use crate::candidate::{Candidate, TARGET};

/// The file's name.
pub const FILE_NAME: &str = "skybridge.lock";

/// The form this host reads and writes.
const VERSION: u32 = 1;

/// A lock file has a few lines a plugin.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A signature has four lines.
const SIGNATURE_BYTES_MAX: u64 = 16 << 10;

const HEADER: &str = "\
# Which bytes this manifest's plugins are. Written by `skybridge plugin lock MANIFEST`; keep it with
# the manifest. A `key` (minisign) may be added by hand: the plugin must then be signed by it.
";

/// What a lock file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Where it lies.
    pub path: PathBuf,
    plugins: BTreeMap<String, Locked>,
}

/// One plugin's part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    /// The minisign public key whose signature the plugin must bear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default)]
    targets: BTreeMap<String, LockedFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LockedFile {
    version: String,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    #[serde(default)]
    plugins: BTreeMap<String, Locked>,
}

/// Why the lock file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It could not be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It is not what a lock file is.
    #[error("{path}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// How a plugin and the lock file disagree.
#[derive(Debug, thiserror::Error)]
pub enum LockRefusal {
    /// The lock file does not have it.
    #[error("{lock} does not have the plugin `{plugin}`")]
    NotLocked {
        /// The lock file.
        lock: PathBuf,
        /// The plugin.
        plugin: String,
    },
    /// The lock file has it for other platforms.
    #[error("{lock} has the plugin `{plugin}` for {locked}, and not for {TARGET}")]
    OtherTarget {
        /// The lock file.
        lock: PathBuf,
        /// The plugin.
        plugin: String,
        /// The platforms, joined.
        locked: String,
    },
    /// The bytes differ.
    #[error(
        "its checksum differs from the one in {lock}\n  locked: {locked} (version {version}, {TARGET})\n  found:  {found}{built}"
    )]
    OtherBytes {
        /// The lock file.
        lock: PathBuf,
        /// The hash it has.
        locked: String,
        /// The version it has.
        version: String,
        /// The file's hash.
        found: String,
        /// The version the file says it is, in brackets.
        built: String,
    },
    /// A key is pinned and there is no signature.
    #[error("{lock} pins a key for it, and it is not signed: {reason}")]
    Unsigned {
        /// The lock file.
        lock: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The signature is not the pinned key's over these bytes.
    #[error("its signature is not the one {lock} asks for: {reason}\n  pinned: {key}")]
    WrongSignature {
        /// The lock file.
        lock: PathBuf,
        /// What is wrong.
        reason: String,
        /// The pinned key.
        key: String,
    },
}

impl LockRefusal {
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::NotLocked { .. } | Self::OtherTarget { .. } => {
                "if you trust this file, run `skybridge plugin lock MANIFEST`; it keeps what is locked for other platforms"
            }
            Self::OtherBytes { .. } => {
                "if you meant to change the plugin, run `skybridge plugin lock MANIFEST`; otherwise do not use it"
            }
            Self::Unsigned { .. } | Self::WrongSignature { .. } => {
                "get the plugin and its .minisig from its author anew; if the author's key changed, change `key` in the lock file"
            }
        }
    }
}

/// What is known of a file's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureState {
    /// There is none beside the file.
    None,
    /// There is one, and no key to hold it against.
    Unchecked,
    /// It is the given key's.
    Good,
    /// It is not, and why.
    Bad(String),
}

impl Lock {
    /// Reads the lock file of a folder; nothing when there is none.
    ///
    /// # Errors
    /// [`LockError`], when there is one that cannot be used.
    pub fn read(folder: &Path) -> Result<Option<Self>, LockError> {
        let path = folder.join(FILE_NAME);
        let Some(text) = read_text(&path, FILE_BYTES_MAX)? else { return Ok(None) };
        let malformed = |reason: String| LockError::Malformed { path: path.clone(), reason };
        let form: Form = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        if form.version != VERSION {
            let reason = format!("its version is {}, this host reads {VERSION}", form.version);
            return Err(malformed(reason));
        }
        Ok(Some(Self { path, plugins: form.plugins }))
    }

    /// An empty one for a folder, not yet written.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join(FILE_NAME), plugins: BTreeMap::new() }
    }

    /// Takes a plugin's bytes over for this platform, and leaves the other platforms' alone. True
    /// when that changed anything.
    pub fn put(&mut self, plugin: &str, version: &str, sha256: &str) -> bool {
        let locked = self.plugins.entry(plugin.to_owned()).or_default();
        let file = LockedFile { version: version.to_owned(), sha256: sha256.to_owned() };
        locked.targets.insert(TARGET.to_owned(), file.clone()) != Some(file)
    }

    /// Pins a key for a plugin.
    ///
    /// # Errors
    /// When it is no minisign public key.
    pub fn pin(&mut self, plugin: &str, key: &str) -> Result<(), String> {
        PublicKey::from_base64(key).map_err(|error| format!("`{key}`: {error}"))?;
        self.plugins.entry(plugin.to_owned()).or_default().key = Some(key.to_owned());
        Ok(())
    }

    /// The key that is pinned for a plugin.
    #[must_use]
    pub fn key(&self, plugin: &str) -> Option<&str> {
        self.plugins.get(plugin)?.key.as_deref()
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<(), LockError> {
        let form = Form { version: VERSION, plugins: self.plugins.clone() };
        let malformed = |reason: String| LockError::Malformed { path: self.path.clone(), reason };
        let text = toml::to_string(&form).map_err(|error| malformed(error.to_string()))?;
        let new = self.path.with_extension("lock.new");
        fs_err::write(&new, format!("{HEADER}{text}"))?;
        fs_err::rename(&new, &self.path)?;
        Ok(())
    }

    /// Refuses a plugin that this lock file does not vouch for.
    ///
    /// # Errors
    /// [`LockRefusal`].
    pub fn check(&self, plugin: &str, candidate: &Candidate) -> Result<(), LockRefusal> {
        let lock = || self.path.clone();
        let Some(locked) = self.plugins.get(plugin) else {
            return Err(LockRefusal::NotLocked { lock: lock(), plugin: plugin.to_owned() });
        };
        let Some(file) = locked.targets.get(TARGET) else {
            let targets: Vec<&str> = locked.targets.keys().map(String::as_str).collect();
            let none = targets.is_empty();
            return Err(LockRefusal::OtherTarget {
                lock: lock(),
                plugin: plugin.to_owned(),
                locked: if none { "no platform".to_owned() } else { targets.join(", ") },
            });
        };
        if !file.sha256.eq_ignore_ascii_case(&candidate.sha256) {
            let tag = candidate.tag.as_ref();
            return Err(LockRefusal::OtherBytes {
                lock: lock(),
                locked: file.sha256.clone(),
                version: file.version.clone(),
                found: candidate.sha256.clone(),
                built: tag.map_or_else(String::new, |tag| format!(" (version {})", tag.version)),
            });
        }
        let Some(key) = &locked.key else { return Ok(()) };
        match candidate.signature(Some(key)) {
            SignatureState::Good => Ok(()),
            SignatureState::None | SignatureState::Unchecked => {
                let reason = format!("there is no {}", signature_file(&candidate.path).display());
                Err(LockRefusal::Unsigned { lock: lock(), reason })
            }
            SignatureState::Bad(reason) => {
                Err(LockRefusal::WrongSignature { lock: lock(), reason, key: key.clone() })
            }
        }
    }

    /// Whether these very bytes were locked, and with that tried.
    #[must_use]
    pub fn has(&self, plugin: &str, candidate: &Candidate) -> bool {
        self.check(plugin, candidate).is_ok()
    }
}

impl Candidate {
    /// What the signature beside the file says of the bytes, held against a minisign public key.
    #[must_use]
    pub fn signature(&self, key: Option<&str>) -> SignatureState {
        let text = match read_text(&signature_file(&self.path), SIGNATURE_BYTES_MAX) {
            Ok(Some(text)) => text,
            Ok(None) => return SignatureState::None,
            Err(error) => return SignatureState::Bad(error.to_string()),
        };
        let Some(key) = key else { return SignatureState::Unchecked };
        let checked = PublicKey::from_base64(key).and_then(|key| {
            // Only what was hashed first, which is what minisign writes.
            key.verify(&self.bytes, &Signature::decode(&text)?, false)
        });
        match checked {
            Ok(()) => SignatureState::Good,
            Err(error) => SignatureState::Bad(error.to_string()),
        }
    }
}

/// `FILE.minisig`.
fn signature_file(library: &Path) -> PathBuf {
    let mut name = library.as_os_str().to_owned();
    name.push(".minisig");
    PathBuf::from(name)
}

/// The text of a file of bearable size; nothing when there is no file.
fn read_text(path: &Path, bytes_max: u64) -> std::io::Result<Option<String>> {
    use std::io::Read as _;

    let file = match fs_err::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(bytes_max).read_to_string(&mut text)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests;
