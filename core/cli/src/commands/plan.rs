//! `skybridge plan`: the graph, in the form that is asked for.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use skybridge_host::{NoVault, NoWitness};
use skybridge_model::Diagnostics;
use skybridge_plan::view::{
    self,
    text::{Detail, TextOptions},
};
use skybridge_plan::{Plan, PlanOptions, Selector};

use skybridge_plugin_protocol::onboard::purpose;

use crate::app::App;
use crate::args::{PlanArgs, PlanFormat};
use crate::commands::offboard;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::record;
use crate::render::diagnostics::show;
use crate::session::{self, Asked, Observed, Session};
use crate::state::StateDir;
use crate::ui::Ui;

pub(crate) async fn run(app: &App, args: &PlanArgs) -> Outcome {
    let options = options(args)?;
    let checked = connect::check_file(&args.manifest, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    let simulated = args.simulate.any();
    let state = StateDir::locate(app.global.state.as_deref(), Some(&args.manifest), simulated);
    let mut stuck = None;
    // What runs have made is taken away as their journals say. Without any run, as it was planned to
    // be there.
    let (plan, unseen) = if taken_back(args, &state) {
        (offboard::plan(&checked, &state, &args.simulate, false)?, Diagnostics::new())
    } else if args.offline || args.destroy {
        (offline(app, &checked, &options).await?, Diagnostics::new())
    } else {
        let doing = format!("plan {}", args.manifest.display());
        let session =
            Session::open(app, checked, &state, &args.simulate, &doing, Box::new(|_| ())).await?;
        let looked = look(app, &session, &options).await;
        session.close().await;
        let (plan, unseen, findings) = looked?;
        stuck = findings;
        (plan, unseen)
    };
    match &args.out {
        Some(path) => {
            let mut file = fs_err::File::create(path)
                .map(std::io::BufWriter::new)
                .map_err(|error| Failure::io("writing the plan", &error))?;
            write(&app.ui, args, &plan, &mut file)
                .and_then(|()| file.flush())
                .map_err(|error| Failure::io("writing the plan", &error))?;
        }
        None => app.ui.out(|out| write(&app.ui, args, &plan, out))?,
    }
    show(&app.ui, &unseen, None);
    if let Some(failure) = stuck {
        return Err(failure);
    }
    Ok(if plan.errored() {
        Exit::Failed
    } else if args.detailed_exit_code && plan.has_changes() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Whether the journals of runs say what there is to take away. A part of it is only ever planned.
fn taken_back(args: &PlanArgs, state: &Path) -> bool {
    let whole = args.only.is_empty() && args.upto.is_none();
    args.destroy && whole && !args.offline && !record::runs(state).is_empty()
}

/// The plan as the world is, why steps could not be looked at, and what would stop the writes: that
/// is told after the plan, which is shown all the same.
async fn look(
    app: &App,
    session: &Session,
    options: &PlanOptions,
) -> Outcome<(Plan, Diagnostics, Option<Box<Failure>>)> {
    let context = session.describe(app, purpose::CONNECT, options).await?;
    let Observed { context, unseen } = session.observe(app, context).await?;
    let stuck = session.preflight(app, &context).await.err();
    Ok((context.plan, unseen, stuck))
}

fn options(args: &PlanArgs) -> Outcome<PlanOptions> {
    let parse = |text: &String| {
        Selector::parse(text).map_err(|error| {
            let help = "write an address or its beginning: contoso.role-assignment";
            Failure::usage(error.to_string(), help)
        })
    };
    Ok(PlanOptions {
        only: args.only.iter().map(parse).collect::<Result<_, _>>()?,
        upto: args.upto.as_ref().map(parse).transpose()?,
        destroy: args.destroy,
    })
}

/// The plan without network, credentials or a state directory.
async fn offline(app: &App, checked: &connect::Checked, options: &PlanOptions) -> Outcome<Plan> {
    let surroundings = app.surroundings(Arc::new(NoVault), Arc::new(NoWitness));
    let instances = connect::open(checked, &surroundings, &std::collections::BTreeMap::new())?;
    session::describe(checked, &instances, &Asked::default(), options).await
}

fn write(ui: &Ui, args: &PlanArgs, plan: &Plan, out: &mut dyn Write) -> std::io::Result<()> {
    match args.format {
        PlanFormat::Text => {
            let options = TextOptions {
                detail: if args.verbose { Detail::Full } else { Detail::Brief },
                color: ui.color_out && args.out.is_none(),
                width: ui.width,
                ..TextOptions::default()
            };
            view::text::write(plan, &options, out)
        }
        PlanFormat::Json => view::json::write(plan, out),
        PlanFormat::Dot => view::dot::write(plan, out),
        PlanFormat::Mermaid => view::mermaid::write(plan, out),
    }
}
