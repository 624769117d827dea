//! `skybridge validate`: all problems at once.

use std::path::Path;

use skybridge_model::Diagnostics;

use crate::app::App;
use crate::args::ReportFormat;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::render::diagnostics::show;

pub(crate) fn run(app: &App, manifest: &Path, format: ReportFormat) -> Outcome {
    let checked = connect::check_file(manifest, &app.search);
    if format == ReportFormat::Text {
        let checked = checked?;
        show(&app.ui, &checked.warnings, Some(&checked.text));
        let count = checked.manifest.connectors.len();
        let plural = if count == 1 { "" } else { "s" };
        app.ui.out(|out| {
            writeln!(out, "{} is valid: {count} connector{plural}", manifest.display())
        })?;
        return Ok(Exit::Done);
    }
    let (diagnostics, exit) = match checked {
        Ok(checked) => (checked.warnings, Exit::Done),
        Err(failure) => (failure.diagnostics, failure.exit),
    };
    report(app, diagnostics)?;
    Ok(exit)
}

fn report(app: &App, diagnostics: Diagnostics) -> Outcome<()> {
    app.ui.json(&serde_json::json!({
        "format": "skybridge-diagnostics",
        "version": 1,
        "diagnostics": diagnostics.sorted(),
    }))
}
