//! What changed from one plan to another, for people: what a reviewer looks for comes first.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value};

use super::page::{Page, counted, number};
use super::text_step::{Painter, Style, plain};
use crate::diff::{Diff, FieldChange, Gained, StepDiff};
use crate::step::PlannedStep;

/// Steps that differ in the same way and are shown one by one; of more, the first is shown and the
/// others are counted.
const ALIKE_SHOWN_MAX: usize = 3;

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 120;

/// How to say it.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiffOptions {
    /// With ANSI colours.
    pub color: bool,
    /// Every step, however many differ in the same way.
    pub all: bool,
}

/// Writes what changed.
///
/// # Errors
/// When writing fails.
pub fn write(diff: &Diff<'_>, options: &DiffOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let painter = Painter { color: options.color };
    let mut view = View { diff, all: options.all, painter, page: Page::new(out) };
    view.summary()?;
    view.permissions()?;
    view.places()?;
    view.operator()?;
    view.connectors()?;
    view.steps()?;
    view.left_out()?;
    view.remarks()?;
    view.page.finish()
}

struct View<'d, 'p> {
    diff: &'d Diff<'d>,
    all: bool,
    painter: Painter,
    page: Page<'p>,
}

impl View<'_, '_> {
    fn summary(&mut self) -> io::Result<()> {
        let diff = self.diff;
        if diff.is_empty() {
            return self.page.line(&format!("No difference: {}.", counted(diff.same, "step")));
        }
        let (added, removed, changed) = diff.counts();
        let parts = [(added, "added"), (removed, "removed"), (changed, "changed")];
        let mut parts: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", counted(*n, "step")))
            .collect();
        parts.push(format!("{} as before", number(diff.same)));
        let text = self.painter.paint(Style::Bold, &parts.join(", ")).into_owned();
        self.page.line(&format!("{text}."))
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        self.page.line("")?;
        let text = self.painter.paint(Style::Bold, text).into_owned();
        self.page.line(&text)
    }

    /// `+ text` in green or `- text` in red; for what is a danger when gained, the other way round.
    fn sign(&mut self, gained: bool, danger: bool, text: &str) -> io::Result<()> {
        let style = if gained == danger { Style::Red } else { Style::Green };
        let sign = if gained { "+" } else { "-" };
        let line = format!("{sign} {}", plain(text));
        let line = self.painter.paint(style, &line).into_owned();
        self.page.line(&format!("  {line}"))
    }

    fn dim(&mut self, text: &str) -> io::Result<()> {
        let text = plain(text).into_owned();
        let text = self.painter.paint(Style::Dim, &text).into_owned();
        self.page.line(&format!("      {text}"))
    }

    fn permissions(&mut self) -> io::Result<()> {
        let diff = self.diff;
        if diff.permissions.is_empty() && diff.silent.is_empty() {
            return Ok(());
        }
        self.heading("Permissions of the connection")?;
        for Gained { gained, what: (connector, it) } in &diff.permissions {
            let text =
                format!("{}: {} ({}), on {}", connector.name, it.permission, it.sort, it.scope);
            self.sign(*gained, true, &text)?;
            if *gained {
                self.dim(&format!("why: {}", it.why))?;
                if let Some(exposes) = &it.exposes {
                    self.dim(&format!("exposes: {exposes}"))?;
                }
            } else {
                self.dim(&format!("without it: {}", it.without))?;
            }
        }
        for connector in &diff.silent {
            self.dim(&format!("{connector}: one of the two plans does not tell them"))?;
        }
        Ok(())
    }

    fn places(&mut self) -> io::Result<()> {
        let diff = self.diff;
        if diff.scopes.is_empty() {
            return Ok(());
        }
        self.heading("Where it works")?;
        let shown = if self.all { usize::MAX } else { ALIKE_SHOWN_MAX * 4 };
        for Gained { gained, what: (connector, scope) } in diff.scopes.iter().take(shown) {
            self.sign(*gained, true, &format!("{connector}: {scope}"))?;
        }
        self.more(diff.scopes.len(), shown)
    }

    fn more(&mut self, all: usize, shown: usize) -> io::Result<()> {
        if all > shown {
            self.dim(&format!("… and {} more", number(all - shown)))?;
        }
        Ok(())
    }

    fn operator(&mut self) -> io::Result<()> {
        if self.diff.operator.is_empty() {
            return Ok(());
        }
        self.heading("Permissions of whoever applies it")?;
        for Gained { gained, what } in &self.diff.operator {
            self.sign(*gained, true, what)?;
        }
        Ok(())
    }

    fn connectors(&mut self) -> io::Result<()> {
        let diff = self.diff;
        if diff.connectors.is_empty() && diff.settings.is_empty() {
            return Ok(());
        }
        self.heading("Connectors")?;
        for Gained { gained, what } in &diff.connectors {
            let text = format!(
                "{}  plugin {}, handed over to {}",
                what.name, what.plugin, what.destination_title
            );
            self.sign(*gained, false, &text)?;
        }
        for (name, fields) in &diff.settings {
            self.change(name)?;
            fields.iter().try_for_each(|field| self.field(field, shown))?;
        }
        Ok(())
    }

    fn change(&mut self, text: &str) -> io::Result<()> {
        let line = format!("~ {}", plain(text));
        let line = self.painter.paint(Style::Yellow, &line).into_owned();
        self.page.line(&format!("  {line}"))
    }

    fn field(&mut self, field: &FieldChange, item: impl Fn(&Value) -> String) -> io::Result<()> {
        let path = plain(&field.path).into_owned();
        let path = self.painter.paint(Style::Dim, &path).into_owned();
        let (Value::Array(gone), Value::Array(come)) = (&field.from, &field.to) else {
            let (from, to) = (shown(&field.from), shown(&field.to));
            return self.page.line(&format!("      {path}: {from} → {to}"));
        };
        self.page.line(&format!("      {path}:"))?;
        let signed = [('-', gone), ('+', come)];
        for (sign, value) in signed.iter().flat_map(|(sign, all)| all.iter().map(|it| (*sign, it)))
        {
            self.page.line(&format!("        {sign} {}", item(value)))?;
        }
        Ok(())
    }

    fn steps(&mut self) -> io::Result<()> {
        if self.diff.steps.is_empty() {
            return Ok(());
        }
        self.heading("Steps")?;
        let mut classes: BTreeMap<String, usize> = BTreeMap::new();
        let keys: Vec<String> = self.diff.steps.iter().map(likeness).collect();
        for key in &keys {
            *classes.entry(key.clone()).or_default() += 1;
        }
        for (step, key) in self.diff.steps.iter().zip(&keys) {
            let alike = classes.get_mut(key);
            let folds = !self.all && alike.as_ref().is_some_and(|n| **n > ALIKE_SHOWN_MAX);
            match alike {
                // Told already.
                Some(0) => continue,
                Some(n) if folds => {
                    self.step(step, *n - 1)?;
                    *n = 0;
                }
                _ => self.step(step, 0)?,
            }
        }
        Ok(())
    }

    fn step(&mut self, diff: &StepDiff<'_>, alike: usize) -> io::Result<()> {
        let step = diff.step();
        let mut text = step.address_text();
        text.push_str("  ");
        text.push_str(&step.title());
        match diff {
            StepDiff::Added(_) => self.sign(true, false, &text)?,
            StepDiff::Removed(_) => self.sign(false, false, &text)?,
            StepDiff::Changed { .. } => self.change(&text)?,
        }
        for field in diff.fields() {
            let item = |value: &Value| match (field.path.as_str(), value) {
                ("needs" | "expects", Value::String(address)) => relative(address, &step),
                _ => shown(value),
            };
            self.field(field, item)?;
        }
        if alike > 0 {
            self.dim(&format!("… and {} more like it in other places", number(alike)))?;
        }
        Ok(())
    }

    fn left_out(&mut self) -> io::Result<()> {
        let diff = self.diff;
        if diff.left_out.is_empty() {
            return Ok(());
        }
        self.heading("Left out")?;
        let shown = if self.all { usize::MAX } else { ALIKE_SHOWN_MAX * 4 };
        for Gained { gained, what: (connector, it) } in diff.left_out.iter().take(shown) {
            self.sign(*gained, true, &format!("{}: {}: {}", connector.name, it.scope, it.reason))?;
        }
        self.more(diff.left_out.len(), shown)
    }

    fn remarks(&mut self) -> io::Result<()> {
        if self.diff.with_world {
            return Ok(());
        }
        self.page.line("")?;
        self.page.line(
            "The plans were not made in the same way: what looking at the world told is not compared.",
        )
    }
}

/// An address as the step calls it: without what both have in common.
fn relative(address: &str, step: &PlannedStep<'_>) -> String {
    let own = address.strip_prefix(step.connector().name.as_str());
    let short = own.and_then(|rest| rest.strip_prefix('.')).unwrap_or(address);
    let at = step.scope().map(|scope| format!("@{scope}")).unwrap_or_default();
    plain(short.strip_suffix(at.as_str()).unwrap_or(short)).into_owned()
}

/// What a step's difference has in common with those of its kind elsewhere: everything but the scope.
fn likeness(diff: &StepDiff<'_>) -> String {
    let step = diff.step();
    let sign = match diff {
        StepDiff::Added(_) => '+',
        StepDiff::Removed(_) => '-',
        StepDiff::Changed { .. } => '~',
    };
    let mut key = format!("{sign}{}.{}", step.connector().name, step.local());
    for FieldChange { path, from, to } in diff.fields() {
        let text = format!("\n{path}\n{from}\n{to}");
        key.push_str(&match step.scope() {
            Some(scope) => text.replace(scope, "{scope}"),
            None => text,
        });
    }
    key
}

/// A call, when it is one, as plans show calls.
fn call(fields: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let line = format!("{} {}", text("method")?, text("url")?);
    Some(match text("permission") {
        Some(permission) => format!("{line} with {permission}"),
        None => line,
    })
}

/// A value in a line.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(fields) => call(fields).unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    };
    let text = plain(&text);
    if text.chars().count() <= VALUE_CHARS_MAX {
        return text.into_owned();
    }
    text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect()
}
