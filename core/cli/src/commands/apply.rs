//! `skybridge apply`: look at the world, show what is to be done, ask, run, sum up.

use std::sync::Arc;
use std::time::Instant;

use skybridge_engine::{EngineError, Limits, RunId, RunOutcome, RunReport};
use skybridge_journal::{FileStore, RunState, Store};
use skybridge_manifest::Destination;
use skybridge_model::{Diagnostic, Entropy as _};
use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plan::{Action, Plan, PlanOptions};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::args::{ApplyArgs, SimulateArgs};
use crate::clock::SystemEntropy;
use crate::connect::{self, Checked};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::perform::{Context, Performer};
use crate::record::{RunDir, RunRecord};
use crate::render::{diagnostics::show, progress, summary};
use crate::session::{self, Session};
use crate::state::StateDir;

pub(crate) async fn run(app: &App, args: &ApplyArgs) -> Outcome {
    if !args.yes && !app.ui.can_ask() {
        let summary = "apply asks before it changes anything, and there is nobody to ask";
        return Err(Failure::usage(summary, "say --yes, or run it in a terminal"));
    }
    let checked = connect::check_file(&args.manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    supported(&checked)?;
    let simulated = args.simulate.any();
    let state = StateDir::locate(app.global.state.as_deref(), Some(&args.manifest), simulated);
    let doing = format!("apply {}", args.manifest.display());
    let session =
        Session::open(app, checked, &state, &args.simulate, &doing, Box::new(|_| ())).await?;
    let outcome = plan_and_run(app, args, &session).await;
    session.close().await;
    outcome
}

/// Refuses destinations that cannot be handed over to, before anything is made for them.
fn supported(checked: &Checked) -> Outcome<()> {
    for connector in &checked.manifest.connectors {
        if !matches!(connector.destination, Destination::Local | Destination::Manual) {
            let (kind, title) = connect::destination(&connector.destination);
            let summary = format!("handing over to {title} (`{kind}`) is not there yet");
            let diagnostic = Diagnostic::error("SKY-RUN-005", summary)
                .span(connector.destination_section.value_span("/kind"))
                .help("use kind = \"local\" or \"manual\"");
            return Err(Failure::manifest(diagnostic.into(), checked.text.clone()));
        }
    }
    Ok(())
}

async fn plan_and_run(app: &App, args: &ApplyArgs, session: &Session) -> Outcome {
    app.ui.say("looking at the world …");
    let context = session.describe(&PlanOptions::default()).await?;
    let context = session.observe(app, context).await?;
    if context.plan.errored() {
        show(&app.ui, &session::unseen(&context.plan), None);
        return Ok(Exit::Failed);
    }
    if context.plan.counts().of(Action::NoOp) == context.plan.len() {
        let count = context.plan.len();
        app.ui.out(|out| writeln!(out, "Nothing to do: all {count} steps are as planned."))?;
        return Ok(Exit::Done);
    }
    app.ui.out(|out| {
        let options =
            TextOptions { color: app.ui.color_out, width: app.ui.width, ..TextOptions::default() };
        view::text::write(&context.plan, &options, out)
    })?;
    if !args.yes && !app.ui.ask("\nDo it?")? {
        app.ui.say("nothing was done");
        return Ok(Exit::Done);
    }
    let run = new_run(app);
    let record = RunRecord::new(&run.to_string(), &args.manifest, app.clock.now(), &args.simulate);
    let plan = plan_bytes(&context.plan)?;
    let folder = RunDir::create(&session.state, &record, &session.checked.text, &plan)?;
    let store = FileStore::create(&folder.journal())
        .map_err(|error| session::engine_failure("starting the journal", &error))?;
    app.ui.say(format!("\nrun {run}"));
    let limits = limits(args.max_in_flight);
    let journal = Journal { store: Box::new(store), state: RunState::default() };
    execute(app, session, context, run, journal, &record, limits).await
}

/// A run's journal, and where it says the run stands.
pub(crate) struct Journal {
    pub(crate) store: Box<dyn Store>,
    pub(crate) state: RunState,
}

/// The caps of a run, with what the command line says.
pub(crate) fn limits(max_in_flight: Option<u32>) -> Limits {
    let default = Limits::default();
    Limits { in_flight: max_in_flight.unwrap_or(default.in_flight), ..default }
}

/// Run ids begin with their time, so that their order is the order of runs.
fn new_run(app: &App) -> RunId {
    let mut random = [0; 10];
    SystemEntropy.fill(&mut random);
    let now = u64::try_from(app.clock.now().as_millisecond()).unwrap_or(0);
    RunId::new(uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid())
}

fn plan_bytes(plan: &Plan) -> Outcome<Vec<u8>> {
    let mut bytes = Vec::new();
    view::json::write(plan, &mut bytes)
        .map_err(|error| Failure::io("writing down the plan", &error))?;
    Ok(bytes)
}

/// Runs the plan from wherever the journal is, and sums up.
pub(crate) async fn execute(
    app: &App,
    session: &Session,
    context: Context,
    run: RunId,
    journal: Journal,
    record: &RunRecord,
    limits: Limits,
) -> Outcome {
    let started = Instant::now();
    let context = Arc::new(context);
    let work = context.work(run);
    let cancel = CancellationToken::new();
    let (observer, events) = skybridge_engine::event_channel(work.steps.len());
    let watching = tokio::spawn(progress::watch(app.ui, events));
    let interrupts = tokio::spawn(interrupts(app.ui, cancel.clone()));
    let surroundings = skybridge_engine::Context {
        store: journal.store,
        clock: Arc::clone(&app.clock),
        cancel,
        observer: Box::new(observer),
        limits,
    };
    let runner = Arc::new(Performer(context));
    let report = skybridge_engine::run(work, journal.state, runner, surroundings).await;
    interrupts.abort();
    // It ends with its events, which ended with the run.
    drop(watching.await);
    let report = report.map_err(|error: EngineError| session::engine_failure("running", &error))?;
    finish(app, session, &report, started.elapsed().as_secs_f64(), record)
}

fn finish(
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
    show(&app.ui, &summary::failures(report), None);
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

/// The first Ctrl-C drains; the second ends the process, and the journal says what was intended.
async fn interrupts(ui: crate::ui::Ui, cancel: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    ui.say("\nfinishing what is under way; Ctrl-C again stops at once");
    cancel.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        ui.say("stopped; `skybridge resume` goes on");
        #[expect(clippy::exit, reason = "the user asked for it twice")]
        std::process::exit(i32::from(Exit::Stuck as u8));
    }
}
