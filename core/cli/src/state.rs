//! The state directory: what lies where.
//!
//! ```text
//! .skybridge/
//!   lock                      who works here now
//!   runs/RUN/                 run.json, manifest.toml, plan.json, journal
//!   connections/NAME.json     what was handed over, without secrets
//!   vault/NAME/….age          sealed secrets
//!   audit/                    log.ndjson: every write to a cloud; head.json: where it ends
//!   simulated/                the same again for rehearsals, and the simulated clouds themselves
//! ```

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The folder of rehearsals within a state directory.
const SIMULATED: &str = "simulated";

/// A state directory that exists.
#[derive(Debug, Clone)]
pub(crate) struct StateDir(PathBuf);

impl StateDir {
    /// `--state`, or `.skybridge` beside the manifest; rehearsals have a folder of their own in it.
    pub(crate) fn locate(
        state: Option<&Path>,
        manifest: Option<&Path>,
        simulated: bool,
    ) -> PathBuf {
        let beside = manifest.and_then(Path::parent).unwrap_or(Path::new("")).join(".skybridge");
        let root = state.map_or(beside, Path::to_owned);
        if simulated { root.join(SIMULATED) } else { root }
    }

    /// The two places a run can be: the directory itself and its rehearsals.
    pub(crate) fn both(state: Option<&Path>) -> [PathBuf; 2] {
        [Self::locate(state, None, false), Self::locate(state, None, true)]
    }

    /// Makes the directory if it is missing, for its owner alone, and keeps git out of it.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        private_folder(path)?;
        let path = fs_err::canonicalize(path)?;
        let ignore = path.join(".gitignore");
        if !ignore.exists() {
            fs_err::write(&ignore, "*\n")?;
        }
        Ok(Self(path))
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Sealed secrets.
    pub(crate) fn vault(&self) -> PathBuf {
        self.0.join("vault")
    }

    /// All runs.
    pub(crate) fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The record of a connection.
    pub(crate) fn connection(&self, connector: &str) -> PathBuf {
        self.0.join("connections").join(format!("{connector}.json"))
    }

    /// The log of every write to a cloud.
    pub(crate) fn audit(&self) -> PathBuf {
        Self::audit_of(&self.0)
    }

    /// The same, of a directory that need not exist.
    pub(crate) fn audit_of(place: &Path) -> PathBuf {
        place.join("audit")
    }

    /// A simulated cloud's own state.
    pub(crate) fn cloud(&self, plugin: &str) -> PathBuf {
        self.0.join(format!("cloud-{plugin}"))
    }
}

/// Makes a folder, and those above it, for its owner alone.
pub(crate) fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(|error| {
        std::io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display()))
    })
}

/// Writes beside the file, syncs, renames: there is the old file or the new one, never a part.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;

    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let mut file = tempfile::Builder::new().prefix(".partial-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    fs_err::File::open(folder)?.sync_all()
}
