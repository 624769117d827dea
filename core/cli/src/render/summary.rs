//! The last words of a run.

use std::collections::BTreeMap;
use std::io::{self, Write};

use skybridge_engine::{RunOutcome, RunReport, StepReport};
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
        address.connector() == connector && address.kind() == HAND_OVER && step.status.is_done()
    };
    match report.outcome {
        RunOutcome::Done => true,
        RunOutcome::Failed { .. } => report.steps.iter().any(handed_over),
        RunOutcome::Interrupted | RunOutcome::Stuck { .. } => false,
    }
}

pub(super) fn tally(report: &RunReport) -> String {
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
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
    for (what, detail) in verified(report, connector) {
        writeln!(out, "  {} {what}: {detail}", good("verified"))?;
    }
    let own = report.steps.iter().filter(|step| step.address.connector() == connector);
    for step in own.filter(|step| step.address.kind() == HAND_OVER) {
        if let Some(detail) = &step.detail {
            writeln!(out, "  {}: {detail}", good("handed over"))?;
        }
    }
    Ok(())
}

/// What was verified, with what came of it; scopes of which the same is to be said share a line.
fn verified<'a>(report: &'a RunReport, connector: &str) -> Vec<(String, &'a str)> {
    let mut alike: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let done = report.steps.iter().filter(|step| step.status.is_done());
    for StepReport { address, detail, .. } in done {
        if address.connector() == connector && address.kind() == "verification" {
            let whole = address.as_str();
            let what = whole.split_once('@').map_or(whole, |(what, _)| what);
            alike.entry((what, detail.as_deref().unwrap_or("passed"))).or_default().push(whole);
        }
    }
    let line = |((what, said), all): ((&str, _), Vec<&str>)| match all.as_slice() {
        [one] => ((*one).to_owned(), said),
        all => (format!("{what} of {} scopes, each", all.len()), said),
    };
    alike.into_iter().map(line).collect()
}
