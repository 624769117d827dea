//! `skybridge diff`: what changed from one plan to another.

use std::path::Path;

use skybridge_plan::view::{diff_json, diff_text};
use skybridge_plan::{Plan, PlanOptions};

use crate::app::App;
use crate::args::{DiffArgs, ReportFormat};
use crate::commands::plan;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::input::{self, Input};
use crate::render::diagnostics::show;

pub(crate) async fn run(app: &App, args: &DiffArgs) -> Outcome {
    let (old, new) = (load(app, &args.old).await?, load(app, &args.new).await?);
    let diff = skybridge_plan::diff(&old, &new);
    app.ui.out(|out| match args.format {
        ReportFormat::Json => diff_json::write(&diff, out),
        ReportFormat::Text => {
            let options = diff_text::DiffOptions { color: app.ui.color_out, all: args.all };
            writeln!(out, "{} → {}", args.old.display(), args.new.display())?;
            diff_text::write(&diff, &options, out)
        }
    })?;
    let changed = args.detailed_exit_code && !diff.is_empty();
    Ok(if changed { Exit::Changes } else { Exit::Done })
}

/// A saved plan, or what a manifest means without looking at the world.
async fn load(app: &App, path: &Path) -> Outcome<Plan> {
    let bytes = match input::read(path)? {
        Input::Plan(plan) => return Ok(*plan),
        Input::Manifest(bytes) => bytes,
    };
    let name = path.display().to_string();
    let checked = connect::check(&name, &bytes, connect::folder_of(path), &app.search)?;
    show(&app.ui, &checked.warnings, Some(&checked.text));
    plan::offline(app, &checked, &PlanOptions::default()).await
}
