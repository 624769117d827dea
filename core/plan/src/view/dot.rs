//! The plan as a picture: Graphviz DOT, one cluster per connector and group, left to right.

use std::io;

use super::groups::{Group, groups};
use super::page::Page;
use crate::action::Action;
use crate::order::ranks;
use crate::plan::Plan;
use crate::reduce::Reducer;
use crate::step::PlannedStep;

/// Characters of a title in one line of a box.
const LINE_CHARS: usize = 30;

/// Writes the plan for `dot -Tsvg`. Needs that other needs imply are left out; those of steps that run
/// whatever happens are dashed.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    let mut page = Page::new(out);
    page.line("digraph plan {")?;
    page.line("  rankdir=LR; newrank=true; ranksep=0.6; nodesep=0.18; compound=true;")?;
    page.line("  fontname=\"Helvetica\"; fontsize=12; bgcolor=\"white\";")?;
    page.line(
        "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=10, margin=\"0.12,0.06\", color=\"#5f6b7a\", fontcolor=\"#1b2430\"];",
    )?;
    page.line("  edge [color=\"#7b8794\", arrowsize=0.6, tailport=e, headport=w];")?;
    for (i, (connector, groups)) in plan.connectors().iter().zip(groups(plan)).enumerate() {
        if groups.is_empty() {
            continue;
        }
        page.line(&format!("  subgraph cluster_{i} {{"))?;
        let label = format!("{}  ({})", connector.name, connector.plugin);
        page.line(&format!("    label={}; labeljust=l; fontsize=14;", quoted(&label)))?;
        page.line("    style=rounded; color=\"#9aa5b1\"; margin=12;")?;
        for (j, group) in groups.iter().enumerate() {
            write_group(plan, i, j, group, &mut page)?;
        }
        page.line("  }")?;
    }
    write_edges(plan, &mut page)?;
    page.line("}")?;
    page.finish()
}

fn write_group(
    plan: &Plan,
    connector: usize,
    i: usize,
    group: &Group,
    page: &mut Page<'_>,
) -> io::Result<()> {
    page.line(&format!("    subgraph cluster_{connector}_{i} {{"))?;
    page.line(&format!("      label={}; labeljust=l; fontsize=11;", quoted(&group.heading)))?;
    page.line(
        "      style=\"rounded,filled\"; color=\"#d3d9e0\"; fillcolor=\"#f7f9fb\"; margin=8;",
    )?;
    for at in &group.steps {
        let step = plan.at(*at);
        let fill = colour(step.action());
        page.line(&format!(
            "      n{at} [label=<{}>, fillcolor=\"{fill}\", tooltip={}];",
            label(&step),
            quoted(step.address().as_str()),
        ))?;
    }
    page.line("    }")
}

fn write_edges(plan: &Plan, page: &mut Page<'_>) -> io::Result<()> {
    let ranks = ranks(&plan.graph);
    let mut reducer = Reducer::new(plan, &ranks);
    for step in plan.steps() {
        for need in reducer.needs(step.position()) {
            let style = if step.always() { " [style=dashed]" } else { "" };
            page.line(&format!("  n{need} -> n{}{style};", step.position()))?;
        }
    }
    Ok(())
}

/// Soft fills that keep dark text readable and differ without colour vision: light, middle, dark.
pub(super) const fn colour(action: Action) -> &'static str {
    match action {
        Action::Read => "#e3edf9",
        Action::Ensure | Action::Create => "#d3efdc",
        Action::Adopt | Action::Update => "#fdeec2",
        Action::Mint | Action::Replace => "#fbd9b5",
        Action::Delete => "#f7cbc8",
        Action::HandOver => "#e2d5f4",
        Action::NoOp => "#eeeeee",
    }
}

/// The title in bold, below it in small what is done and where the instructions say so.
fn label(step: &PlannedStep<'_>) -> String {
    let title = wrapped(&step.title());
    let mut small = said(step);
    if let Some(reference) = step.reference() {
        small.push_str(" · page ");
        small.push_str(reference);
    }
    let small = as_html(&small);
    format!("<b>{title}</b><br/><font point-size=\"8\" color=\"#52606d\">{small}</font>")
}

/// `ensure · application`, each word once.
pub(super) fn said(step: &PlannedStep<'_>) -> String {
    let action = step.action().as_str();
    if action == step.local() { action.to_owned() } else { format!("{action} · {}", step.local()) }
}

fn wrapped(title: &str) -> String {
    let mut text = String::with_capacity(title.len() + 16);
    let mut column = 0;
    for word in title.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + length >= LINE_CHARS {
            text.push_str("<br/>");
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(&as_html(word));
        column += length;
    }
    // An empty pair of tags is an error in an HTML-like label.
    if text.is_empty() { "?".to_owned() } else { text }
}

/// Text in an HTML-like label.
fn as_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A quoted identifier: the only characters DOT gives a meaning in one are `"`, `\` and line breaks.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
