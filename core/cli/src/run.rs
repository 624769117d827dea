//! Runs a plan from wherever its journal stands, shows how it goes, and sums up.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use skybridge_engine::{Limits, RunId, RunOutcome, RunReport};
use skybridge_journal::{Compaction, RunState, Store};
use skybridge_model::Entropy as _;

use crate::app::App;
use crate::args::SimulateArgs;
use crate::clock::SystemEntropy;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::perform::{Context, Performer};
use crate::record::{RunDir, RunKind, RunRecord};
use crate::render::{diagnostics::show, failures::diagnose, progress, summary, taken_back};
use crate::session::{Session, engine_failure};
use crate::undo;
use crate::witness::Audited;

/// One run, new or taken up again.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) record: RunRecord,
    /// Its journal.
    pub(crate) store: Box<dyn Store>,
    /// Where the journal says it stands.
    pub(crate) state: RunState,
    pub(crate) limits: Limits,
}

/// What a new run is to be.
pub(crate) struct New<'a> {
    pub(crate) kind: RunKind,
    pub(crate) manifest: &'a Path,
    pub(crate) simulate: &'a SimulateArgs,
    pub(crate) max_in_flight: Option<u32>,
}

/// Run ids begin with their time, so that their order is the order of runs.
fn new_id(app: &App) -> RunId {
    let mut random = [0; 10];
    SystemEntropy.fill(&mut random);
    let now = u64::try_from(app.clock.now().as_millisecond()).unwrap_or(0);
    RunId::new(uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid())
}

/// The caps of a run, with what the command line says.
pub(crate) fn limits(max_in_flight: Option<u32>) -> Limits {
    let default = Limits::default();
    Limits { in_flight: max_in_flight.unwrap_or(default.in_flight), ..default }
}

impl Run {
    /// Writes a new run of the context's plan down.
    pub(crate) fn begin(
        app: &App,
        session: &Session,
        context: &Context,
        new: &New<'_>,
    ) -> Outcome<Self> {
        let id = new_id(app);
        let name = id.to_string();
        let record = RunRecord::new(&name, new.kind, new.manifest, app.clock.now(), new.simulate);
        let mut plan = Vec::new();
        skybridge_plan::view::json::write(&context.plan, &mut plan)
            .map_err(|error| Failure::io("writing down the plan", &error))?;
        let store = RunDir::create(&session.state, &record, &session.checked.text, &plan)?;
        app.ui.say(format!("\nrun {id}"));
        let (store, state) = (Box::new(store), RunState::default());
        Ok(Self { id, record, store, state, limits: limits(new.max_in_flight) })
    }

    /// Runs to the end, or to where Ctrl-C stops it.
    pub(crate) async fn execute(self, app: &App, session: &Session, context: Context) -> Outcome {
        let Self { id, record, store, state, limits } = self;
        let started = Instant::now();
        let context = Arc::new(Context { rotates: record.kind == RunKind::Rotate, ..context });
        let work = context.work(id);
        let (observer, events) = skybridge_engine::event_channel(work.steps.len());
        let watching = tokio::spawn(progress::watch(app.ui, events));
        let surroundings = skybridge_engine::Context {
            store: Box::new(Audited::new(store, &session.recorder)),
            clock: Arc::clone(&app.clock),
            cancel: app.interrupts.begin(app.ui),
            observer: Box::new(observer),
            limits,
        };
        session.recorder.begin(&id.to_string(), &state);
        let runner = Arc::new(Performer(Arc::clone(&context)));
        let report = skybridge_engine::run(work, state, runner, surroundings).await;
        app.interrupts.end();
        // It ends with its events, which ended with the run.
        drop(watching.await);
        let report = report.map_err(|error| engine_failure("running", &error))?;
        let seconds = started.elapsed().as_secs_f64();
        let ended = Ended { app, session, report: &report, seconds, record: &record };
        let outcome = match record.kind {
            RunKind::Apply | RunKind::Rotate => ended.connected(),
            RunKind::Offboard => ended.taken_back(&context).await,
        };
        session.recorder.tell_head();
        ended.compact(id);
        outcome
    }
}

/// A run that has ended, or was stopped.
struct Ended<'a> {
    app: &'a App,
    session: &'a Session,
    report: &'a RunReport,
    seconds: f64,
    record: &'a RunRecord,
}

impl Ended<'_> {
    fn connected(&self) -> Outcome {
        let Self { app, session, report, seconds, record } = *self;
        let mut connections = Vec::new();
        for connector in &session.checked.manifest.connectors {
            connections.extend(Connection::load(&session.state, &connector.name)?);
        }
        let simulate = simulate_words(&record.simulate_args());
        let place = summary::Where {
            manifest: &record.manifest,
            state: &session.state,
            identity: &session.identity,
            simulate: &simulate,
            done: if record.kind == RunKind::Rotate { "Rotated" } else { "Connected" },
        };
        app.ui.out(|out| summary::run(&app.ui, report, seconds, &connections, &place, out))?;
        show(&app.ui, &diagnose(&report.failures, "SKY-RUN-003"), None);
        Ok(match report.outcome {
            RunOutcome::Done => Exit::Done,
            RunOutcome::Failed { .. } => {
                let word = record.kind.word();
                app.ui.say(format!("what succeeded stays; mend the cause and {word} again"));
                Exit::Failed
            }
            RunOutcome::Interrupted => self.interrupted(),
            RunOutcome::Stuck { .. } => Exit::Stuck,
        })
    }

    async fn taken_back(&self, context: &Context) -> Outcome {
        let Self { app, report, seconds, record, .. } = *self;
        let unproved = match report.outcome {
            RunOutcome::Done => undo::unproved(context).await,
            _ => Vec::new(),
        };
        let (plan, ui) = (&context.plan, &app.ui);
        ui.out(|out| taken_back::run(ui, report, seconds, plan, &unproved, out))?;
        show(ui, &diagnose(&report.failures, "SKY-RUN-009"), None);
        Ok(match report.outcome {
            RunOutcome::Done => Exit::Done,
            RunOutcome::Interrupted => self.interrupted(),
            RunOutcome::Failed { .. } | RunOutcome::Stuck { .. } => {
                let (manifest, args) = (&record.manifest, simulate_words(&record.simulate_args()));
                ui.say(format!(
                    "mend the cause, or remove what remains by hand, which counts as gone; then \
                     `skybridge offboard {manifest}{args}` goes on with what is left"
                ));
                Exit::Stuck
            }
        })
    }

    /// A journal that retries made long is read by every later command.
    fn compact(&self, id: RunId) {
        if self.report.outcome == RunOutcome::Interrupted {
            return;
        }
        let folder = RunDir::open(self.session.state.path(), &id.to_string());
        match folder.map(|folder| skybridge_journal::compact(&folder.journal())) {
            Some(Ok(done)) => log_compaction(&done),
            Some(Err(error)) => tracing::warn!(%error, "the journal is not compacted"),
            None => {}
        }
    }

    fn interrupted(&self) -> Exit {
        let (run, state) = (self.report.run, self.session.state.path().display());
        self.app.ui.say(format!("go on with: skybridge resume {run} --state {state}"));
        Exit::Stuck
    }
}

pub(crate) fn log_compaction(compaction: &Compaction) {
    match compaction {
        Compaction::Needless => {}
        Compaction::Done { before, after } => {
            tracing::info!(before, after, "the journal was compacted");
        }
        Compaction::Failed(error) => tracing::warn!(%error, "the journal is not compacted"),
    }
}

/// The words that repeat a rehearsal's place on the command line.
fn simulate_words(args: &SimulateArgs) -> String {
    match &args.simulator {
        Some(url) => format!(" --simulator {url}"),
        None if args.simulate => " --simulate".to_owned(),
        None => String::new(),
    }
}
