//! What is written down of a run besides its journal: enough to go on with it in another process.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use skybridge_journal::{FileStore, RunPhase};
use skybridge_model::Timestamp;

use crate::args::SimulateArgs;
use crate::connect;
use crate::failure::{Failure, Outcome};
use crate::session::engine_failure;
use crate::state::{StateDir, private_folder, write_durably};

/// The version of `run.json`. Version 1 had no kind: all runs connected.
const VERSION: u32 = 2;

/// What a run is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RunKind {
    /// It connects.
    #[default]
    Apply,
    /// It replaces the credential of a connection.
    Rotate,
    /// It takes away what earlier runs made.
    Offboard,
}

impl RunKind {
    /// The command that begins such a run.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Rotate => "rotate",
            Self::Offboard => "offboard",
        }
    }
}

/// `run.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RunRecord {
    pub(crate) version: u32,
    pub(crate) run: String,
    #[serde(default)]
    pub(crate) kind: RunKind,
    /// The manifest's path as the user gave it, for messages.
    pub(crate) manifest: String,
    /// The folder it lies in, absolute.
    #[serde(default)]
    pub(crate) folder: Option<PathBuf>,
    pub(crate) started: Timestamp,
    pub(crate) simulate: bool,
    pub(crate) scenario: Option<PathBuf>,
    pub(crate) simulator: Option<String>,
}

/// The folder of one run.
#[derive(Debug, Clone)]
pub(crate) struct RunDir(PathBuf);

impl RunDir {
    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Makes the folder and its journal; the record is written last, so that a folder with one is
    /// whole.
    pub(crate) fn create(
        state: &StateDir,
        record: &RunRecord,
        manifest: &str,
        plan: &[u8],
    ) -> Outcome<FileStore> {
        let this = Self(state.runs().join(&record.run));
        let io = |error| Failure::io("writing down the run", &error);
        private_folder(&this.0).map_err(io)?;
        write_durably(&this.0.join("manifest.toml"), manifest.as_bytes()).map_err(io)?;
        write_durably(&this.0.join("plan.json"), plan).map_err(io)?;
        let journal = FileStore::create(&this.journal())
            .map_err(|error| engine_failure("starting the journal", &error))?;
        let text = serde_json::to_vec_pretty(record).map_err(|error| io(error.into()))?;
        write_durably(&this.0.join("run.json"), &text).map_err(io)?;
        Ok(journal)
    }

    /// A run's folder, if it is whole.
    pub(crate) fn open(state: &Path, run: &str) -> Option<Self> {
        let folder = state.join("runs").join(run);
        // A name with a slash or dots would leave the folder.
        let plain = run.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (plain && folder.join("run.json").is_file()).then_some(Self(folder))
    }

    pub(crate) fn record(&self) -> Outcome<RunRecord> {
        let bytes = self.read("run.json")?;
        let record: RunRecord = serde_json::from_slice(&bytes).map_err(|error| {
            let text = format!("{}: {error}", self.0.join("run.json").display());
            Failure::usage(text, "the file was changed by hand, or by a newer Skybridge")
        })?;
        if record.version > VERSION {
            let text = format!("run {} was written by a newer Skybridge", record.run);
            return Err(Failure::usage(text, "use that version to go on with it"));
        }
        Ok(record)
    }

    pub(crate) fn manifest(&self) -> Outcome<Vec<u8>> {
        self.read("manifest.toml")
    }

    pub(crate) fn plan(&self) -> Outcome<Vec<u8>> {
        self.read("plan.json")
    }

    fn read(&self, name: &str) -> Outcome<Vec<u8>> {
        fs_err::read(self.0.join(name)).map_err(|error| Failure::io("reading the run", &error))
    }
}

impl RunRecord {
    pub(crate) fn new(
        run: &str,
        kind: RunKind,
        manifest: &Path,
        started: Timestamp,
        args: &SimulateArgs,
    ) -> Self {
        Self {
            version: VERSION,
            run: run.to_owned(),
            kind,
            manifest: manifest.display().to_string(),
            folder: Some(connect::folder_of(manifest)),
            started,
            simulate: args.simulate,
            // Absolute: whoever goes on with the run may stand elsewhere.
            scenario: args
                .scenario
                .as_deref()
                .map(|path| fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned())),
            simulator: args.simulator.clone(),
        }
    }

    /// Whether the run and a command with `args` mean the same cloud, as far as that shows.
    pub(crate) fn same_world(&self, args: &SimulateArgs) -> bool {
        self.simulate == args.simulate && self.simulator == args.simulator
    }

    pub(crate) fn simulate_args(&self) -> SimulateArgs {
        SimulateArgs {
            simulate: self.simulate,
            scenario: self.scenario.clone(),
            simulator: self.simulator.clone(),
        }
    }
}

/// The names of all runs in a state directory, oldest first: run ids begin with their time.
pub(crate) fn runs(state: &Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(state.join("runs")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| RunDir::open(state, name).is_some())
        .collect();
    names.sort();
    names
}

/// The newest run of a state directory that has not ended.
pub(crate) fn unfinished(state: &Path) -> Option<(String, RunDir)> {
    let mut names = runs(state);
    names.reverse();
    names.into_iter().find_map(|name| {
        let folder = RunDir::open(state, &name)?;
        // A journal that cannot be read has not ended, and going on with it says why.
        let ended = skybridge_journal::load(&folder.journal())
            .is_ok_and(|(state, _)| matches!(state.phase, RunPhase::Finished(_)));
        (!ended).then_some((name, folder))
    })
}
