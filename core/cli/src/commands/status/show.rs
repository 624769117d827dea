//! The status of runs and connections, for people.

use std::cmp::Reverse;
use std::io::{self, Write};

use skybridge_model::Timestamp;

use super::ConnectionStatus;
use super::facts::{Facts, Phase, Process, StepFacts};
use crate::expiry::Urgency;
use crate::handover::Connection;
use crate::live::{Connector, Tally};
use crate::put_back;
use crate::record::{RunKind, RunRecord};
use crate::render::progress::words::{between, called, clean, counted, left, stretch, told, who};
use crate::ui::{Style, Ui};

/// Steps of a run that are listed all; of more, only those that are under way or failed.
const LISTED_ALL: usize = 60;

/// Steps listed of those under way, and of those that failed.
const LISTED: usize = 20;

/// Connectors listed.
const CONNECTORS: usize = 30;

pub(super) fn runs(ui: &Ui, runs: &[Facts], now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let Some(last) = runs.last() else {
        return writeln!(out, "no runs here; `skybridge apply MANIFEST` makes one");
    };
    for run in runs {
        head(ui, run, now, out)?;
    }
    if last.connectors.len() > 1 || last.phase == Phase::Running {
        writeln!(out, "\nconnectors of {}", last.record.run)?;
        let mut all: Vec<&Connector> = last.connectors.iter().collect();
        if all.len() > CONNECTORS {
            // What goes on, and what went wrong, before what is as it should be.
            all.sort_by_key(|it| Reverse((it.tally.under_way, it.tally.failed, it.tally.open())));
        }
        all.into_iter().take(CONNECTORS).try_for_each(|it| connector(it, now, out))?;
        more(last.connectors.len(), CONNECTORS, "connectors", out)?;
    }
    for held in &last.held {
        let rest = stretch(between(now, held.until));
        writeln!(out, "  {} is held for {rest}", held.domain)?;
    }
    steps(last, now, out)
}

/// One run that is watched no more.
pub(super) fn over(
    ui: &Ui,
    run: Option<&Facts>,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(run) = run else { return runs(ui, &[], now, out) };
    head(ui, run, now, out)?;
    let failed: Vec<&StepFacts> = run.steps.iter().filter(|it| it.status == "failed").collect();
    listed(run, "failed", &failed, now, out)
}

fn head(ui: &Ui, run: &Facts, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let RunRecord { run: id, manifest, started, .. } = &run.record;
    let (kind, rehearsal) = (run.record.kind.word(), run.record.simulate_args().any());
    let rehearsal = if rehearsal { " (rehearsal)" } else { "" };
    writeln!(out, "{} {kind} {}{rehearsal}", ui.paint(Style::Strong, id), clean(manifest))?;
    // What to do about it stands at the end of the line.
    let (state, hint) = match run.state.split_once("; ") {
        Some((state, hint)) if run.phase != Phase::Unreadable => (state, format!("; {hint}")),
        _ => (run.state.as_str(), String::new()),
    };
    write!(out, "  {state}, since {started:.0}")?;
    if run.total != Tally::default() {
        write!(out, ", {}", counted_or_all(run.total))?;
    }
    let left = left(run.left).map(|left| format!(", {left}")).unwrap_or_default();
    writeln!(out, "{left}{hint}")?;
    if let Some(process) = &run.process {
        writeln!(out, "  {}", worked_on(process, now))?;
    }
    for standing in &run.standing {
        let hint = put_back::hint(&run.record, run.phase.has_ended());
        writeln!(out, "  {}", ui.paint(Style::Bad, &clean(&standing.stands())))?;
        writeln!(out, "    {}", clean(&hint))?;
    }
    Ok(())
}

fn worked_on(process: &Process, now: Timestamp) -> String {
    let Process { holder, alive, heard } = process;
    let who = who(holder);
    if *alive {
        return format!("by {who}");
    }
    let ago = stretch(between(*heard, now));
    format!("by {who}, which is gone: it was last heard of {ago} ago")
}

/// `20 steps` when all of them are done.
fn counted_or_all(tally: Tally) -> String {
    if tally.done == tally.steps { format!("{} steps", tally.steps) } else { counted(tally) }
}

fn connector(it: &Connector, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let left = left(it.left).map(|left| format!(", {left}")).unwrap_or_default();
    writeln!(out, "  {}: {}{left}", it.name, counted_or_all(it.tally))?;
    let Some(step) = &it.foremost else { return Ok(()) };
    let phase = it.phase.as_deref().unwrap_or_default();
    let text = format!("{phase}: {} {}", called(&step.address), told(step, now));
    writeln!(out, "    {}", clean(&text))
}

fn steps(run: &Facts, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    if run.steps.len() <= LISTED_ALL {
        writeln!(out, "\nsteps of {}", run.record.run)?;
        return run.steps.iter().try_for_each(|it| step(run, it, now, out));
    }
    let open = |it: &&StepFacts| matches!(it.status, "intended" | "retrying" | "applied");
    let failed = |it: &&StepFacts| it.status == "failed";
    listed(run, "under way", &run.steps.iter().filter(open).collect::<Vec<_>>(), now, out)?;
    listed(run, "failed", &run.steps.iter().filter(failed).collect::<Vec<_>>(), now, out)
}

fn listed(
    run: &Facts,
    what: &str,
    steps: &[&StepFacts],
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{what} of {}", run.record.run)?;
    // What the process at work is known to do comes first, by what most waits for.
    let (known, unknown): (Vec<&&StepFacts>, _) = steps.iter().partition(|it| it.now.is_some());
    let all = known.into_iter().chain(unknown);
    all.take(LISTED).try_for_each(|it| step(run, it, now, out))?;
    more(steps.len(), LISTED, "steps", out)
}

fn more(all: usize, listed: usize, what: &str, out: &mut dyn Write) -> io::Result<()> {
    match all.checked_sub(listed) {
        None | Some(0) => Ok(()),
        Some(rest) => writeln!(out, "  and {rest} more {what}; --format json lists them all"),
    }
}

fn step(run: &Facts, it: &StepFacts, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let word = match (run.record.kind, it.status) {
        (RunKind::Offboard, "ready") => "gone",
        (_, word) => word,
    };
    writeln!(out, "  {word:9} {}", it.address)?;
    if let Some(doing) = &it.now {
        writeln!(out, "            {}", clean(&told(doing, now)))?;
    } else if let (Phase::Running, "intended" | "retrying" | "applied", Some(since)) =
        (run.phase, it.status, it.since)
    {
        writeln!(out, "            for {}", stretch(between(since, now)))?;
    }
    if let Some(error) = &it.error {
        writeln!(out, "            {}", clean(error))?;
    }
    Ok(())
}

pub(super) fn connection(ui: &Ui, it: &ConnectionStatus, out: &mut dyn Write) -> io::Result<()> {
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
