//! `skybridge status`: runs, where their steps stand, and the connections they made.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use skybridge_journal::{RunPhase, RunState, Status};

use crate::app::App;
use crate::args::ReportFormat;
use crate::exit::Exit;
use crate::expiry::{Expiry, Urgency};
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::record::{self, RunDir, RunKind, RunRecord};
use crate::state::StateDir;
use crate::ui::{Style, Ui};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RunStatus {
    #[serde(flatten)]
    record: RunRecord,
    state: String,
    steps: Vec<StepStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StepStatus {
    address: String,
    status: &'static str,
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ConnectionStatus {
    #[serde(flatten)]
    connection: Connection,
    /// Nothing when its credential has no end, or none that is known.
    credential: Option<Expiry>,
}

pub(crate) fn run(app: &App, wanted: Option<&str>, format: ReportFormat) -> Outcome {
    let mut all = Vec::new();
    let mut connections = Vec::new();
    for place in StateDir::both(app.global.state.as_deref()) {
        connections.extend(Connection::all(&place));
        for name in record::runs(&place) {
            if wanted.is_none_or(|wanted| wanted == name) {
                all.extend(status(&place, &name));
            }
        }
    }
    all.sort_by(|a, b| a.record.run.cmp(&b.record.run));
    if let (Some(wanted), true) = (wanted, all.is_empty()) {
        let help = "without a name, `skybridge status` lists all; --state names the directory";
        return Err(Failure::usage(format!("there is no run `{wanted}`"), help));
    }
    let now = app.clock.now();
    let credentials: Vec<ConnectionStatus> = connections
        .into_iter()
        .map(|connection| ConnectionStatus { credential: Expiry::of(&connection, now), connection })
        .collect();
    match format {
        ReportFormat::Json => app.ui.json(&serde_json::json!({
            "format": "skybridge-status", "version": 1, "runs": all, "connections": credentials,
        }))?,
        ReportFormat::Text => app.ui.out(|out| {
            show(&app.ui, &all, out)?;
            credentials.iter().try_for_each(|it| show_connection(&app.ui, it, out))
        })?,
    }
    let urgent =
        |it: &ConnectionStatus| it.credential.as_ref().is_some_and(|it| it.state != Urgency::Valid);
    Ok(if credentials.iter().any(urgent) { Exit::Expires } else { Exit::Done })
}

fn status(place: &Path, name: &str) -> Option<RunStatus> {
    let folder = RunDir::open(place, name)?;
    let record = folder.record().ok()?;
    let (state, steps) = match skybridge_journal::load(&folder.journal()) {
        Ok((state, _)) => (phase(&state), steps(&state)),
        Err(error) => (format!("unreadable: {error}"), Vec::new()),
    };
    Some(RunStatus { record, state, steps })
}

fn phase(state: &RunState) -> String {
    match state.phase {
        RunPhase::New => "not started".to_owned(),
        RunPhase::Finished(outcome) => format!("{outcome:?}").to_lowercase(),
        _ => "not ended; `skybridge resume` goes on with it".to_owned(),
    }
}

fn steps(state: &RunState) -> Vec<StepStatus> {
    let step =
        |(address, step): (&skybridge_model::Address, &skybridge_journal::StepState)| StepStatus {
            address: address.to_string(),
            status: step.status.word(),
            error: step
                .error
                .as_ref()
                .filter(|_| step.status != Status::Ready)
                .map(ToString::to_string),
        };
    state.steps.iter().map(step).collect()
}

fn show(ui: &Ui, runs: &[RunStatus], out: &mut dyn Write) -> std::io::Result<()> {
    let Some(last) = runs.last() else {
        return writeln!(out, "no runs here; `skybridge apply MANIFEST` makes one");
    };
    for run in runs {
        let RunRecord { run: id, manifest, started, .. } = &run.record;
        let (kind, rehearsal) = (run.record.kind.word(), run.record.simulate_args().any());
        let rehearsal = if rehearsal { " (rehearsal)" } else { "" };
        writeln!(out, "{} {kind} {manifest}{rehearsal}", ui.paint(Style::Strong, id))?;
        writeln!(out, "  {}, since {started:.0}, {} steps", run.state, run.steps.len())?;
    }
    writeln!(out, "\nsteps of {}", last.record.run)?;
    for step in &last.steps {
        let word = match (last.record.kind, step.status) {
            (RunKind::Offboard, "ready") => "gone",
            (_, word) => word,
        };
        writeln!(out, "  {word:9} {}", step.address)?;
        if let Some(error) = &step.error {
            writeln!(out, "            {error}")?;
        }
    }
    Ok(())
}

fn show_connection(ui: &Ui, it: &ConnectionStatus, out: &mut dyn Write) -> std::io::Result<()> {
    let Connection { connector, plugin, destination, fields, .. } = &it.connection;
    let name = ui.paint(Style::Strong, connector);
    writeln!(out, "\nconnection {name} ({plugin}), handed over to `{destination}`")?;
    let width = fields.iter().map(|field| field.label.len()).max().unwrap_or(0);
    for field in fields.iter().filter(|field| !field.secret) {
        writeln!(out, "  {:width$}  {}", field.label, field.shown())?;
    }
    let Some(credential) = &it.credential else { return Ok(()) };
    let (style, hint) = match credential.state {
        Urgency::Valid => (Style::Quiet, ""),
        _ => (Style::Bad, "; `skybridge rotate` makes a new one"),
    };
    let text = format!("credential {}{hint}", credential.told());
    writeln!(out, "  {}", ui.paint(style, &text))
}
