//! The connectors among themselves: names, `depends-on`, and an order.

use std::collections::BTreeMap;

use skybridge_model::address::is_word;
use skybridge_model::nearest::nearest;
use skybridge_model::{Diagnostic, Span};

use super::report::Report;
use super::shown;
use crate::codes;
use crate::cycle::shortest_cycles;
use crate::graph::{Graph, to_u32};
use crate::input::{ConnectorInput, Dependency};
use crate::order;

/// Sorts the connectors by name and says in which order they run: each after those it depends on,
/// otherwise by name. `None` when there is no such order.
pub(crate) fn order(inputs: &mut [ConnectorInput], report: &mut Report) -> Option<Vec<u32>> {
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    for input in inputs.iter().filter(|input| !is_word(&input.name)) {
        report.push(placed(
            Diagnostic::error(
                codes::WORD,
                format!("`{}` cannot be the name of a connector", input.name),
            )
            .help("use lower-case letters, digits and dashes"),
            input.span.as_ref(),
        ));
    }
    for pair in inputs.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        report.push(placed(
            Diagnostic::error(
                codes::DUPLICATE_CONNECTOR,
                format!("connector `{}` is described twice", pair[1].name),
            )
            .help("give each connector a name of its own"),
            pair[1].span.as_ref(),
        ));
    }
    let graph = graph(inputs, report);
    match order::order(&graph) {
        Ok(order) => Some(order),
        Err(stuck) => {
            for cycle in shortest_cycles(&graph, &stuck) {
                report.push(complaint(inputs, &cycle));
            }
            None
        }
    }
}

fn placed(diagnostic: Diagnostic, span: Option<&Span>) -> Diagnostic {
    match span {
        Some(span) => diagnostic.span(span.clone()),
        None => diagnostic,
    }
}

fn graph(inputs: &[ConnectorInput], report: &mut Report) -> Graph {
    let positions: BTreeMap<&str, u32> =
        inputs.iter().enumerate().map(|(i, input)| (input.name.as_str(), to_u32(i))).collect();
    let mut graph = Graph::with_capacity(inputs.len(), inputs.len());
    for input in inputs {
        let mut needs = Vec::with_capacity(input.depends_on.len());
        for dependency in &input.depends_on {
            match positions.get(dependency.connector.as_str()) {
                Some(position) => needs.push(*position),
                None => report.push(unknown(input, dependency, positions.keys().copied())),
            }
        }
        needs.sort_unstable();
        needs.dedup();
        graph.push(needs);
    }
    graph
}

fn unknown<'a>(
    input: &'a ConnectorInput,
    dependency: &Dependency,
    known: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let known: Vec<&str> = known.filter(|name| *name != input.name).collect();
    let help = match nearest(&dependency.connector, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "the manifest has no other connector".to_owned(),
        None => format!("the manifest has {}", known.join(", ")),
    };
    placed(
        Diagnostic::error(
            codes::UNKNOWN_CONNECTOR,
            format!(
                "connector `{}` depends on `{}`, which does not exist",
                input.name, dependency.connector
            ),
        )
        .help(help),
        dependency.span.as_ref().or(input.span.as_ref()),
    )
}

fn complaint(inputs: &[ConnectorInput], cycle: &[u32]) -> Diagnostic {
    let members: Vec<&ConnectorInput> = cycle.iter().map(|at| &inputs[*at as usize]).collect();
    let names: Vec<String> = members.iter().map(|input| input.name.clone()).collect();
    let mut detail = String::from("an arrow reads `waits for`");
    for (input, next) in members.iter().zip(members.iter().cycle().skip(1)) {
        let said = input.depends_on.iter().find(|dependency| dependency.connector == next.name);
        let place = said.and_then(|dependency| dependency.span.as_ref()).or(input.span.as_ref());
        detail.push_str(&format!("\n{} -> {}: {}", input.name, next.name, place_of(place)));
    }
    placed(
        Diagnostic::error(
            codes::CONNECTOR_CYCLE,
            format!("connectors depend on each other in a circle: {}", shown::cycle(&names)),
        )
        .detail(detail)
        .help("remove one of these entries of depends-on"),
        members.first().and_then(|input| input.span.as_ref()),
    )
}

/// `contoso.toml:3`
fn place_of(span: Option<&Span>) -> String {
    span.map_or_else(
        || "place unknown".to_owned(),
        |span| format!("{}:{}", span.file, span.start.line),
    )
}
