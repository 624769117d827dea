//! `skybridge plugin test`: the contract suite, against any library that was built.

use std::path::Path;

use skybridge_host::{Candidate, Isolation, Library, Permit, Trust};
use skybridge_plugin_testkit::{Capture, Fixture, Report, run as run_cases};

use super::{beside_host, canonical};
use crate::app::App;
use crate::args::{IsolationWord, PluginTestArgs, ReportFormat};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

pub(super) async fn run(app: &App, args: &PluginTestArgs) -> Outcome {
    let fixture = args.settings.as_deref().map(read).transpose()?.unwrap_or_default();
    let library = open(app, &args.file)?;
    let capture = app.capture.clone().unwrap_or_else(Capture::blind);
    let mut reports = Vec::new();
    for isolation in places(args.isolation) {
        let library = app.search.isolated(library.clone(), isolation)?;
        let report = run_cases(&library, fixture.clone(), &capture).await;
        if args.format == ReportFormat::Text {
            // At once: a plugin that ends the host in the next place has been told of in this one.
            app.ui.out(|out| writeln!(out, "{report}"))?;
        }
        reports.push(report);
    }
    if args.format == ReportFormat::Json {
        app.ui.json(&serde_json::json!({
            "format": "skybridge-plugin-test",
            "version": 1,
            "reports": reports,
        }))?;
    }
    Ok(if reports.iter().all(Report::passed) { Exit::Done } else { Exit::Failed })
}

/// The process of its own first: what ends it there would end the host here.
fn places(asked: Option<IsolationWord>) -> Vec<Isolation> {
    match asked {
        Some(IsolationWord::Process) => vec![Isolation::Process],
        Some(IsolationWord::InProcess) => vec![Isolation::InProcess],
        None => vec![Isolation::Process, Isolation::InProcess],
    }
}

fn open(app: &App, file: &Path) -> Outcome<Library> {
    let path = canonical(file)?;
    let trust = if beside_host(app, &path) { Trust::BesideHost } else { Trust::Configured };
    let mut library = app.search.open(Candidate::read(&path, trust)?, Some(Isolation::Process))?;
    // Whoever tests it is its author, or thinks of trusting it: it gets what it asks for, and no more.
    library.permit = Permit::Everything;
    Ok(library)
}

fn read(file: &Path) -> Outcome<Fixture> {
    let help =
        "write it as plugin-api/docs/write-a-plugin.md says: `settings`, `refused`, `scenarios`";
    let text = fs_err::read_to_string(file)
        .map_err(|error| Failure::usage(error.to_string(), "--settings names a TOML file"))?;
    Fixture::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display()), help))
}
