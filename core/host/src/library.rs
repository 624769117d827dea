//! A plugin that can be opened: in this process, or in one of its own for each connector.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use skybridge_plugin_api::PluginModuleRef;
use skybridge_plugin_protocol::manifest::PluginManifest;

use crate::access::{Access, Permit};
use crate::candidate::{Candidate, Sealed};
use crate::error::{LoadError, Refusal};
use crate::load;
use crate::runner::{Confinement, Runner};
use crate::trust::Trust;

/// Where a plugin's code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// In the host: a crash of the plugin is a crash of the host.
    InProcess,
    /// In a process of its own for each connector, which reaches little of the machine.
    Process,
}

/// A plugin that can be opened.
#[derive(Clone)]
pub struct Library {
    shared: Arc<Shared>,
    /// What the plugin says of itself.
    pub manifest: PluginManifest,
    /// Where it was found.
    pub path: PathBuf,
    /// How its folder is trusted.
    pub trust: Trust,
    /// SHA-256 of the bytes that run, in hex.
    pub sha256: String,
    /// The version of the interface it was built with.
    pub api_version: String,
    /// Where its code runs when it is opened.
    pub isolation: Isolation,
    /// What it gets of the machine in a process of its own, of what it asks for.
    pub permit: Permit,
}

struct Shared {
    sealed: Sealed,
    runner: Option<Runner>,
    /// Set once it is loaded in this process, which is for ever.
    module: OnceLock<PluginModuleRef>,
    /// What held the process in which it was tried.
    confinement: Option<Confinement>,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Library({} {})", self.manifest.name, self.path.display())
    }
}

impl Candidate {
    /// Runs the library's constructors and its root module in this process.
    ///
    /// # Errors
    /// [`LoadError`], when it does not fit this host.
    pub fn load(self) -> Result<Library, LoadError> {
        let loaded = self.seal().and_then(|sealed| {
            let loaded = load::load(&sealed)?;
            Ok((sealed, loaded.module, loaded.manifest, loaded.api_version))
        });
        let (sealed, module, manifest, api_version) =
            loaded.map_err(|reason| LoadError::new(&self.path, reason))?;
        let shared =
            Shared { sealed, runner: None, module: OnceLock::from(module), confinement: None };
        self.library(shared, &manifest, api_version, Isolation::InProcess)
    }

    /// Runs them in a process of its own, to see whether they run, and asks the plugin who it is.
    /// None of its code runs in this process.
    ///
    /// # Errors
    /// [`LoadError`], when it does not fit this host, or ended the process.
    pub fn probe(self, runner: &Runner) -> Result<Library, LoadError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let probed = self.seal().and_then(|sealed| {
            let access = Access::none(&runner.environment);
            Ok((runner.start(&name, &sealed, access, None)?, sealed))
        });
        let (started, sealed) = probed.map_err(|reason| LoadError::new(&self.path, reason))?;
        let shared = Shared {
            sealed,
            runner: Some(runner.clone()),
            module: OnceLock::new(),
            confinement: Some(started.confinement),
        };
        self.library(shared, &started.manifest, started.api_version, Isolation::Process)
    }

    fn library(
        self,
        shared: Shared,
        manifest: &str,
        api_version: String,
        isolation: Isolation,
    ) -> Result<Library, LoadError> {
        let Self { path, trust, sha256, .. } = self;
        let manifest = load::read_manifest(manifest).map_err(|why| LoadError::new(&path, why))?;
        tracing::debug!(
            plugin = manifest.name,
            version = manifest.version,
            sha256,
            "plugin loaded"
        );
        let permit = match trust {
            Trust::BesideHost => Permit::Everything,
            Trust::Configured => Permit::Undecided,
        };
        Ok(Library {
            shared: Arc::new(shared),
            manifest,
            path,
            trust,
            sha256,
            api_version,
            isolation,
            permit,
        })
    }
}

impl Library {
    /// The same, with its code running in this process.
    ///
    /// # Errors
    /// [`LoadError`], when it does not load here.
    pub fn here(mut self) -> Result<Self, LoadError> {
        self.module().map_err(|reason| LoadError::new(&self.path, reason))?;
        self.isolation = Isolation::InProcess;
        Ok(self)
    }

    /// The same, with its code running in processes of its own.
    #[must_use]
    pub fn apart(mut self, runner: &Runner) -> Self {
        if self.shared.runner.is_none() {
            let Shared { sealed, module, confinement, .. } = &*self.shared;
            self.shared = Arc::new(Shared {
                sealed: sealed.clone(),
                runner: Some(runner.clone()),
                module: module.clone(),
                confinement: confinement.clone(),
            });
        }
        self.isolation = Isolation::Process;
        self
    }

    /// The root module in this process; loads it at the first call.
    pub(crate) fn module(&self) -> Result<PluginModuleRef, Refusal> {
        if let Some(module) = self.shared.module.get() {
            return Ok(*module);
        }
        let module = load::load(&self.shared.sealed)?.module;
        Ok(*self.shared.module.get_or_init(|| module))
    }

    pub(crate) fn sealed(&self) -> &Sealed {
        &self.shared.sealed
    }

    pub(crate) fn runner(&self) -> Option<&Runner> {
        self.shared.runner.as_ref()
    }

    /// What held the process in which it was tried, when it was.
    #[must_use]
    pub fn confinement(&self) -> Option<&Confinement> {
        self.shared.confinement.as_ref()
    }
}
