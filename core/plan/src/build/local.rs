//! The graph of one connector: an order of its steps, or the circles that prevent one; and that no
//! two steps share an address.

use std::collections::BTreeMap;

use skybridge_plugin_protocol::onboard::Description;

use super::report::Complaints;
use super::shown;
use crate::codes;
use crate::cycle::shortest_cycles;
use crate::graph::{Graph, to_u32};
use crate::order;

/// Positions of the steps, each after its needs. `None` when there is a circle.
pub(crate) fn order(
    description: &Description,
    complaints: &mut Complaints<'_>,
) -> Option<Vec<u32>> {
    complain_of_doubles(description, complaints);
    let edges = description.steps.iter().map(|step| step.needs.len()).sum();
    let mut graph = Graph::with_capacity(description.steps.len(), edges);
    for step in &description.steps {
        graph.push(step.needs.iter().copied());
    }
    let stuck = match order::order(&graph) {
        Ok(order) => return Some(order),
        Err(stuck) => stuck,
    };
    for cycle in shortest_cycles(&graph, &stuck) {
        let name = |at: &u32| shown::step(complaints.connector, description, *at as usize);
        let names: Vec<String> = cycle.iter().map(name).collect();
        let problem = format!("steps need each other in a circle: {}", shown::cycle(&names));
        complaints.push(codes::STEP_CYCLE, &problem, "an arrow reads `needs`; remove one of them");
    }
    None
}

fn complain_of_doubles(description: &Description, complaints: &mut Complaints<'_>) {
    let mut families: BTreeMap<String, u32> = BTreeMap::new();
    let family: Vec<u32> = description
        .templates
        .iter()
        .map(|template| {
            let next = to_u32(families.len());
            *families.entry(shown::local(template)).or_insert(next)
        })
        .collect();
    let mut keys: Vec<(&Option<String>, u32, u32)> = description
        .steps
        .iter()
        .zip(0..)
        .map(|(step, at)| (&step.scope, family[step.template as usize], at))
        .collect();
    keys.sort_unstable();
    for pair in keys.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
        let address = shown::step(complaints.connector, description, pair[1].2 as usize);
        let problem = format!("steps {} and {} are both `{address}`", pair[0].2, pair[1].2);
        complaints.push(codes::DUPLICATE, &problem, "give them different names or scopes");
    }
}
