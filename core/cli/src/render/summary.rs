//! The last words of a run.

use std::io::{self, Write};

use skybridge_engine::{RunOutcome, RunReport, StepReport};
use skybridge_journal::Status;
use skybridge_plan::HAND_OVER;

use crate::handover::{self, Connection};
use crate::ui::{Style, Ui};

/// Where a run keeps things, for the hints.
pub(crate) struct Where<'a> {
    pub(crate) manifest: &'a str,
    pub(crate) state: &'a crate::state::StateDir,
    pub(crate) identity: &'a std::path::Path,
    /// `--simulate` or `--simulator URL` with a blank before it, or nothing.
    pub(crate) simulate: &'a str,
    /// What a run that went well did, one word.
    pub(crate) done: &'a str,
}

/// What came of a run, for people.
pub(crate) fn run(
    ui: &Ui,
    report: &RunReport,
    seconds: f64,
    connections: &[Connection],
    place: &Where<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let counts = report.counts;
    let total = report.steps.len();
    let connections: Vec<&Connection> =
        connections.iter().filter(|it| is_in_use(report, &it.connector)).collect();
    let (style, head) = match report.outcome {
        RunOutcome::Done => (Style::Good, place.done.to_owned()),
        RunOutcome::Failed { .. } if !connections.is_empty() => {
            (Style::Bad, format!("{} in part", place.done))
        }
        RunOutcome::Failed { .. } => (Style::Bad, format!("Not {}", place.done.to_lowercase())),
        RunOutcome::Interrupted => (Style::Bad, "Interrupted".to_owned()),
        RunOutcome::Stuck { .. } => (Style::Bad, "Stuck".to_owned()),
    };
    let ended = counts.done + counts.settled;
    writeln!(out)?;
    writeln!(out, "{}: {ended} of {total} steps in {seconds:.1} s", ui.paint(style, &head))?;
    writeln!(out, "  {}", tally(report))?;
    for connection in &connections {
        connected(ui, connection, report, place, out)?;
    }
    if !connections.is_empty() || report.outcome == RunOutcome::Done {
        let Where { manifest, simulate, .. } = place;
        writeln!(out, "\nProve it again at any time: skybridge verify {manifest}{simulate}")?;
    }
    Ok(())
}

/// Whether the connection is as the run left it: all went well, or it was handed over although some
/// of what is connected failed.
fn is_in_use(report: &RunReport, connector: &str) -> bool {
    let handed_over = |step: &StepReport| {
        let address = &step.address;
        address.connector() == connector
            && address.kind() == HAND_OVER
            && step.status == Status::Ready
    };
    match report.outcome {
        RunOutcome::Done => true,
        RunOutcome::Failed { .. } => report.steps.iter().any(handed_over),
        RunOutcome::Interrupted | RunOutcome::Stuck { .. } => false,
    }
}

pub(super) fn tally(report: &RunReport) -> String {
    let mut words: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for step in &report.steps {
        let word = step.action.as_deref().unwrap_or_else(|| step.status.word());
        *words.entry(if word == "settled" { "as wanted" } else { word }).or_default() += 1;
    }
    let parts: Vec<String> = words.iter().map(|(word, count)| format!("{count} {word}")).collect();
    parts.join(", ")
}

fn connected(
    ui: &Ui,
    connection: &Connection,
    report: &RunReport,
    place: &Where<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Connection { connector, plugin, .. } = connection;
    writeln!(out, "\n{} ({plugin})", ui.paint(Style::Strong, connector))?;
    let identity = place.identity.display().to_string();
    writeln!(out, "{}", handover::instructions(connection, place.state, &identity))?;
    let good = |word: &str| ui.paint(Style::Good, word);
    let of_it = |step: &&StepReport| step.address.connector() == connector && step.status.is_done();
    for step in report.steps.iter().filter(of_it) {
        match (step.address.kind(), step.detail.as_deref()) {
            ("verification", detail) => {
                let detail = detail.unwrap_or("passed");
                writeln!(out, "  {} {}: {detail}", good("verified"), step.address)?;
            }
            ("hand-over", Some(detail)) => writeln!(out, "  {}: {detail}", good("handed over"))?,
            _ => {}
        }
    }
    Ok(())
}
