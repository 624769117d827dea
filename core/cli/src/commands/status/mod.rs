//! `skybridge status`: runs, where their steps stand, who works on them, and the connections they
//! made. It takes no lock, so that it can look at a run under way.

mod facts;
mod show;
mod watch;

use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::args::ReportFormat;
use crate::exit::Exit;
use crate::expiry::{Expiry, Urgency};
use crate::failure::{Failure, Outcome};
use crate::handover::Connection;
use crate::record::{self, RunDir};
use crate::state::StateDir;
use facts::{Depth, Facts};

/// A connection on record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ConnectionStatus {
    #[serde(flatten)]
    connection: Connection,
    /// Nothing when its credential has no end, or none that is known.
    credential: Option<Expiry>,
}

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The run that is meant; all when there is none.
    pub(crate) run: Option<&'a str>,
    pub(crate) format: ReportFormat,
    /// Go on looking until the run ends.
    pub(crate) watch: bool,
}

pub(crate) async fn run(app: &App, asked: &Asked<'_>) -> Outcome {
    if asked.watch {
        return watch::run(app, asked.run).await;
    }
    let places = StateDir::both(app.global.state.as_deref());
    let now = app.clock.now();
    let mut connections = Vec::new();
    for connection in places.iter().flat_map(|place| Connection::all(place)) {
        let credential = Expiry::of(&connection, now);
        connections.push(ConnectionStatus { connection, credential });
    }
    let found = find(app, asked.run)?;
    let last = found.len().saturating_sub(1);
    let depth = |at: usize| match asked.format {
        ReportFormat::Text if at < last => Depth::Phase,
        _ => Depth::Steps,
    };
    let runs: Vec<Facts> = (found.iter().enumerate())
        .filter_map(|(at, (place, _, folder))| Facts::read(place, folder, now, depth(at)))
        .collect();
    match asked.format {
        ReportFormat::Json => app.ui.json(&serde_json::json!({
            "format": "skybridge-status", "version": 1, "runs": runs, "connections": connections,
        }))?,
        ReportFormat::Text => app.ui.out(|out| {
            show::runs(&app.ui, &runs, now, out)?;
            connections.iter().try_for_each(|it| show::connection(&app.ui, it, out))
        })?,
    }
    let urgent =
        |it: &ConnectionStatus| it.credential.as_ref().is_some_and(|it| it.state != Urgency::Valid);
    Ok(if connections.iter().any(urgent) { Exit::Expires } else { Exit::Done })
}

/// The runs that are meant, oldest first, each with its place and name.
fn find(app: &App, wanted: Option<&str>) -> Outcome<Vec<(PathBuf, String, RunDir)>> {
    let mut found = Vec::new();
    for place in StateDir::both(app.global.state.as_deref()) {
        for name in record::runs(&place) {
            if wanted.is_none_or(|wanted| wanted == name)
                && let Some(folder) = RunDir::open(&place, &name)
            {
                found.push((place.clone(), name, folder));
            }
        }
    }
    if let (Some(wanted), true) = (wanted, found.is_empty()) {
        let help = "without a name, `skybridge status` lists all; --state names the directory";
        return Err(Failure::usage(format!("there is no run `{wanted}`"), help));
    }
    found.sort_by(|(_, a, _), (_, b, _)| a.cmp(b));
    Ok(found)
}
