//! One step of the tree: a line for what it does, and dim ones below for the rest.

use std::borrow::Cow;
use std::io;

use skybridge_plugin_protocol::onboard::{Call, Readiness};

use super::page::{Page, counted};
use super::text::{Detail, TextOptions};
use crate::action::Action;
use crate::reduce::Reducer;
use crate::step::PlannedStep;

/// Needs that are named; more are counted.
const NEEDS_NAMED_MAX: usize = 4;

/// Text with what could move a terminal's cursor, colour it or turn it round made visible.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let harmful =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    Cow::Owned(text.chars().map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect())
}

/// How a stretch of text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
    Magenta,
}

impl Style {
    pub(crate) const fn of(action: Action) -> Self {
        match action {
            Action::Read => Self::Cyan,
            Action::Ensure | Action::Create => Self::Green,
            Action::Mint | Action::Adopt | Action::Update => Self::Yellow,
            Action::Replace | Action::Delete => Self::Red,
            Action::HandOver => Self::Magenta,
            Action::NoOp => Self::Dim,
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
            Self::Magenta => "35",
        }
    }
}

/// Colours, or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Painter {
    pub(crate) color: bool,
}

impl Painter {
    pub(crate) fn paint<'t>(self, style: Style, text: &'t str) -> Cow<'t, str> {
        if self.color {
            Cow::Owned(format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// Writes steps.
pub(crate) struct StepWriter<'a> {
    pub(crate) options: &'a TextOptions,
    pub(crate) painter: Painter,
    pub(crate) reducer: Reducer<'a>,
}

impl StepWriter<'_> {
    /// Writes the step; `lead` goes before its first line, `below` before the others.
    pub(crate) fn write(
        &mut self,
        step: &PlannedStep<'_>,
        lead: &[&str],
        below: &[&str],
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let action = step.action();
        lead.iter().for_each(|part| page.push(part));
        let mut symbol = [0; 4];
        page.push(&self.painter.paint(Style::of(action), action.symbol().encode_utf8(&mut symbol)));
        page.push(" ");
        page.push(&plain(&step.title()));
        if let Some(reference) = step.reference() {
            let page_number = format!("  (page {})", plain(reference));
            page.push(&self.painter.paint(Style::Dim, &page_number));
        }
        page.end_line()?;
        let first: Vec<&str> = below.iter().copied().chain(["  "]).collect();
        let next: Vec<&str> = below.iter().copied().chain(["    "]).collect();
        let (mut line, needs) = (step.address_text(), self.needs_text(step));
        let indent: usize = first.iter().map(|part| part.chars().count()).sum();
        let width = indent + line.chars().count() + 3 + needs.chars().count();
        if !needs.is_empty() && width <= self.options.width {
            line.push_str(" · ");
            line.push_str(&needs);
            self.paragraph(&first, &next, &line, Some(Style::Dim), page)?;
        } else {
            self.paragraph(&first, &next, &line, Some(Style::Dim), page)?;
            if !needs.is_empty() {
                self.paragraph(&first, &next, &needs, Some(Style::Dim), page)?;
            }
        }
        for line in self.details(step) {
            self.paragraph(&first, &next, &line, Some(Style::Dim), page)?;
        }
        for (line, style) in observed(step) {
            self.paragraph(&first, &next, &line, Some(style), page)?;
        }
        Ok(())
    }

    /// `needs application, preflight.entra`, and what is expected to be there.
    fn needs_text(&mut self, step: &PlannedStep<'_>) -> String {
        let mut line = String::new();
        let needs = self.reducer.needs(step.position());
        if !needs.is_empty() {
            line.push_str("needs ");
            if needs.len() <= NEEDS_NAMED_MAX {
                for (i, need) in needs.iter().enumerate() {
                    line.push_str(if i > 0 { ", " } else { "" });
                    push_name(step, &step.plan.at(*need), &mut line);
                }
            } else {
                push_counted(step, &needs, &mut line);
            }
        }
        let expects = step.expects();
        for (i, expected) in expects.iter().take(NEEDS_NAMED_MAX).enumerate() {
            line.push_str(if i > 0 {
                ", "
            } else if line.is_empty() {
                "expects "
            } else {
                "; expects "
            });
            line.push_str(expected.as_str());
        }
        if !expects.is_empty() {
            if expects.len() > NEEDS_NAMED_MAX {
                line.push_str(&format!(" and {} more", expects.len() - NEEDS_NAMED_MAX));
            }
            line.push_str(if step.plan.destroys() { " to be gone" } else { " to be there" });
        }
        line
    }

    fn details(&self, step: &PlannedStep<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        let full = self.options.detail == Detail::Full;
        // Whatever is taken away is waited for in the same way.
        let told = full || !step.plan.destroys();
        if let Some(readiness) = step.readiness().filter(|r| told && !r.waits_for.is_empty()) {
            lines.push(waits(&readiness, full));
        }
        if !full {
            return lines;
        }
        if step.always() {
            lines.push("runs whatever happens to what it needs".to_owned());
        }
        if step.part() {
            lines.push("what needs it does without it if it does not work".to_owned());
        }
        if !step.inputs().is_empty() {
            lines.push(format!("reads {}", step.inputs().join(", ")));
        }
        if !step.outputs().is_empty() {
            lines.push(format!("puts out {}", step.outputs().join(", ")));
        }
        lines.extend(step.calls().iter().map(|call| call_line("calls", call)));
        if let Some(undo) = step.undo() {
            lines.push(format!("undone by: {}", undo.title));
            lines.extend(undo.calls.iter().map(|call| call_line("  calls", call)));
        }
        lines.push(format!("throttled as {}", step.throttle()));
        lines.extend(step.notes().iter().map(|note| format!("note: {note}")));
        lines
    }

    /// Words wrapped at the width; the first line after `first`, the others after `next`.
    pub(crate) fn paragraph(
        &self,
        first: &[&str],
        next: &[&str],
        text: &str,
        style: Option<Style>,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        let text = plain(text);
        let indent: usize = first.iter().map(|part| part.chars().count()).sum();
        let indent_next: usize = next.iter().map(|part| part.chars().count()).sum();
        let (mut column, mut lead) = (indent, first);
        let mut line = String::with_capacity(self.options.width);
        for word in text.split(' ') {
            let length = word.chars().count();
            if !line.is_empty() && column + 1 + length > self.options.width {
                self.put(lead, &line, style, page)?;
                line.clear();
                (column, lead) = (indent_next, next);
            }
            if !line.is_empty() {
                line.push(' ');
                column += 1;
            }
            line.push_str(word);
            column += length;
        }
        self.put(lead, &line, style, page)
    }

    fn put(
        &self,
        lead: &[&str],
        line: &str,
        style: Option<Style>,
        page: &mut Page<'_>,
    ) -> io::Result<()> {
        lead.iter().for_each(|part| page.push(part));
        match style {
            Some(style) => page.push(&self.painter.paint(style, line)),
            None => page.push(line),
        }
        page.end_line()
    }
}

/// What `step` calls the other: as short as it can be.
fn push_name(step: &PlannedStep<'_>, other: &PlannedStep<'_>, line: &mut String) {
    if step.template.connector != other.template.connector {
        other.push_address(line);
    } else if other.row.scope == step.row.scope {
        line.push_str(other.local());
    } else {
        other.push_local(line);
    }
}

/// `10,001 steps: verification ×10,000, consent`
fn push_counted(step: &PlannedStep<'_>, needs: &[u32], line: &mut String) {
    let mut kinds: Vec<(u32, usize)> = Vec::new();
    for need in needs {
        let template = step.plan.at(*need).row.template;
        match kinds.iter_mut().find(|(known, _)| *known == template) {
            Some((_, n)) => *n += 1,
            None => kinds.push((template, 1)),
        }
    }
    line.push_str(&counted(needs.len(), "step"));
    for (i, (template, n)) in kinds.iter().take(NEEDS_NAMED_MAX).enumerate() {
        line.push_str(if i == 0 { ": " } else { ", " });
        let template = &step.plan.templates[*template as usize];
        if template.connector != step.template.connector {
            line.push_str(&step.plan.connectors()[template.connector as usize].name);
            line.push('.');
        }
        line.push_str(&template.local);
        if *n > 1 {
            line.push_str(" ×");
            line.push_str(&super::page::number(*n));
        }
    }
    if kinds.len() > NEEDS_NAMED_MAX {
        line.push_str(", …");
    }
}

fn waits(readiness: &Readiness, full: bool) -> String {
    let mut line = format!("then waits until {}", readiness.waits_for);
    if full {
        let seconds = |ms: u64| match ms % 1000 {
            0 => format!("{} s", ms / 1000),
            _ => format!("{ms} ms"),
        };
        line.push_str(&format!(
            " ({} in a row, every {}, for up to {})",
            counted(readiness.successes as usize, "time"),
            seconds(readiness.interval_ms),
            seconds(readiness.budget_ms),
        ));
    }
    line
}

fn call_line(what: &str, call: &Call) -> String {
    match &call.permission {
        Some(permission) => format!("{what} {} {} with {permission}", call.method, call.url),
        None => format!("{what} {} {}", call.method, call.url),
    }
}

/// What looking at the world said.
fn observed(step: &PlannedStep<'_>) -> Vec<(String, Style)> {
    let Some(planned) = step.planned() else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(detail) = &planned.detail {
        lines.push((detail.clone(), Style::Dim));
    }
    for change in &planned.changes {
        let text = format!("{}: {} → {}", change.path, change.from, change.to);
        lines.push((text, Style::of(step.action())));
    }
    if let Some(error) = &planned.error {
        lines.push((format!("could not be looked at: {error}"), Style::Red));
    }
    lines
}
