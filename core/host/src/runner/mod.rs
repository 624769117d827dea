//! A plugin in a process of its own: a child of the host, with little of the machine in its reach,
//! that loads the same library and is called through the same interface.
//!
//! From above: [`Runner`] says what is started; `process` starts and ends it, `remote` is the plugin as
//! the host calls it, `desk` hears what comes back. On the other side `child` is the process, `stub`
//! the host as the plugin sees it, `sandbox` what holds it. Between them `frame` and `message`.

mod child;
mod death;
mod desk;
mod frame;
mod limits;
mod log;
mod message;
mod pass;
mod process;
mod remote;
mod sandbox;
mod stub;
mod syscalls;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

pub use child::serve;
pub use limits::Limits;
pub use message::Confinement;

pub(crate) use death::Ending;
pub(crate) use desk::Early;
pub(crate) use limits::RESTARTS_MAX;
pub(crate) use process::Process;
pub(crate) use remote::open;

use crate::access::{Access, Environment};
use crate::candidate::Sealed;
use crate::error::Refusal;
use crate::services::Services;

/// How plugins' processes are started.
#[derive(Debug, Clone)]
pub struct Runner {
    /// The programme: it calls [`serve`] before it starts any thread.
    pub program: PathBuf,
    /// What makes it do so.
    pub args: Vec<OsString>,
    /// The host's environment, of which little is passed on.
    pub environment: Arc<Environment>,
    /// What a process may use up.
    pub limits: Limits,
}

/// What came of loading a library in a process of its own.
pub(crate) struct Started {
    pub(crate) process: Arc<Process>,
    pub(crate) manifest: String,
    pub(crate) api_version: String,
    pub(crate) confinement: Confinement,
}

impl Runner {
    /// Starts a process and has it load the library.
    pub(crate) fn start(
        &self,
        name: &str,
        library: &Sealed,
        access: Access,
        services: Option<Services>,
    ) -> Result<Started, Refusal> {
        let process = Process::start(self, name, library, access, services)
            .map_err(|error| Refusal::NoRunner(error.to_string()))?;
        match process.early("loading", self.limits.load) {
            Ok(Early::Loaded { manifest, api_version, confinement }) => {
                Ok(Started { process: Arc::new(process), manifest, api_version, confinement })
            }
            Ok(Early::Refused(refused)) => {
                Err(Refusal::InRunner { text: refused.text, help: refused.help })
            }
            Ok(Early::Opened | Early::NotOpened(_)) => {
                Err(Refusal::Died("it answered before it was asked".to_owned()))
            }
            Err(ending) => Err(Refusal::Died(ending.reason.clone())),
        }
    }
}
