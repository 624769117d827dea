//! The last words of a run that takes back.

use std::io::{self, Write};

use skybridge_engine::{RunOutcome, RunReport};
use skybridge_plan::{Plan, Undoing};

use super::summary::tally;
use crate::ui::{Style, Ui};
use crate::undo::Unproved;

/// Things named that remain; of more there is only the number.
const REMAINING_NAMED: usize = 20;

/// What came of it, for people.
pub(crate) fn run(
    ui: &Ui,
    report: &RunReport,
    seconds: f64,
    plan: &Plan,
    unproved: &[Unproved],
    out: &mut dyn Write,
) -> io::Result<()> {
    let (style, head) = match report.outcome {
        RunOutcome::Done => (Style::Good, "Taken away"),
        RunOutcome::Interrupted => (Style::Bad, "Interrupted"),
        RunOutcome::Failed { .. } | RunOutcome::Stuck { .. } => (Style::Bad, "Stuck"),
    };
    let (done, total) = (report.counts.done, report.steps.len());
    writeln!(out)?;
    writeln!(out, "{}: {done} of {total} steps in {seconds:.1} s", ui.paint(style, head))?;
    writeln!(out, "  {}", tally(report))?;
    match report.outcome {
        RunOutcome::Done => proved(ui, plan, unproved, out),
        RunOutcome::Interrupted => Ok(()),
        RunOutcome::Failed { .. } | RunOutcome::Stuck { .. } => remaining(report, plan, out),
    }
}

fn proved(ui: &Ui, plan: &Plan, unproved: &[Unproved], out: &mut dyn Write) -> io::Result<()> {
    let believed = |step: &skybridge_plan::PlannedStep<'_>| {
        let plugin = &step.connector().plugin;
        unproved.iter().any(|it| it.plugin == *plugin && it.kind == step.kind())
    };
    let believed = plan.steps().filter(believed).count();
    let proved = plan.len() - believed;
    if proved > 0 {
        writeln!(out, "  {proved} proved: looked for afterwards, and not found")?;
    }
    if believed > 0 {
        let kinds: Vec<String> =
            unproved.iter().map(|it| format!("{} ({})", it.kind, it.plugin)).collect();
        let kinds = kinds.join(", ");
        writeln!(out, "  {believed} not proved: the plugin cannot look for them again: {kinds}")?;
    }
    nothing_is_left(ui, plan, out)
}

/// That nothing is left, and what never was ours.
pub(crate) fn nothing_is_left(ui: &Ui, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", ui.paint(Style::Good, "Nothing of ours is left."))?;
    for (_, left) in plan.left_out().take(REMAINING_NAMED) {
        writeln!(out, "  left alone: {}: {}", left.scope, left.reason)?;
    }
    let more = plan.left_out().len().saturating_sub(REMAINING_NAMED);
    if more > 0 {
        writeln!(out, "  left alone: {more} more")?;
    }
    Ok(())
}

/// What is still there, with what is known of it.
fn remaining(report: &RunReport, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let open: Vec<_> = report.steps.iter().filter(|step| !step.status.is_done()).collect();
    writeln!(out, "\nWhat remains, or may remain:")?;
    for step in open.iter().take(REMAINING_NAMED) {
        writeln!(out, "  {} ({})", step.address, step.status.word())?;
        let Some(planned) = plan.find(&step.address).and_then(|at| plan.step(at)) else { continue };
        let known = Undoing::of(&planned).unwrap_or_default().undo;
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        writeln!(out, "    {}: {}", planned.title(), known.join(", "))?;
    }
    let more = open.len().saturating_sub(REMAINING_NAMED);
    if more > 0 {
        writeln!(out, "  and {more} more; `skybridge status` names all")?;
    }
    Ok(())
}
