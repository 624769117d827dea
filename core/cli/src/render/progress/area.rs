//! The live area at the bottom of a terminal: one line a connector, and one for all of them.

use std::cmp::Reverse;

use skybridge_model::Timestamp;
use textwrap::core::display_width;

use super::words::{between, called, fit, left, stretch, told, totals, troubles};
use crate::live::{Census, Connector, Now, Tally};
use crate::ui::{Style, paint};

/// Connectors with a line of their own at most: more is not watched but counted.
const ROWS_MAX: usize = 12;

/// Lines of the terminal that are left to what scrolls.
const SCROLLS: usize = 4;

/// Below this many columns there is no bar, and no word of when it ends.
const NARROW: usize = 72;

/// From this many columns on there is room for the heading a step stands under.
const ROOMY: usize = 100;

/// Columns of such a heading.
const PHASE_COLUMNS: usize = 24;

/// Columns of a bar.
const BAR_COLUMNS: u64 = 16;

/// Columns of a connector's name.
const NAME_COLUMNS: usize = 24;

/// How there is to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
    pub(crate) color: bool,
}

/// The lines of the area.
pub(crate) fn lines(run: &Now, look: Look, now: Timestamp) -> Vec<String> {
    let room = look.lines.saturating_sub(SCROLLS + 2).clamp(1, ROWS_MAX);
    let shown = busiest(&run.connectors, room);
    let names = shown.iter().map(|row| display_width(&row.name)).max().unwrap_or(0);
    let columns = Columns {
        name: names.min(NAME_COLUMNS).min(look.columns / 3),
        count: shown.iter().map(|row| row.tally.steps.to_string().len()).max().unwrap_or(1),
    };
    let mut lines: Vec<String> = shown.iter().map(|row| line(row, columns, look, now)).collect();
    if shown.len() < run.census.all() as usize {
        lines.push(fit(&others(run, &shown), look.columns));
    }
    let mut all = totals(run, now);
    for held in run.held.iter().filter(|held| held.until > now) {
        all = format!("{all}; {} is held for {}", held.domain, stretch(between(now, held.until)));
    }
    lines.push(paint(look.color, Style::Strong, &fit(&all, look.columns)));
    lines
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    name: usize,
    count: usize,
}

/// The connectors with most under way, in the order of the plan.
fn busiest(rows: &[Connector], room: usize) -> Vec<&Connector> {
    let mut ranked: Vec<(usize, &Connector)> = rows.iter().enumerate().collect();
    if rows.len() > room {
        let rank = |row: &Connector| (Reverse(row.tally.under_way), row.tally.open() == 0);
        ranked.sort_unstable_by_key(|(at, row)| (rank(row), *at));
        ranked.truncate(room);
        ranked.sort_unstable_by_key(|(at, _)| *at);
    }
    ranked.into_iter().map(|(_, row)| row).collect()
}

/// `and 9988 more connectors: 120 ended, 868 begun, 9000 not begun`.
fn others(run: &Now, shown: &[&Connector]) -> String {
    let shown = Census::of(shown.iter().map(|row| row.tally));
    let rest = run.census.without(shown);
    let Census { ended, begun, not_begun } = rest;
    format!(
        "and {} more connectors: {ended} ended, {begun} begun, {not_begun} not begun",
        rest.all()
    )
}

fn line(row: &Connector, columns: Columns, look: Look, now: Timestamp) -> String {
    let name = fit(&row.name, columns.name);
    let pad = " ".repeat(columns.name.saturating_sub(display_width(&name)));
    let mut head = format!("{name}{pad} ");
    let wide = look.columns >= NARROW;
    if wide {
        head = format!("{head}{} ", bar(row.tally));
    }
    let digits = columns.count;
    head = format!("{head}{:>digits$}/{}", row.tally.ended(), row.tally.steps);
    let troubles = troubles(row.tally.failed, row.tally.skipped);
    let trouble =
        if troubles.is_empty() { String::new() } else { format!("  {}", troubles.join(", ")) };
    let rest = left(row.left.filter(|_| wide));
    let rest = rest.map(|rest| format!("  {rest}")).unwrap_or_default();
    let fixed = display_width(&head) + display_width(&trouble) + display_width(&rest);
    let Some(room) = look.columns.checked_sub(fixed + 2) else {
        // So narrow that even the counts do not fit.
        return fit(&format!("{head}{trouble}{rest}"), look.columns);
    };
    let what = fit(&doing(row, look.columns >= ROOMY, now), room);
    let quiet = |text: &str| paint(look.color, Style::Quiet, text);
    let trouble = paint(look.color, Style::Bad, &trouble);
    format!("{head}{trouble}{}  {what}", quiet(&rest)).trim_end().to_owned()
}

/// The phase a connector is in and what most of it waits for.
fn doing(row: &Connector, phased: bool, now: Timestamp) -> String {
    let tally = row.tally;
    match &row.foremost {
        Some(step) => {
            let phase = row.phase.as_deref().filter(|it| phased && !it.is_empty());
            let phase = phase.map(|it| format!("{}: ", fit(it, PHASE_COLUMNS))).unwrap_or_default();
            format!("{phase}{} {}", called(&step.address), told(step, now))
        }
        None if tally.open() == 0 && tally.failed > 0 => "ended".to_owned(),
        None if tally.open() == 0 => "done".to_owned(),
        None if tally.ended() == 0 => "not begun".to_owned(),
        None => "waits for its turn".to_owned(),
    }
}

/// How much has ended, as a bar.
fn bar(tally: Tally) -> String {
    let filled = u64::from(tally.ended()) * BAR_COLUMNS / u64::from(tally.steps.max(1));
    let cells = (0..BAR_COLUMNS).map(|cell| if cell < filled { '█' } else { '░' });
    cells.collect()
}
