//! `--inject`: faults on purpose, in rehearsals only.

use std::path::Path;
use std::sync::Arc;

use skybridge_engine::inject::{Abort, CrashingStore, FaultyRunner};
use skybridge_engine::{Faults, RunId, Runner};
use skybridge_journal::{JournalReader, Store};
use skybridge_model::Diagnostics;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::perform::Context;
use crate::session::engine_failure;

/// What is to go wrong in a run, if anything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inject(Arc<Faults>);

impl Inject {
    /// Reads what the command line says. Nothing ever goes wrong on purpose in a real cloud.
    pub(crate) fn read(texts: &[String], simulated: bool) -> Outcome<Self> {
        if !texts.is_empty() && !simulated {
            let summary = "--inject makes things go wrong, and this is not a rehearsal";
            let help = "add --simulate or --simulator URL, or leave --inject away";
            return Err(Failure::usage(summary, help));
        }
        let (faults, wrong) = Faults::parse(texts.iter().map(String::as_str));
        refuse(wrong)?;
        Ok(Self(Arc::new(faults)))
    }

    /// Refuses faults at steps for which the run has nothing to do: they would never strike.
    pub(crate) fn check(&self, context: &Context, run: RunId) -> Outcome<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let work = context.work(run);
        let to_do = work.steps.iter().filter(|step| step.settled.is_none());
        refuse(self.0.check(to_do.map(|step| &step.address)))
    }

    /// The runner and the journal, which holds `records` records, with faults around them.
    pub(crate) fn around(
        self,
        runner: Arc<dyn Runner>,
        store: Box<dyn Store>,
        records: u64,
        abort: &Abort,
    ) -> (Arc<dyn Runner>, Box<dyn Store>) {
        if self.0.is_empty() {
            return (runner, store);
        }
        let runner = FaultyRunner::new(runner, Arc::clone(&self.0), Arc::clone(abort));
        let store = CrashingStore::new(store, records, self.0, Arc::clone(abort));
        (Arc::new(runner), Box::new(store))
    }
}

fn refuse(wrong: Diagnostics) -> Outcome<()> {
    if wrong.has_errors() {
        return Err(Box::new(Failure { exit: Exit::Usage, diagnostics: wrong, source: None }));
    }
    Ok(())
}

/// How many records a journal holds.
pub(crate) fn records(journal: &Path) -> Outcome<u64> {
    let count = || {
        let mut reader = JournalReader::open(journal)?;
        let mut count = 0;
        while reader.next_event()?.is_some() {
            count += 1;
        }
        Ok::<u64, skybridge_journal::ReadError>(count)
    };
    count().map_err(|error| engine_failure("reading the journal", &error))
}
