//! `skybridge apply PLAN`: exactly the plan that was saved and reviewed, or nothing.
//!
//! The plan is made again, from the manifest it carries, and compared. Only when both say the same is
//! the saved one run; its digest is then that of the run's plan.

use std::path::{Path, PathBuf};

use skybridge_plan::{Action, Origin, Plan};
use skybridge_plugin_protocol::onboard::purpose;

use crate::app::App;
use crate::args::{ApplyArgs, SimulateArgs};
use crate::commands::{apply, offboard, resume};
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::inject::Inject;
use crate::record::RunKind;
use crate::render::diagnostics::show;
use crate::run::{New, Run, simulate_words};
use crate::saved;
use crate::session::{Observed, Session};
use crate::state::StateDir;

/// What applying a plan needs to know besides the plan.
struct Saved<'a> {
    args: &'a ApplyArgs,
    origin: &'a Origin,
    manifest: PathBuf,
    simulate: SimulateArgs,
    inject: Inject,
}

pub(crate) async fn run(app: &App, args: &ApplyArgs, plan: &Plan) -> Outcome {
    let origin = saved::usable(plan, &args.manifest)?;
    let simulate = saved::simulate_args(origin);
    let said = &args.simulate;
    if said.any() && (said.simulate, &said.simulator) != (simulate.simulate, &simulate.simulator) {
        let summary = "the plan was made for another cloud than the command line names";
        return Err(Failure::usage(
            summary,
            "leave --simulate and --simulator away: the plan knows",
        ));
    }
    let inject = Inject::read(&args.inject, simulate.any())?;
    let folder = saved::folder(origin, &args.manifest);
    let manifest = saved::manifest(origin, &folder);
    let (name, text) = (&origin.manifest.path, origin.manifest.text.as_bytes());
    let checked = connect::check(name, text, folder, &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    let state = state(app, origin, &manifest, simulate.any());
    if let Some(exit) = resume::go_on_first(app, &state, &simulate, &args.limits).await? {
        return Ok(exit);
    }
    let doing = format!("apply {}", args.manifest.display());
    let session = Session::open(app, checked, &state, &simulate, &doing).await?;
    let saved = Saved { args, origin, manifest, simulate, inject };
    let outcome = saved.compare_and_run(app, &session, plan).await;
    session.close().await;
    outcome
}

/// `--state`, or where the plan was made, or beside the manifest when that is not on this machine.
fn state(app: &App, origin: &Origin, manifest: &Path, simulated: bool) -> PathBuf {
    let made = PathBuf::from(&origin.state);
    match &app.global.state {
        None if made.is_dir() => made,
        said => StateDir::locate(said.as_deref(), Some(manifest), simulated),
    }
}

impl Saved<'_> {
    async fn compare_and_run(&self, app: &App, session: &Session, plan: &Plan) -> Outcome {
        app.ui.say("looking whether the plan still holds …");
        let mut lines = saved::changed_around(self.origin, &session.checked, &self.manifest);
        let Some(now) = self.plan_again(app, session, plan).await? else { return Ok(Exit::Failed) };
        lines.extend(saved::changed_world(&skybridge_plan::diff(plan, &now)));
        if !lines.is_empty() {
            return Err(saved::stale(self.origin, &lines, &self.again()));
        }
        if !plan.has_changes() && plan.counts().of(Action::NoOp) == plan.len() {
            let count = plan.len();
            app.ui.out(|out| writeln!(out, "Nothing to do: all {count} steps are as planned."))?;
            return Ok(Exit::Done);
        }
        apply::print(app, plan)?;
        let context = session.context(plan.clone());
        if !plan.destroys() {
            session.preflight(app, &context).await?;
        }
        if !self.args.yes && !app.ui.ask("\nDo it?")? {
            app.ui.say("nothing was done");
            return Ok(Exit::Done);
        }
        let new = New {
            kind: if plan.destroys() { RunKind::Offboard } else { RunKind::Apply },
            manifest: &self.manifest,
            simulate: &self.simulate,
            limits: &self.args.limits,
            inject: &self.inject,
        };
        Run::begin(app, session, &context, &new)?.execute(app, session, context).await
    }

    /// The same plan as it would be made now; nothing when the world could not be looked at, which
    /// is shown.
    async fn plan_again(&self, app: &App, session: &Session, plan: &Plan) -> Outcome<Option<Plan>> {
        if plan.destroys() {
            let state = session.state.path();
            return offboard::plan(&session.checked, state, &self.simulate, false).map(Some);
        }
        let options = saved::options(self.origin)?;
        let context = session.describe(app, purpose::CONNECT, &options).await?;
        let Observed { context, unseen } = session.observe(app, context).await?;
        show(&app.ui, &unseen, None);
        Ok(unseen.is_empty().then_some(context.plan))
    }

    /// The command that makes such a plan.
    fn again(&self) -> String {
        let mut command = format!("skybridge plan {}", self.manifest.display());
        command.push_str(&simulate_words(&self.simulate));
        command.push_str(&format!(" --out {}", self.args.manifest.display()));
        command
    }
}
