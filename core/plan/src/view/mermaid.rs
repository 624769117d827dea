//! The plan as a picture in a Markdown file: a Mermaid flowchart, left to right.

use std::io;

use super::dot::{colour, said};
use super::groups::groups;
use super::page::Page;
use crate::action::Action;
use crate::order::ranks;
use crate::plan::Plan;
use crate::reduce::Reducer;
use crate::step::PlannedStep;

/// Writes the plan as a flowchart. Needs that other needs imply are left out; those of steps that run
/// whatever happens are dotted.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(out);
    page.line("flowchart LR")?;
    for (i, (connector, groups)) in plan.connectors().iter().zip(groups(plan)).enumerate() {
        if groups.is_empty() {
            continue;
        }
        let title = format!("{} ({})", connector.name, connector.plugin);
        page.line(&format!("  subgraph c{i}[\"{}\"]", escaped(&title)))?;
        for (j, group) in groups.iter().enumerate() {
            page.line(&format!("    subgraph c{i}g{j}[\"{}\"]", escaped(&group.heading)))?;
            for at in &group.steps {
                write_step(&plan.at(*at), &mut page)?;
            }
            page.line("    end")?;
        }
        page.line("  end")?;
    }
    let ranks = ranks(&plan.graph);
    let mut reducer = Reducer::new(plan, &ranks);
    for step in plan.steps() {
        for need in reducer.needs(step.position()) {
            let arrow = if step.always() { "-.->" } else { "-->" };
            page.line(&format!("  n{need} {arrow} n{}", step.position()))?;
        }
    }
    for (action, _) in plan.counts().iter() {
        let (name, fill) = (class(action), colour(action));
        page.line(&format!("  classDef {name} fill:{fill},stroke:#5f6b7a,color:#1b2430"))?;
    }
    page.finish()
}

fn write_step(step: &PlannedStep<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.line(&format!(
        "      n{}[\"{}<br/>{}\"]:::{}",
        step.position(),
        escaped(&step.title()),
        escaped(&said(step)),
        class(step.action()),
    ))
}

/// Class names are one word.
const fn class(action: Action) -> &'static str {
    match action {
        Action::HandOver => "handover",
        Action::NoOp => "noop",
        other => other.as_str(),
    }
}

/// Mermaid reads Markdown, HTML and its own syntax in labels; all of it is taken away by writing what
/// could begin any as a character code.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => out.push(' '),
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '*' | '_' | ';' | '[' | ']' | '{' | '}'
            | '|' => out.push_str(&format!("#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
