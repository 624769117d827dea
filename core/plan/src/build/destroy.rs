//! The plan the other way round: what was made last is taken away first.

use std::collections::BTreeSet;

use crate::action::Action;
use crate::graph::{Graph, to_u32};
use crate::order::dependents;
use crate::plan::StepRow;
use crate::plan::{Note, Plan};

/// The plan that takes away what `plan` makes: the steps that have an undo, in reverse order.
pub(crate) fn destroy(plan: &Plan) -> Plan {
    let last = to_u32(plan.connectors.len()).saturating_sub(1);
    let mut reversed = Plan {
        connectors: plan.connectors.iter().rev().cloned().collect(),
        templates: plan.templates.clone(),
        scopes: plan.scopes.clone(),
        vars: plan.vars.clone(),
        notes: plan.notes.clone(),
        left_out: plan.left_out.iter().map(|(at, left)| (last - at, left.clone())).collect(),
        destroy: true,
        ..Plan::default()
    };
    let kept: Vec<bool> = plan
        .rows
        .iter()
        .map(|row| plan.templates[row.template as usize].body.undo.is_some())
        .collect();
    for template in &mut reversed.templates {
        template.connector = last - template.connector;
        let body = &mut template.body;
        body.title = undo_title(body);
        body.calls = body.undo.take().map_or_else(Vec::new, |undo| undo.calls);
        // What the step would wait for and put out is said of making, not of taking away; and where
        // the hand-over stands among them, the needs tell.
        body.readiness = None;
        (body.always, body.part, body.after_handover) = (false, false, false);
        body.desired = serde_json::Value::Null;
        body.inputs.clear();
        body.outputs.clear();
    }
    reversed.families = plan
        .families
        .iter()
        .map(|((connector, local), family)| ((last - connector, local.clone()), *family))
        .collect();
    reversed.graph = reverse(&plan.graph, &kept);
    for (row, _) in plan.rows.iter().zip(&kept).rev().filter(|(_, kept)| **kept) {
        reversed.rows.push(StepRow { action: Action::Delete, ..*row });
    }
    let left_out = kept.iter().filter(|kept| !**kept).count();
    if left_out > 0 {
        let text = match left_out {
            1 => "1 step leaves nothing behind and is not listed".to_owned(),
            n => format!("{n} steps leave nothing behind and are not listed"),
        };
        reversed.notes.push(Note { connector: None, text });
    }
    reversed.reindex();
    reversed
}

fn undo_title(body: &skybridge_plugin_protocol::onboard::StepTemplate) -> String {
    match &body.undo {
        Some(undo) if !undo.title.trim().is_empty() => undo.title.clone(),
        _ => format!("undo: {}", body.title),
    }
}

/// The reversed graph of the kept steps. A step waits for the nearest kept ones that needed it,
/// through any number of steps that are left out.
pub(crate) fn reverse(graph: &Graph, kept: &[bool]) -> Graph {
    let above = dependents(graph);
    let steps = to_u32(graph.len());
    let mut reversed = Graph::with_capacity(graph.len(), graph.edge_count());
    // New positions, counted from the end.
    let mut place = vec![0_u32; graph.len()];
    for (at, new) in (0..steps).rev().filter(|at| kept[*at as usize]).zip(0..) {
        place[at as usize] = new;
    }
    let mut rows = vec![crate::graph::Row::default(); graph.len()];
    for at in (0..steps).rev() {
        let row = match above.needs(at) {
            // Whoever is needed only by a step left out waits for the same as that step: one row for
            // both, so that a check which thousands rely on does not multiply into thousands of rows.
            [only] if !kept[*only as usize] => rows[*only as usize],
            many => {
                let mut needs = BTreeSet::new();
                for dependent in many {
                    if kept[*dependent as usize] {
                        needs.insert(place[*dependent as usize]);
                    } else {
                        needs.extend(reversed.stored(rows[*dependent as usize]));
                    }
                }
                reversed.store(needs)
            }
        };
        rows[at as usize] = row;
        if kept[at as usize] {
            reversed.push_row(row);
        }
    }
    reversed
}
