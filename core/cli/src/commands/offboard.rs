//! `skybridge offboard`: take back what the runs of the state directory made, last first, and prove
//! that nothing of it is left.

use std::collections::BTreeSet;
use std::path::Path;

use skybridge_plan::Plan;
use skybridge_plan::view::{self, text::TextOptions};
use skybridge_plugin_protocol::manifest::capability;

use crate::app::App;
use crate::args::{OffboardArgs, SimulateArgs};
use crate::commands::resume;
use crate::connect::{self, Checked};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::made;
use crate::record::{self, RunKind};
use crate::render::{diagnostics::show, taken_back};
use crate::run::{New, Run};
use crate::session::Session;
use crate::state::StateDir;

pub(crate) async fn run(app: &App, args: &OffboardArgs) -> Outcome {
    if !args.yes && !app.ui.can_ask() {
        let summary = "offboard asks before it removes anything, and there is nobody to ask";
        return Err(Failure::usage(summary, "say --yes, or run it in a terminal"));
    }
    let checked = connect::check_file(&args.manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    connect::require(&checked, capability::ONBOARD)?;
    let simulated = args.simulate.any();
    let state = StateDir::locate(app.global.state.as_deref(), Some(&args.manifest), simulated);
    if let Some(exit) = resume::go_on_first(app, &state, &args.simulate, args.max_in_flight).await?
    {
        return Ok(exit);
    }
    if record::runs(&state).is_empty() {
        app.ui.say(format!("no run in {} made anything", state.display()));
        app.ui.out(|out| taken_back::nothing_is_left(&app.ui, &Plan::default(), out))?;
        return Ok(Exit::Done);
    }
    let doing = format!("offboard {}", args.manifest.display());
    let session =
        Session::open(app, checked, &state, &args.simulate, &doing, Box::new(|_| ())).await?;
    let outcome = plan_and_run(app, args, &session).await;
    session.close().await;
    outcome
}

/// The plan of what is taken back for a manifest.
pub(crate) fn plan(
    checked: &Checked,
    state: &Path,
    simulate: &SimulateArgs,
    purge: bool,
) -> Outcome<Plan> {
    let names: BTreeSet<&str> =
        checked.manifest.connectors.iter().map(|connector| connector.name.as_str()).collect();
    made::plan(state, simulate, &names, purge)
}

async fn plan_and_run(app: &App, args: &OffboardArgs, session: &Session) -> Outcome {
    let plan = plan(&session.checked, session.state.path(), &args.simulate, args.purge)?;
    if plan.is_empty() {
        app.ui.out(|out| taken_back::nothing_is_left(&app.ui, &plan, out))?;
        return Ok(Exit::Done);
    }
    app.ui.out(|out| {
        let options =
            TextOptions { color: app.ui.color_out, width: app.ui.width, ..TextOptions::default() };
        view::text::write(&plan, &options, out)
    })?;
    if !args.yes && !app.ui.ask("\nTake all of it away?")? {
        app.ui.say("nothing was done");
        return Ok(Exit::Done);
    }
    let new = New {
        kind: RunKind::Offboard,
        manifest: &args.manifest,
        simulate: &args.simulate,
        max_in_flight: args.max_in_flight,
    };
    let context = session.context(plan);
    Run::begin(app, session, &context, &new)?.execute(app, session, context).await
}
