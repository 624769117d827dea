//! The last words of a run, and of a verification.

use std::io::{self, Write};

use skybridge_engine::{RunOutcome, RunReport};
use skybridge_model::{Diagnostic, Diagnostics, Timestamp};
use skybridge_plugin_protocol::verify::{Check, check_status};

use crate::commands::verify::{Verified, expires};
use crate::handover::{self, Connection};
use crate::ui::{Style, Ui};

/// Where a run keeps things, for the hints.
pub(crate) struct Where<'a> {
    pub(crate) manifest: &'a str,
    pub(crate) state: &'a crate::state::StateDir,
    pub(crate) identity: &'a std::path::Path,
    /// `--simulate` or `--simulator URL` with a blank before it, or nothing.
    pub(crate) simulate: &'a str,
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
    let (style, head) = match report.outcome {
        RunOutcome::Done => (Style::Good, "Connected"),
        RunOutcome::Failed { .. } => (Style::Bad, "Not connected"),
        RunOutcome::Interrupted => (Style::Bad, "Interrupted"),
        RunOutcome::Stuck { .. } => (Style::Bad, "Stuck"),
    };
    let ended = counts.done + counts.settled;
    writeln!(out)?;
    writeln!(out, "{}: {ended} of {total} steps in {seconds:.1} s", ui.paint(style, head))?;
    writeln!(out, "  {}", tally(report))?;
    if report.outcome == RunOutcome::Done {
        for connection in connections {
            connected(ui, connection, report, place, out)?;
        }
        let Where { manifest, simulate, .. } = place;
        writeln!(out, "\nProve it again at any time: skybridge verify {manifest}{simulate}")?;
    }
    Ok(())
}

fn tally(report: &RunReport) -> String {
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
    let verified = report.steps.iter().filter(|step| {
        step.address.connector() == connector && step.address.kind() == "verification"
    });
    for step in verified {
        let detail = step.detail.as_deref().unwrap_or("passed");
        writeln!(out, "  {} {}: {detail}", ui.paint(Style::Good, "verified"), step.address)?;
    }
    Ok(())
}

/// Why steps failed: one diagnostic a root cause.
pub(crate) fn failures(report: &RunReport) -> Diagnostics {
    let diagnostic = |failure: &skybridge_engine::Failure| {
        let detail = &failure.error.detail;
        let mut diagnostic =
            Diagnostic::error("SKY-RUN-003", failure.error.to_string()).at(failure.address.clone());
        let facts: Vec<String> =
            detail.context.iter().map(|(key, value)| format!("{key} {value}")).collect();
        if !facts.is_empty() {
            diagnostic = diagnostic.detail(facts.join(", "));
        }
        match &detail.help {
            Some(help) => diagnostic.help(help.clone()),
            None => diagnostic,
        }
    };
    report.failures.iter().map(diagnostic).collect()
}

/// What a verification found.
pub(crate) fn verified(
    ui: &Ui,
    verified: &Verified,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let checks = &verified.report.checks;
    writeln!(out, "{}", ui.paint(Style::Strong, &verified.connector))?;
    let mut scope = "";
    for check in checks {
        if check.scope != scope {
            scope = &check.scope;
            writeln!(out, "  {scope}")?;
        }
        one_check(ui, check, out)?;
    }
    if let Some(expires_at) = &verified.report.credential_expires {
        let soon = expires(&verified.report, now);
        let style = if soon { Style::Bad } else { Style::Quiet };
        let hint = if soon { "; make a new one soon" } else { "" };
        writeln!(out, "  {}", ui.paint(style, &format!("credential until {expires_at}{hint}")))?;
    }
    let failed = checks.iter().filter(|check| check.status == check_status::FAILED).count();
    let (style, text) = match failed {
        0 => (Style::Good, format!("verified: {} checks", checks.len())),
        n => (Style::Bad, format!("not verified: {n} of {} checks failed", checks.len())),
    };
    writeln!(out, "  {}", ui.paint(style, &text))
}

fn one_check(ui: &Ui, check: &Check, out: &mut dyn Write) -> io::Result<()> {
    let (style, mark) = match check.status.as_str() {
        check_status::OK => (Style::Good, "ok"),
        check_status::SKIPPED => (Style::Quiet, "skipped"),
        _ => (Style::Bad, "failed"),
    };
    let mark = ui.paint(style, &format!("{mark:7}"));
    writeln!(out, "    {mark} {} - {}", check.what, check.detail)?;
    match &check.help {
        Some(help) if check.status == check_status::FAILED => {
            writeln!(out, "            help: {help}")
        }
        _ => Ok(()),
    }
}
