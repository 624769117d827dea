//! Where plugins are looked for: beside the host, then in configured folders; nowhere else. And what
//! is done with what is found: held against the lock file, tried, loaded here or apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::candidate::Candidate;
use crate::error::{LoadError, Refusal};
use crate::library::{Isolation, Library};
use crate::lock::Lock;
use crate::runner::Runner;
use crate::trust::Trust;

/// The folders, in the order they are asked.
#[derive(Debug, Clone, Default)]
pub struct SearchPath {
    /// The folder of the host's executable.
    pub beside_host: Option<PathBuf>,
    /// Configured folders, absolute.
    pub folders: Vec<PathBuf>,
    /// How plugins' processes are started; without it none can be.
    pub runner: Option<Runner>,
    /// What vouches for plugins; without it nothing has to.
    pub lock: Option<Arc<Lock>>,
    /// What was loaded from beside the host. Libraries are never unloaded, so none is loaded twice;
    /// clones share them.
    pub loaded: Loaded,
}

/// Libraries that run in this process, by path. Which bytes run is decided once.
#[derive(Debug, Clone, Default)]
pub struct Loaded(Arc<Mutex<BTreeMap<PathBuf, Library>>>);

impl Loaded {
    fn get(&self, path: &Path) -> Option<Library> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn keep(&self, library: &Library) {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.insert(library.path.clone(), library.clone());
    }
}

/// Why there is no such plugin.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// None of the folders has it.
    #[error(
        "no plugin `{name}`: looked for {file} in {folders}\nhelp: build it beside the host, or name its folder with --plugin-dir"
    )]
    NotFound {
        /// The plugin's name.
        name: String,
        /// The file that was looked for.
        file: String,
        /// The folders, joined.
        folders: String,
    },
    /// It is there and was refused.
    #[error(transparent)]
    Refused(#[from] Box<LoadError>),
    /// The file says it is another plugin.
    #[error("{path} says it is the plugin `{found}`, not `{name}`\nhelp: name the file {file}")]
    Misnamed {
        /// The name asked for.
        name: String,
        /// The name the plugin gave.
        found: String,
        /// Where it was found.
        path: PathBuf,
        /// What it should be called.
        file: String,
    },
}

/// The file name of a plugin: `azure` is `libskybridge_plugin_azure.so`.
#[must_use]
pub fn file_name(plugin: &str) -> String {
    let stem = plugin.replace('-', "_");
    format!(
        "{}skybridge_plugin_{stem}{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    )
}

impl SearchPath {
    /// Every folder with the trust it enjoys.
    pub fn folders(&self) -> impl Iterator<Item = (&Path, Trust)> {
        let beside = self.beside_host.as_deref().map(|folder| (folder, Trust::BesideHost));
        let configured = self.folders.iter().map(|folder| (folder.as_path(), Trust::Configured));
        beside.into_iter().chain(configured)
    }

    /// Loads the plugin of that name from the first folder that has it, where it runs by default: in
    /// this process when it was built with the host, in one of its own otherwise.
    ///
    /// # Errors
    /// [`FindError`], when no folder has it or the first that has it is refused.
    pub fn load(&self, plugin: &str) -> Result<Library, FindError> {
        self.load_as(plugin, None)
    }

    /// The same, where it runs as somebody said.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn load_as(
        &self,
        plugin: &str,
        isolation: Option<Isolation>,
    ) -> Result<Library, FindError> {
        let (path, trust) = self.place(plugin)?;
        // A lock file vouches for bytes: where there is one, they are read and looked at.
        let here = trust == Trust::BesideHost
            && self.lock.is_none()
            && Self::isolation(trust, isolation) == Isolation::InProcess;
        if here && let Some(library) = self.loaded.get(&path) {
            return Ok(library);
        }
        let candidate = Candidate::read(&path, trust).map_err(Box::new)?;
        if let Some(lock) = &self.lock {
            lock.check(plugin, &candidate)
                .map_err(|refusal| Box::new(LoadError::new(&candidate.path, refusal)))?;
        }
        let library = self.open(candidate, isolation).map_err(Box::new)?;
        self.named(plugin, &library)?;
        if here {
            self.loaded.keep(&library);
        }
        Ok(library)
    }

    /// Refuses a library that says it is another plugin than its file's name says.
    ///
    /// # Errors
    /// [`FindError::Misnamed`].
    pub fn named(&self, plugin: &str, library: &Library) -> Result<(), FindError> {
        if library.manifest.name == plugin {
            return Ok(());
        }
        Err(FindError::Misnamed {
            name: plugin.to_owned(),
            found: library.manifest.name.clone(),
            path: library.path.clone(),
            file: file_name(plugin),
        })
    }

    /// Reads the plugin of that name from the first folder that has it; none of its code runs.
    ///
    /// # Errors
    /// [`FindError`], when no folder has it or the first that has it is refused.
    pub fn find(&self, plugin: &str) -> Result<Candidate, FindError> {
        let (path, trust) = self.place(plugin)?;
        Ok(Candidate::read(&path, trust).map_err(Box::new)?)
    }

    /// The first folder's file of that name.
    fn place(&self, plugin: &str) -> Result<(PathBuf, Trust), FindError> {
        let file = file_name(plugin);
        let mut files = self.folders().map(|(folder, trust)| (folder.join(&file), trust));
        files.find(|(path, _)| path.exists()).ok_or_else(|| {
            let folders: Vec<_> = self.folders().map(|(f, _)| f.display().to_string()).collect();
            FindError::NotFound { name: plugin.to_owned(), file, folders: folders.join(", ") }
        })
    }

    /// Runs a candidate's code for the first time. What was not built with the host is tried in a
    /// process of its own first: its constructors could end the process they run in.
    ///
    /// # Errors
    /// [`LoadError`], when it does not fit this host.
    pub fn open(
        &self,
        candidate: Candidate,
        isolation: Option<Isolation>,
    ) -> Result<Library, LoadError> {
        let isolation = Self::isolation(candidate.trust, isolation);
        // What was built with the host is as good as the host; what is locked was tried when it was.
        let tried = candidate.trust == Trust::BesideHost || self.lock.is_some();
        if isolation == Isolation::InProcess && tried {
            return candidate.load();
        }
        let runner = self.runner(&candidate.path)?;
        let library = candidate.probe(runner)?;
        self.isolated(library, isolation)
    }

    /// Where a plugin runs: as somebody said, else in the host when it was built with it.
    #[must_use]
    pub fn isolation(trust: Trust, said: Option<Isolation>) -> Isolation {
        said.unwrap_or(match trust {
            Trust::BesideHost => Isolation::InProcess,
            Trust::Configured => Isolation::Process,
        })
    }

    /// A library that is at hand, with its code running there.
    ///
    /// # Errors
    /// [`LoadError`], when it cannot.
    pub fn isolated(&self, library: Library, isolation: Isolation) -> Result<Library, LoadError> {
        if isolation == Isolation::InProcess {
            return library.here();
        }
        let runner = self.runner(&library.path)?.clone();
        Ok(library.apart(&runner))
    }

    /// How a plugin's process is started.
    ///
    /// # Errors
    /// When this host starts none.
    pub fn runner(&self, plugin: &Path) -> Result<&Runner, LoadError> {
        let none = || Refusal::NoRunner("this host starts no processes".to_owned());
        self.runner.as_ref().ok_or_else(|| LoadError::new(plugin, none()))
    }

    /// Every plugin file in the folders, in order.
    #[must_use]
    pub fn list(&self) -> Vec<(PathBuf, Trust)> {
        let prefix = file_name("");
        let prefix = prefix.trim_end_matches(std::env::consts::DLL_SUFFIX);
        let mut found = Vec::new();
        for (folder, trust) in self.folders() {
            let Ok(entries) = fs_err::read_dir(folder) else { continue };
            let mut here: Vec<PathBuf> = entries
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|path| {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                    name.is_some_and(|name| {
                        name.starts_with(prefix) && name.ends_with(std::env::consts::DLL_SUFFIX)
                    })
                })
                .collect();
            here.sort();
            found.extend(here.into_iter().map(|path| (path, trust)));
        }
        found
    }
}
