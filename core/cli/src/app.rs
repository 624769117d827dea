//! What every command has at hand.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use skybridge_engine::inject::Abort;
use skybridge_engine::{EngineError, RunReport, Runner, Work};
use skybridge_host::search::SearchPath;
use skybridge_host::{Vault, Witness};
use skybridge_journal::RunState;
use skybridge_model::{Clock, Entropy};
use skybridge_plugin_testkit::Capture;
use tracing_subscriber::filter::Targets;

use crate::args::Global;
use crate::clock::{SystemClock, SystemEntropy};
use crate::connect::{self, Surroundings};
use crate::failure::Outcome;
use crate::interrupts::Interrupts;
use crate::ui::Ui;
use crate::watchers::Watchers;

/// What takes a plan to its end: the engine, by real time.
pub(crate) type Drive = Arc<
    dyn Fn(
            Work,
            RunState,
            Arc<dyn Runner>,
            skybridge_engine::Context,
        ) -> BoxFuture<'static, Result<RunReport, EngineError>>
        + Send
        + Sync,
>;

/// The command line's globals, resolved; and what of the system commands rely on, so that a test can
/// put time, chance and the end of the process in its own hands.
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) ui: Ui,
    pub(crate) search: SearchPath,
    pub(crate) log: Targets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) interrupts: Interrupts,
    pub(crate) drive: Drive,
    pub(crate) abort: Abort,
    /// Where the identity is that opens sealed secrets; from the environment when not set.
    pub(crate) identity: Option<PathBuf>,
    pub(crate) watchers: Watchers,
    /// Hears what plugins log, for the command that judges it.
    pub(crate) capture: Option<Capture>,
}

impl App {
    pub(crate) fn new(global: Global, ui: Ui, log: Targets) -> Outcome<Self> {
        let search = connect::search_path(&global)?;
        Ok(Self {
            global,
            ui,
            search,
            log,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            interrupts: Interrupts::default(),
            drive: Arc::new(|work, state, runner, context| {
                skybridge_engine::run(work, state, runner, context).boxed()
            }),
            abort: Arc::new(abort),
            identity: None,
            watchers: Watchers::default(),
            capture: None,
        })
    }

    /// What connectors are opened with.
    pub(crate) fn surroundings(
        &self,
        vault: Arc<dyn Vault>,
        witness: Arc<dyn Witness>,
    ) -> Surroundings {
        Surroundings { vault, clock: Arc::clone(&self.clock), witness, log: self.log.clone() }
    }
}

/// Ends this process as `kill -9` does.
fn abort() {
    let this = rustix::process::getpid();
    // Everybody may end himself; should it be refused all the same, the run stands still.
    if let Err(error) = rustix::process::kill_process(this, rustix::process::Signal::KILL) {
        tracing::error!(%error, "this process cannot be ended");
    }
}
