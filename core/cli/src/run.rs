//! Runs a plan from wherever its journal stands, shows how it goes, and sums up.

use std::sync::Arc;
use std::time::Instant;

use skybridge_engine::{Limits, RunId, RunOutcome, RunReport};
use skybridge_journal::{RunState, Store};

use crate::app::App;
use crate::args::SimulateArgs;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::handover::Connection;
use crate::perform::{Context, Performer};
use crate::record::RunRecord;
use crate::render::{diagnostics::show, failures::diagnose, progress, summary};
use crate::session::{Session, engine_failure};

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

/// The caps of a run, with what the command line says.
pub(crate) fn limits(max_in_flight: Option<u32>) -> Limits {
    let default = Limits::default();
    Limits { in_flight: max_in_flight.unwrap_or(default.in_flight), ..default }
}

impl Run {
    /// Runs to the end, or to where Ctrl-C stops it.
    pub(crate) async fn execute(self, app: &App, session: &Session, context: Context) -> Outcome {
        let Self { id, record, store, state, limits } = self;
        let started = Instant::now();
        let context = Arc::new(context);
        let work = context.work(id);
        let (observer, events) = skybridge_engine::event_channel(work.steps.len());
        let watching = tokio::spawn(progress::watch(app.ui, events));
        let surroundings = skybridge_engine::Context {
            store,
            clock: Arc::clone(&app.clock),
            cancel: app.interrupts.begin(app.ui),
            observer: Box::new(observer),
            limits,
        };
        let runner = Arc::new(Performer(context));
        let report = skybridge_engine::run(work, state, runner, surroundings).await;
        app.interrupts.end();
        // It ends with its events, which ended with the run.
        drop(watching.await);
        let report = report.map_err(|error| engine_failure("running", &error))?;
        sum_up(app, session, &report, started.elapsed().as_secs_f64(), &record)
    }
}

fn sum_up(
    app: &App,
    session: &Session,
    report: &RunReport,
    seconds: f64,
    record: &RunRecord,
) -> Outcome {
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
    };
    app.ui.out(|out| summary::run(&app.ui, report, seconds, &connections, &place, out))?;
    show(&app.ui, &diagnose(&report.failures, "SKY-RUN-003"), None);
    let state = session.state.path().display();
    Ok(match report.outcome {
        RunOutcome::Done => Exit::Done,
        RunOutcome::Failed { .. } => {
            app.ui.say("what succeeded stays; mend the cause and apply again");
            Exit::Failed
        }
        RunOutcome::Interrupted => {
            app.ui.say(format!("go on with: skybridge resume {} --state {state}", report.run));
            Exit::Stuck
        }
        RunOutcome::Stuck { .. } => Exit::Stuck,
    })
}

/// The words that repeat a rehearsal's place on the command line.
fn simulate_words(args: &SimulateArgs) -> String {
    match &args.simulator {
        Some(url) => format!(" --simulator {url}"),
        None if args.simulate => " --simulate".to_owned(),
        None => String::new(),
    }
}
