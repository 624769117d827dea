//! `skybridge apply`: look at the world, show what is to be done, ask, run, sum up.

use std::path::Path;

use skybridge_engine::RunId;
use skybridge_journal::RunState;
use skybridge_manifest::Destination;
use skybridge_model::{Diagnostic, Entropy as _};
use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plan::{Action, Plan, PlanOptions};
use skybridge_plugin_protocol::onboard::purpose;

use crate::app::App;
use crate::args::ApplyArgs;
use crate::clock::SystemEntropy;
use crate::commands::resume;
use crate::connect::{self, Checked};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::record::{self, RunDir, RunRecord};
use crate::render::diagnostics::show;
use crate::run::{Run, limits};
use crate::session::{Observed, Session};
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
    go_on_first(app, args, &state).await?;
    let doing = format!("apply {}", args.manifest.display());
    let session =
        Session::open(app, checked, &state, &args.simulate, &doing, Box::new(|_| ())).await?;
    let outcome = plan_and_run(app, args, &session).await;
    session.close().await;
    outcome
}

/// A run that a crash cut short is gone on with before anything new is planned: its journal alone
/// knows what was begun.
async fn go_on_first(app: &App, args: &ApplyArgs, state: &Path) -> Outcome<()> {
    let Some((run, folder)) = record::unfinished(state) else { return Ok(()) };
    if !folder.record()?.same_world(&args.simulate) {
        app.ui.say(format!("run {run} on another cloud has not ended; `skybridge resume {run}`"));
        return Ok(());
    }
    app.ui.say(format!("run {run} has not ended: going on with it first"));
    // However it ends: what is left of it is part of the world that is looked at next.
    resume::resume(app, state, &folder, args.max_in_flight).await?;
    Ok(())
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
    let context = session.describe(app, purpose::CONNECT, &PlanOptions::default()).await?;
    let Observed { context, unseen } = session.observe(app, context).await?;
    if !unseen.is_empty() {
        show(&app.ui, &unseen, None);
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
    session.preflight(app, &context).await?;
    if !args.yes && !app.ui.ask("\nDo it?")? {
        app.ui.say("nothing was done");
        return Ok(Exit::Done);
    }
    let run = new_run(app);
    let record = RunRecord::new(&run.to_string(), &args.manifest, app.clock.now(), &args.simulate);
    let plan = plan_bytes(&context.plan)?;
    let store = RunDir::create(&session.state, &record, &session.checked.text, &plan)?;
    app.ui.say(format!("\nrun {run}"));
    let run = Run {
        id: run,
        record,
        store: Box::new(store),
        state: RunState::default(),
        limits: limits(args.max_in_flight),
    };
    run.execute(app, session, context).await
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
