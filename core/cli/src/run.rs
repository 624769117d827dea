//! Runs a plan from wherever its journal stands, shows how it goes, and sums up.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use skybridge_engine::{Limits, RunId, RunOutcome, RunReport, Runner};
use skybridge_journal::{Compaction, RunState, Store};

use crate::app::App;
use crate::args::{LimitArgs, SimulateArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::inject::Inject;
use crate::live;
use crate::perform::{Context, Performer};
use crate::put_back;
use crate::record::{RunDir, RunKind, RunRecord};
use crate::render::progress::Watch;
use crate::render::progress::board::Board;
use crate::render::progress::chart::{Chart, HasPlan};
use crate::render::{diagnostics::show, failures::diagnose, summary, taken_back};
use crate::session::{Session, engine_failure};
use crate::spans::{Closing, Spans};
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
    /// What goes wrong on purpose.
    pub(crate) inject: Inject,
    /// Records its journal holds.
    pub(crate) records: u64,
}

/// What a new run is to be.
pub(crate) struct New<'a> {
    pub(crate) kind: RunKind,
    pub(crate) manifest: &'a Path,
    pub(crate) simulate: &'a SimulateArgs,
    pub(crate) limits: &'a LimitArgs,
    pub(crate) inject: &'a Inject,
}

/// Run ids begin with their time, so that their order is the order of runs.
fn new_id(app: &App) -> RunId {
    let mut random = [0; 10];
    app.entropy.fill(&mut random);
    let now = u64::try_from(app.clock.now().as_millisecond()).unwrap_or(0);
    RunId::new(uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid())
}

/// The caps of a run, with what the command line says.
pub(crate) fn limits(args: &LimitArgs) -> Limits {
    let default = Limits::default();
    let limits = Limits {
        in_flight: args.max_in_flight.unwrap_or(default.in_flight),
        in_flight_per_domain: args.max_per_domain.unwrap_or(default.in_flight_per_domain),
        call_deadline: args.call_deadline.unwrap_or(default.call_deadline),
        ..default
    };
    args.retry_for.map_or(limits, |budget| limits.trying_for(budget))
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
        new.inject.check(context, id)?;
        let name = id.to_string();
        let record = RunRecord::new(&name, new.kind, new.manifest, app.clock.now(), new.simulate);
        let mut plan = Vec::new();
        skybridge_plan::view::json::write(&context.plan, &mut plan)
            .map_err(|error| Failure::io("writing down the plan", &error))?;
        let store = RunDir::create(&session.state, &record, &session.checked.text, &plan)?;
        app.ui.say(format!("\nrun {id}"));
        let (store, state) = (Box::new(store), RunState::default());
        let (limits, inject) = (limits(new.limits), new.inject.clone());
        Ok(Self { id, record, store, state, limits, inject, records: 0 })
    }

    /// Runs to the end, or to where Ctrl-C stops it.
    pub(crate) async fn execute(self, app: &App, session: &Session, context: Context) -> Outcome {
        let Self { id, record, store, state, limits, inject, records } = self;
        let started = Instant::now();
        let context = Arc::new(Context { rotates: record.kind == RunKind::Rotate, ..context });
        let work = context.work(id);
        let (observer, events) = skybridge_engine::event_channel(work.steps.len());
        let addresses = work.steps.iter().map(|step| step.address.clone());
        let chart = Chart::new(Arc::clone(&context) as Arc<dyn HasPlan>, addresses);
        let watch = watch(app, session, &record, chart, &state)?;
        let watching = tokio::spawn(watch.run(events));
        let spans = Spans::begin(&record.run, record.kind.word(), work.steps.len());
        let runner: Arc<dyn Runner> = Arc::new(Performer(Arc::clone(&context), spans.clone()));
        let (runner, store) = inject.around(runner, store, records, &app.abort);
        let surroundings = skybridge_engine::Context {
            store: Box::new(Audited::new(store, &session.recorder)),
            clock: Arc::clone(&app.clock),
            cancel: app.interrupts.begin(app.ui),
            observer: Box::new(Closing(spans.clone(), observer)),
            limits,
        };
        session.recorder.begin(&id.to_string(), &state);
        let report = (app.drive)(work, state, runner, surroundings).await;
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
        ended.tell_standing(id);
        ended.compact(id);
        outcome
    }
}

/// Whoever watches the run, from where its journal says it stands.
fn watch(
    app: &App,
    session: &Session,
    record: &RunRecord,
    chart: Chart,
    state: &RunState,
) -> Outcome<Watch> {
    let folder = RunDir::open(session.state.path(), &record.run)
        .ok_or_else(|| Failure::usage(format!("there is no run `{}`", record.run), ""))?;
    Ok(Watch {
        ui: app.ui,
        clock: Arc::clone(&app.clock),
        board: Board::new(chart, state, app.clock.now()),
        live: live::Writer::new(folder.path(), &record.run, session.holder.clone()),
        told: app.watchers.begin(),
    })
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

    /// What was changed for the time of the run only and was not put back.
    fn tell_standing(&self, id: RunId) {
        let Self { app, session, report, record, .. } = *self;
        if report.outcome == RunOutcome::Done {
            return;
        }
        let place = session.state.path();
        let Some(folder) = RunDir::open(place, &id.to_string()) else { return };
        let Ok((state, _)) = skybridge_journal::load(&folder.journal()) else { return };
        let standing = put_back::standing(place, &folder, record, &state);
        let ended = report.outcome != RunOutcome::Interrupted;
        put_back::tell(&app.ui, &standing, record, ended);
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
pub(crate) fn simulate_words(args: &SimulateArgs) -> String {
    match &args.simulator {
        Some(url) => format!(" --simulator {url}"),
        None if args.simulate => " --simulate".to_owned(),
        None => String::new(),
    }
}
