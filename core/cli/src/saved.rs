//! A plan as a file: what it was made from, whether it can be applied, and whether it still holds.

use std::path::{Path, PathBuf};

use skybridge_model::{Diagnostic, Timestamp};
use skybridge_plan::diff::{Diff, Gained, StepDiff};
use skybridge_plan::{Action, Origin, Plan, PlanOptions, v1};

use crate::app::App;
use crate::args::{PlanArgs, SimulateArgs};
use crate::connect::Checked;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// What a plan is made from that is made now.
pub(crate) fn origin(app: &App, args: &PlanArgs, checked: &Checked, state: &Path) -> Origin {
    let absolute = |path: &Path| fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = |path: PathBuf| path.display().to_string();
    Origin {
        made: whole_second(app.clock.now()).to_string(),
        skybridge: env!("CARGO_PKG_VERSION").to_owned(),
        manifest: v1::Manifest {
            path: args.manifest.display().to_string(),
            folder: text(checked.folder.clone()),
            text: checked.text.clone(),
        },
        state: text(absolute(state)),
        plugins: plugins(checked),
        simulate: args.simulate.simulate,
        scenario: args.simulate.scenario.as_deref().map(|path| text(absolute(path))),
        simulator: args.simulate.simulator.clone(),
        only: args.only.clone(),
        upto: args.upto.clone(),
    }
}

fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn plugins(checked: &Checked) -> Vec<v1::Plugin> {
    let plugin = |(name, library): (&String, &skybridge_host::Library)| v1::Plugin {
        name: name.clone(),
        version: library.manifest.version.clone(),
        sha256: library.sha256.clone(),
    };
    checked.libraries.iter().map(plugin).collect()
}

/// The cloud a plan was made for.
pub(crate) fn simulate_args(origin: &Origin) -> SimulateArgs {
    SimulateArgs {
        simulate: origin.simulate,
        scenario: origin.scenario.as_ref().map(PathBuf::from),
        simulator: origin.simulator.clone(),
    }
}

/// Where the manifest lay, if that is on this machine; otherwise beside the plan.
pub(crate) fn folder(origin: &Origin, plan: &Path) -> PathBuf {
    let folder = PathBuf::from(&origin.manifest.folder);
    if folder.is_dir() { folder } else { crate::connect::folder_of(plan) }
}

/// The manifest's place, to name it and to see whether it was changed.
pub(crate) fn manifest(origin: &Origin, folder: &Path) -> PathBuf {
    let path = Path::new(&origin.manifest.path);
    match path.file_name() {
        Some(name) if path != Path::new("-") => folder.join(name),
        _ => path.to_owned(),
    }
}

/// What the plan was narrowed by.
pub(crate) fn options(origin: &Origin) -> Outcome<PlanOptions> {
    crate::commands::plan::narrowed(&origin.only, origin.upto.as_ref())
}

/// What a plan was made from, if it is one that can be applied.
pub(crate) fn usable<'p>(plan: &'p Plan, path: &Path) -> Outcome<&'p Origin> {
    let refused = |why: String, help: &str| {
        let summary = format!("{} cannot be applied: {why}", path.display());
        Failure::new(Exit::Usage, Diagnostic::error("SKY-SAVED-001", summary).help(help))
    };
    let again = "plan again and save it: `skybridge plan MANIFEST --out FILE`";
    if !plan.online() {
        let why = "it was made offline, so it does not say what is there and what is to be made";
        return Err(refused(why.to_owned(), again));
    }
    if plan.errored() {
        let why = "some of its steps could not be looked at";
        return Err(refused(why.to_owned(), again));
    }
    let open =
        plan.steps().find_map(|step| Some((step.address(), step.expects().first()?.clone())));
    if let Some((step, missing)) = open {
        let why = format!("{step} needs {missing}, which the plan leaves out");
        let help = "plan with --upto, which takes along what is needed, or plan everything";
        return Err(refused(why, help));
    }
    plan.origin().ok_or_else(|| refused("it does not say what it was made from".to_owned(), again))
}

/// What was changed around a plan since it was made, besides the world.
pub(crate) fn changed_around(origin: &Origin, checked: &Checked, manifest: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    if let Ok(text) = fs_err::read_to_string(manifest)
        && text != origin.manifest.text
    {
        let lines_of = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (before, now) = (lines_of(&origin.manifest.text), lines_of(&text));
        let same = before.iter().zip(&now).take_while(|(before, now)| before == now).count();
        lines.push(format!("{}: changed from line {} on", manifest.display(), same + 1));
    }
    let now = plugins(checked);
    for before in &origin.plugins {
        let Some(now) = now.iter().find(|now| now.name == before.name) else {
            continue;
        };
        if now.version != before.version {
            let (before_v, now_v) = (&before.version, &now.version);
            lines
                .push(format!("plugin {}: version {before_v} was used, this is {now_v}", now.name));
        } else if now.sha256 != before.sha256 {
            let name = &now.name;
            lines.push(format!("plugin {name}: another build of version {}", now.version));
        }
    }
    lines
}

/// What the world says otherwise than a plan, one line a difference.
pub(crate) fn changed_world(diff: &Diff<'_>) -> Vec<String> {
    let mut lines: Vec<String> = diff.steps.iter().map(step_line).collect();
    for Gained { gained, what: (connector, it) } in &diff.left_out {
        let what = if *gained { "is left out now" } else { "is not left out any more" };
        lines.push(format!("{}: {} {what}: {}", connector.name, it.scope, it.reason));
    }
    for Gained { gained, what: (connector, it) } in &diff.permissions {
        let what = if *gained { "is asked for now" } else { "is not asked for any more" };
        lines.push(format!("{}: {} on {} {what}", connector.name, it.permission, it.scope));
    }
    for (name, fields) in &diff.settings {
        lines.extend(
            fields.iter().map(|field| {
                format!("{name}: {} was {} and is {}", field.path, field.from, field.to)
            }),
        );
    }
    lines
}

fn step_line(diff: &StepDiff<'_>) -> String {
    let step = diff.step();
    let address = step.address();
    let (before, fields) = match diff {
        StepDiff::Added(_) => return format!("{address}: new, to {}", step.title()),
        StepDiff::Removed(_) => return format!("{address}: there is no such step any more"),
        StepDiff::Changed { before, fields, .. } => (before.action(), fields),
    };
    let told = match (before, step.action()) {
        (Action::Create, Action::NoOp | Action::Adopt | Action::Update | Action::Replace) => {
            "was to be created, and exists now".to_owned()
        }
        (_, Action::Create) => "was there, and is gone".to_owned(),
        (Action::NoOp, Action::Update | Action::Replace) => {
            "was as wanted, and is not any more".to_owned()
        }
        (before, now) if before != now => format!("was planned as {before}, and would be {now}"),
        _ => "says something else".to_owned(),
    };
    // The action is told already, and that something exists says that something was found.
    let flips = before != step.action();
    let fields = fields
        .iter()
        .filter(|field| field.path != "action" && !(flips && field.path.starts_with("observed")));
    let fields: Vec<String> = fields
        .map(|field| format!("{} was {} and is {}", field.path, field.from, field.to))
        .collect();
    if fields.is_empty() {
        format!("{address}: {told}")
    } else {
        format!("{address}: {told} ({})", fields.join("; "))
    }
}

/// The plan does not hold any more.
pub(crate) fn stale(origin: &Origin, lines: &[String], again: &str) -> Box<Failure> {
    let count = lines.len();
    let things = if count == 1 { "1 thing has" } else { &format!("{count} things have") };
    let summary = format!("the plan of {} does not hold any more: {things} changed", origin.made);
    let diagnostic = Diagnostic::error("SKY-SAVED-002", summary)
        .detail(lines.join("\n"))
        .help(format!("nothing was done; plan again: `{again}`"));
    Failure::new(Exit::Stuck, diagnostic)
}
