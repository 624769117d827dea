//! How an instance is opened, once and again: in this process, or in one of its own.

use std::path::Path;
use std::sync::Arc;

use abi_stable::std_types::{RResult, RSlice};
use skybridge_plugin_api::{PluginBox, kind};
use skybridge_plugin_protocol::error::ErrorDetail;
use skybridge_plugin_protocol::open::OpenRequest;

use crate::access::{self, Access};
use crate::error::{PluginError, Refusal};
use crate::library::{Isolation, Library};
use crate::runner::{self, Process, Runner};
use crate::services::Services;

/// Everything an instance is opened with.
pub(crate) struct Opening {
    pub(crate) library: Library,
    pub(crate) services: Services,
    request: Vec<u8>,
    access: Access,
    simulates: bool,
}

/// An open instance, and the process it is in, if it is in one of its own.
#[derive(Clone)]
pub(crate) struct Port {
    pub(crate) plugin: Arc<PluginBox>,
    pub(crate) process: Option<Arc<Process>>,
}

impl Opening {
    /// For a connector.
    pub(crate) fn connector(
        library: &Library,
        services: Services,
        request: &OpenRequest,
    ) -> Result<Self, PluginError> {
        let access = match apart(library) {
            Some(runner) => {
                let granted = access::decide(&library.manifest.needs, request, &library.permit)
                    .map_err(|needs| undecided(library, &needs))?;
                Access::connector(&runner.environment, request, &granted)
            }
            None => Access::default(),
        };
        Self::new(library, services, request, access, false)
    }

    /// For an instance that only simulates.
    pub(crate) fn simulator(
        library: &Library,
        services: Services,
        places: &[&Path],
    ) -> Result<Self, PluginError> {
        let access = apart(library)
            .map(|runner| Access::simulator(&runner.environment, places))
            .unwrap_or_default();
        Self::new(library, services, &OpenRequest::default(), access, true)
    }

    fn new(
        library: &Library,
        services: Services,
        request: &OpenRequest,
        access: Access,
        simulates: bool,
    ) -> Result<Self, PluginError> {
        let request = serde_json::to_vec(request)
            .map_err(|error| PluginError::contract(&library.manifest.name, "settings", &error))?;
        Ok(Self { library: library.clone(), services, request, access, simulates })
    }

    pub(crate) fn simulates(&self) -> bool {
        self.simulates
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Port, PluginError> {
        let Self { library, services, request, .. } = self;
        let name = &library.manifest.name;
        let refused = |refusal: Refusal| {
            let mut error = PluginError::new(name, kind::UNAVAILABLE, refusal.to_string());
            error.detail.help = Some(refusal.help().to_owned());
            error
        };
        if library.isolation == Isolation::InProcess {
            let module = library.module().map_err(refused)?;
            return match module.open()(services.boxed(), RSlice::from_slice(request)) {
                RResult::ROk(plugin) => Ok(Port { plugin: Arc::new(plugin), process: None }),
                RResult::RErr(error) => Err(PluginError::from_abi(name, error)),
            };
        }
        let runner = library
            .runner()
            .ok_or_else(|| refused(Refusal::NoRunner("this host was built without".to_owned())))?;
        let connector = services.connector();
        let (sealed, access) = (library.sealed(), self.access.clone());
        let started =
            runner.start(connector, sealed, access, Some(services.clone())).map_err(|refusal| {
                match refusal {
                    Refusal::Died(reason) => crashed(name, reason),
                    refusal => refused(refusal),
                }
            })?;
        let held = &started.confinement;
        if !(held.files && held.network && held.seccomp) {
            tracing::warn!(
                "the plugin of `{connector}` is held less than it could be: landlock is {}, system \
                 calls are {}",
                held.landlock,
                if held.seccomp { "filtered" } else { "not filtered" }
            );
        }
        let process = started.process;
        let plugin = runner::open(&process, services, &runner.limits, request)
            .map_err(|error| PluginError::from_abi(name, error))?;
        Ok(Port { plugin: Arc::new(plugin), process: Some(process) })
    }
}

/// The runner of a library that runs in processes of its own.
fn apart(library: &Library) -> Option<&Runner> {
    library.runner().filter(|_| library.isolation == Isolation::Process)
}

fn crashed(plugin: &str, reason: String) -> PluginError {
    let mut error = PluginError::new(plugin, kind::CRASHED, reason);
    error.detail.help = Some("this is a bug of the plugin; tell its author".to_owned());
    error
}

/// The plugin needs something of the machine that nobody has granted or refused.
fn undecided(library: &Library, needs: &[(String, &str)]) -> PluginError {
    let name = &library.manifest.name;
    let words: Vec<String> = needs.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    let detail = ErrorDetail {
        message: format!(
            "the plugin `{name}` was not built with this host, and asks for more of the machine than \
             a plugin gets"
        ),
        help: Some(format!(
            "if you trust it with that, write `permit = [{}]` into the connector's table; leave out \
             what you refuse",
            words.join(", ")
        )),
        context: needs.iter().map(|(word, why)| (word.clone(), (*why).to_owned())).collect(),
        ..ErrorDetail::default()
    };
    let mut error = PluginError::new(name, kind::PERMISSION_DENIED, String::new());
    *error.detail = detail;
    error
}
