//! The part of a plan that was asked for.

use std::collections::BTreeSet;

use petgraph::visit::{Dfs, Visitable};
use skybridge_model::Diagnostic;
use skybridge_model::nearest::nearest;

use super::report::Report;
use crate::codes;
use crate::graph::{Graph, to_u32};
use crate::input::PlanOptions;
use crate::plan::Plan;
use crate::selector::Selector;
use crate::step::PlannedStep;

/// Scopes compared when looking for the one that was meant: comparing takes time.
const SCOPES_COMPARED_MAX: usize = 2_000;

/// Addresses shown as examples.
const EXAMPLES_MAX: usize = 3;

/// Narrows the plan; `None`, and a complaint, when that leaves nothing or a selector means nothing.
pub(crate) fn select(plan: Plan, options: &PlanOptions, report: &mut Report) -> Option<Plan> {
    if options.only.is_empty() && options.upto.is_none() {
        return Some(plan);
    }
    let before = report.count();
    let mut chosen = vec![options.only.is_empty(); plan.len()];
    for selector in &options.only {
        for at in matched(&plan, selector, report) {
            chosen[at as usize] = true;
        }
    }
    if let Some(selector) = &options.upto {
        let mut needed = closure(plan.graph(), &matched(&plan, selector, report));
        add_putting_back(&plan, &mut needed);
        chosen.iter_mut().zip(needed).for_each(|(chosen, needed)| *chosen &= needed);
    }
    if report.count() > before {
        return None;
    }
    if !chosen.contains(&true) {
        report.push(
            Diagnostic::error(codes::NOTHING_LEFT, "--only and --upto have no step in common")
                .help("leave one of them out"),
        );
        return None;
    }
    Some(narrowed(plan, &chosen))
}

/// Positions a selector means.
fn matched(plan: &Plan, selector: &Selector, report: &mut Report) -> Vec<u32> {
    if let Some(step) = plan.steps().find(|step| selector.is(step)) {
        return vec![step.position()];
    }
    let steps = plan.steps().filter(|step| selector.matches(step));
    let positions: Vec<u32> = steps.map(|step| step.position()).collect();
    if positions.is_empty() {
        report.push(
            Diagnostic::error(codes::NO_MATCH, format!("`{selector}` matches no step of the plan"))
                .help(suggestion(plan, selector)),
        );
    }
    positions
}

fn suggestion(plan: &Plan, selector: &Selector) -> String {
    let mut paths = BTreeSet::new();
    for (connector, local) in plan.families.keys() {
        let name = &plan.connectors[*connector as usize].name;
        paths.insert(name.clone());
        paths.insert(format!("{name}.{local}"));
    }
    let path = selector.path();
    let known_path = path.is_empty() || paths.contains(&path);
    let meant = if known_path {
        Some(path.as_str())
    } else {
        nearest(&path, paths.iter().map(String::as_str))
    };
    if let Some(meant) = meant {
        let scopes = || plan.scopes.texts().take(SCOPES_COMPARED_MAX);
        match selector.scope() {
            None => return format!("did you mean `{meant}`?"),
            Some(scope) if scopes().any(|known| known == scope) && !known_path => {
                return format!("did you mean `{meant}@{scope}`?");
            }
            Some(scope) => {
                if let Some(scope) = nearest(scope, scopes().filter(|known| *known != scope)) {
                    return format!("did you mean `{meant}@{scope}`?");
                }
            }
        }
    }
    let examples: Vec<String> =
        plan.steps().take(EXAMPLES_MAX).map(|step| format!("`{}`", step.address())).collect();
    format!("the plan has {} steps, such as {}", plan.len(), examples.join(", "))
}

/// Which steps are among `from` or needed by one of them.
fn closure(graph: &Graph, from: &[u32]) -> Vec<bool> {
    let mut search = Dfs::from_parts(from.to_vec(), graph.visit_map());
    let mut reached = vec![false; graph.len()];
    while let Some(at) = search.next(graph) {
        reached[at as usize] = true;
    }
    reached
}

/// What chosen steps change for the time of the run is put back, asked for or not.
fn add_putting_back(plan: &Plan, chosen: &mut [bool]) {
    for step in plan.steps().filter(PlannedStep::always) {
        let changes =
            |need: &u32| chosen[*need as usize] && plan.rows[*need as usize].action.changes();
        chosen[step.position() as usize] |= step.needs().iter().any(changes);
    }
}

/// The chosen steps alone; what they need and the plan no longer has is noted at each.
fn narrowed(plan: Plan, chosen: &[bool]) -> Plan {
    let mut place = vec![u32::MAX; plan.len()];
    let mut narrowed = Plan { narrowed: true, ..Plan::default() };
    for at in (0..to_u32(plan.len())).filter(|at| chosen[*at as usize]) {
        let new = to_u32(narrowed.rows.len());
        place[at as usize] = new;
        narrowed.rows.push(plan.rows[at as usize]);
        let (kept, gone): (Vec<u32>, Vec<u32>) =
            plan.graph.needs(at).iter().partition(|need| chosen[**need as usize]);
        narrowed.graph.push(kept.into_iter().map(|need| place[need as usize]));
        if !gone.is_empty() {
            let gone = gone.into_iter().map(|need| plan.at(need).address()).collect();
            narrowed.expects.insert(new, gone);
        }
    }
    let Plan { connectors, templates, families, scopes, vars, notes, left_out, destroy, .. } = plan;
    narrowed = Plan {
        connectors,
        templates,
        families,
        scopes,
        vars,
        notes,
        left_out,
        destroy,
        ..narrowed
    };
    narrowed.reindex();
    narrowed
}
