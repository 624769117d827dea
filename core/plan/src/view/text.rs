//! The plan for people: connectors, groups and steps as a tree, and a summary.

use std::io;

use super::groups::{Group, groups};
use super::page::{Page, counted};
use super::text_fold::{GroupEntry, Shapes, StepEntry};
use super::text_step::{Painter, StepWriter, Style, plain};
use crate::action::Action;
use crate::order::ranks;
use crate::plan::{Connector, Plan};
use crate::reduce::Reducer;

/// Things left out that are shown, unless everything is.
const LEFT_OUT_SHOWN_MAX: usize = 20;

/// How much to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What each step does, needs and waits for.
    Brief,
    /// Its calls, inputs, outputs, undo and remarks as well, and every step however many there are.
    Full,
}

/// How to say it.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// How much to say.
    pub detail: Detail,
    /// With ANSI colours.
    pub color: bool,
    /// Columns to wrap at.
    pub width: usize,
    /// Of a plan with more steps, those that are alike are shown once. `None`: never.
    pub max_steps: Option<usize>,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { detail: Detail::Brief, color: false, width: 100, max_steps: Some(200) }
    }
}

/// Writes the plan.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, options: &TextOptions, out: &mut dyn io::Write) -> io::Result<()> {
    let ranks = ranks(plan.graph());
    let painter = Painter { color: options.color };
    let folds = options.detail == Detail::Brief
        && options.max_steps.is_some_and(|max_steps| plan.len() > max_steps);
    let mut view = View {
        plan,
        folds,
        painter,
        steps: StepWriter { options, painter, reducer: Reducer::new(plan, &ranks) },
        page: Page::new(out),
    };
    view.header()?;
    for (connector, groups) in plan.connectors().iter().zip(groups(plan)) {
        if !groups.is_empty() {
            view.connector(connector, &groups)?;
        }
    }
    view.notes()?;
    view.left_out()?;
    view.summary(ranks.iter().copied().max().unwrap_or(0) as usize)?;
    view.page.finish()
}

struct View<'a> {
    plan: &'a Plan,
    folds: bool,
    painter: Painter,
    steps: StepWriter<'a>,
    page: Page<'a>,
}

/// What leads to an entry of the tree, and what continues below it.
fn branch(last: bool) -> (&'static str, &'static str) {
    if last { ("└─ ", "   ") } else { ("├─ ", "│  ") }
}

impl View<'_> {
    fn header(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let what = if plan.destroys() { "Plan to take away" } else { "Plan to connect" };
        let how = match (plan.online(), plan.destroys()) {
            (true, false) => "as the clouds were found",
            (true, true) => "as the journals of earlier runs tell",
            (false, _) => "made offline, without looking at the clouds",
        };
        let names: Vec<String> =
            plan.connectors().iter().take(4).map(|c| plain(&c.name).into_owned()).collect();
        let mut text = format!("{what} {}", names.join(", "));
        if plan.connectors().len() > names.len() {
            let more = plan.connectors().len() - names.len();
            text.push_str(&format!(" and {more} more"));
        }
        let text = self.painter.paint(Style::Bold, &text);
        self.page.line(&format!("{text}: {}, {how}", counted(plan.len(), "step")))
    }

    fn connector(&mut self, connector: &Connector, groups: &[Group]) -> io::Result<()> {
        self.page.line("")?;
        let name = plain(&connector.name);
        let name = self.painter.paint(Style::Bold, &name);
        let steps = groups.iter().map(|group| group.steps.len()).sum();
        let given = if self.plan.destroys() { "withdrawn from" } else { "handed over to" };
        let mut line = format!(
            "{name}  plugin {}, {given} {}, {}",
            plain(&connector.plugin),
            plain(&connector.destination_title),
            counted(steps, "step"),
        );
        if !connector.depends_on.is_empty() {
            let order = if self.plan.destroys() { "before" } else { "after" };
            let others = connector.depends_on.join(", ");
            line.push_str(&format!(", {order} {}", plain(&others)));
        }
        self.page.line(&line)?;
        let mut shapes = Shapes::new(self.plan);
        let entries = shapes.group_entries(groups, self.folds);
        for (i, entry) in entries.iter().enumerate() {
            let (lead, below) = branch(i + 1 == entries.len());
            match entry {
                GroupEntry::Group(group) => self.group(group, lead, below, &mut shapes)?,
                GroupEntry::More { groups, steps, examples } => {
                    let more = format!(
                        "… and {} more like it ({}): {}",
                        super::page::number(*groups),
                        counted(*steps, "step"),
                        plain(&examples.join(", ")),
                    );
                    let (first, next) = ([lead], [below, "  "]);
                    self.steps.paragraph(&first, &next, &more, Some(Style::Dim), &mut self.page)?;
                }
            }
        }
        Ok(())
    }

    fn group(
        &mut self,
        group: &Group,
        lead: &str,
        below: &str,
        shapes: &mut Shapes<'_>,
    ) -> io::Result<()> {
        let heading = plain(&group.heading);
        let heading = self.painter.paint(Style::Bold, &heading);
        self.page.line(&format!("{lead}{heading}"))?;
        let entries = shapes.step_entries(group, self.folds);
        for (i, entry) in entries.iter().enumerate() {
            let (lead, under) = branch(i + 1 == entries.len());
            match entry {
                StepEntry::Step(at) => {
                    let step = self.plan.at(*at);
                    self.steps.write(&step, &[below, lead], &[below, under], &mut self.page)?;
                }
                StepEntry::More { steps, like } => {
                    let more = format!(
                        "… and {} more like {}",
                        super::page::number(*steps),
                        plain(self.plan.at(*like).address().as_str()),
                    );
                    let more = self.painter.paint(Style::Dim, &more);
                    self.page.line(&format!("{below}{lead}{more}"))?;
                }
            }
        }
        Ok(())
    }

    fn notes(&mut self) -> io::Result<()> {
        if self.plan.notes().is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        let heading = self.painter.paint(Style::Bold, "Notes");
        self.page.line(&heading)?;
        for note in self.plan.notes() {
            let text = match &note.connector {
                Some(connector) if self.plan.connectors().len() > 1 => {
                    format!("{connector}: {}", note.text)
                }
                _ => note.text.clone(),
            };
            self.steps.paragraph(&["  - "], &["    "], &text, None, &mut self.page)?;
        }
        Ok(())
    }

    /// What the manifest means and the plan leaves out; of many, the first ones.
    fn left_out(&mut self) -> io::Result<()> {
        let plan = self.plan;
        if plan.left_out.is_empty() {
            return Ok(());
        }
        self.page.line("")?;
        let heading = self.painter.paint(Style::Bold, "Left out");
        self.page.line(&heading)?;
        let brief =
            self.steps.options.detail == Detail::Brief && self.steps.options.max_steps.is_some();
        let shown = if brief { LEFT_OUT_SHOWN_MAX } else { usize::MAX };
        for (connector, left) in plan.left_out().take(shown) {
            let mut text = match plan.connectors().len() {
                2.. => format!("{}: ", connector.name),
                _ => String::new(),
            };
            text.push_str(&match &left.name {
                Some(name) => format!("{name} ({}): {}", left.scope, left.reason),
                None => format!("{}: {}", left.scope, left.reason),
            });
            if let Some(code) = &left.code {
                text.push_str(&format!(" [{code}]"));
            }
            self.steps.paragraph(&["  - "], &["    "], &text, None, &mut self.page)?;
            if let Some(help) = &left.help {
                let (lead, style) = (["    "], Some(Style::Dim));
                self.steps.paragraph(&lead, &lead, help, style, &mut self.page)?;
            }
        }
        if plan.left_out.len() > shown {
            let more = format!("… and {} more", super::page::number(plan.left_out.len() - shown));
            self.page.line(&format!("  {}", self.painter.paint(Style::Dim, &more)))?;
        }
        Ok(())
    }

    fn summary(&mut self, depth: usize) -> io::Result<()> {
        let plan = self.plan;
        let counts = plan.counts();
        self.page.line("")?;
        let legend: Vec<String> = counts
            .iter()
            .map(|(action, _)| {
                let symbol = action.symbol().to_string();
                format!("{} {action}", self.painter.paint(Style::of(action), &symbol))
            })
            .collect();
        self.page.line(&legend.join("   "))?;
        let parts: Vec<String> = counts
            .iter()
            .map(|(action, n)| format!("{} {action}", super::page::number(n)))
            .collect();
        let mut text = format!("Plan: {}: {}", counted(plan.len(), "step"), parts.join(", "));
        if !plan.left_out.is_empty() {
            text.push_str(&format!("; {} left out", super::page::number(plan.left_out.len())));
        }
        text.push('.');
        let text = self.painter.paint(Style::Bold, &text);
        self.page.line(&format!("{text} The longest chain has {}.", counted(depth, "step")))?;
        for line in remarks(plan) {
            self.page.line(&line)?;
        }
        Ok(())
    }
}

/// What the reader must know before applying.
fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    let errors = plan.planned.values().filter(|planned| planned.error.is_some()).count();
    if errors > 0 {
        let steps = counted(errors, "step");
        remarks.push(format!("Looking at the world failed for {steps}; this cannot be applied."));
    } else if !plan.has_changes() {
        remarks.push("Nothing would change.".to_owned());
    }
    if plan.unobserved > 0 {
        let steps = counted(plan.unobserved, "step");
        remarks.push(format!("{steps} could not be looked at yet: plan again afterwards."));
    }
    if plan.narrowed {
        remarks.push("This is a part of the work only.".to_owned());
    }
    let deletes = plan.counts().of(Action::Delete);
    if deletes > 0 && !plan.destroys() {
        remarks.push(format!("{} would be deleted.", counted(deletes, "thing")));
    }
    remarks
}
