//! `skybridge rotate`: a new credential, proved, handed over; then the old one is removed.

use skybridge_plan::PlanOptions;
use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plugin_protocol::manifest::capability;
use skybridge_plugin_protocol::onboard::purpose;

use crate::app::App;
use crate::args::ApplyArgs;
use crate::commands::resume;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::inject::Inject;
use crate::record::RunKind;
use crate::render::diagnostics::show;
use crate::run::{New, Run};
use crate::session::Session;
use crate::state::StateDir;

pub(crate) async fn run(app: &App, args: &ApplyArgs) -> Outcome {
    if !args.yes && !app.ui.can_ask() {
        let summary = "rotate asks before it changes anything, and there is nobody to ask";
        return Err(Failure::usage(summary, "say --yes, or run it in a terminal"));
    }
    let inject = Inject::read(&args.inject, args.simulate.any())?;
    let checked = connect::check_file(&args.manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    connect::require(&checked, capability::ROTATE)?;
    let simulated = args.simulate.any();
    let state = StateDir::locate(app.global.state.as_deref(), Some(&args.manifest), simulated);
    if let Some(exit) = resume::go_on_first(app, &state, &args.simulate, &args.limits).await? {
        return Ok(exit);
    }
    let doing = format!("rotate {}", args.manifest.display());
    let session = Session::open(app, checked, &state, &args.simulate, &doing).await?;
    let outcome = plan_and_run(app, args, &session, inject).await;
    session.close().await;
    outcome
}

async fn plan_and_run(app: &App, args: &ApplyArgs, session: &Session, inject: Inject) -> Outcome {
    // Nothing is looked at first: whatever is there, the credential is made anew.
    let context = session.describe(app, purpose::ROTATE, &PlanOptions::default()).await?;
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
        kind: RunKind::Rotate,
        manifest: &args.manifest,
        simulate: &args.simulate,
        limits: &args.limits,
        inject: &inject,
    };
    Run::begin(app, session, &context, &new)?.execute(app, session, context).await
}
