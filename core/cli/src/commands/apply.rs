//! `skybridge apply`: look at the world, show what is to be done, ask, run, sum up.

use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plan::{Action, PlanOptions};
use skybridge_plugin_protocol::onboard::purpose;

use crate::app::App;
use crate::args::ApplyArgs;
use crate::commands::resume;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::record::RunKind;
use crate::render::diagnostics::show;
use crate::run::{New, Run};
use crate::session::{Observed, Session};
use crate::state::StateDir;

pub(crate) async fn run(app: &App, args: &ApplyArgs) -> Outcome {
    if !args.yes && !app.ui.can_ask() {
        let summary = "apply asks before it changes anything, and there is nobody to ask";
        return Err(Failure::usage(summary, "say --yes, or run it in a terminal"));
    }
    let checked = connect::check_file(&args.manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    let simulated = args.simulate.any();
    let state = StateDir::locate(app.global.state.as_deref(), Some(&args.manifest), simulated);
    if let Some(exit) = resume::go_on_first(app, &state, &args.simulate, args.max_in_flight).await?
    {
        return Ok(exit);
    }
    let doing = format!("apply {}", args.manifest.display());
    let session =
        Session::open(app, checked, &state, &args.simulate, &doing, Box::new(|_| ())).await?;
    let outcome = plan_and_run(app, args, &session).await;
    session.close().await;
    outcome
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
    let new = New {
        kind: RunKind::Apply,
        manifest: &args.manifest,
        simulate: &args.simulate,
        max_in_flight: args.max_in_flight,
    };
    Run::begin(app, session, &context, &new)?.execute(app, session, context).await
}
