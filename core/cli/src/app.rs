//! What every command has at hand.

use std::sync::Arc;

use skybridge_host::search::SearchPath;
use skybridge_host::{Vault, Witness};
use skybridge_model::Clock;
use tracing_subscriber::filter::Targets;

use crate::args::Global;
use crate::clock::SystemClock;
use crate::connect::{self, Surroundings};
use crate::failure::Outcome;
use crate::interrupts::Interrupts;
use crate::ui::Ui;

/// The command line's globals, resolved.
pub(crate) struct App {
    pub(crate) global: Global,
    pub(crate) ui: Ui,
    pub(crate) search: SearchPath,
    pub(crate) log: Targets,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) interrupts: Interrupts,
}

impl App {
    pub(crate) fn new(global: Global, ui: Ui, log: Targets) -> Outcome<Self> {
        let search = connect::search_path(&global)?;
        let interrupts = Interrupts::default();
        Ok(Self { global, ui, search, log, clock: Arc::new(SystemClock), interrupts })
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
