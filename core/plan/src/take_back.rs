//! The plan that takes back what runs have made, as their journals know it.
//!
//! Other than a plan that destroys, it is made from what happened and not from what is meant: only
//! what is told to have been made is in it, and each step carries what undoing it needs to know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_model::Address;
use skybridge_plugin_protocol::onboard::effect;

use crate::build::destroy::reverse;
use crate::format::{self, ReadError, v1};
use crate::graph::{Graph, to_u32};
use crate::language::escape_value;
use crate::order;
use crate::plan::Plan;
use crate::step::PlannedStep;
use crate::{Action, Performer};

/// Looks in a row that must find nothing: reads hit different replicas.
const GONE_LOOKS: u32 = 3;

/// Milliseconds between two looks: most replicas follow within a second.
const GONE_INTERVAL_MS: u64 = 500;

/// Milliseconds after which something counts as still there: directories promise minutes.
const GONE_BUDGET_MS: u64 = 10 * 60 * 1000;

/// What is to be taken back, and what is not.
#[derive(Debug, Clone, Default)]
pub struct TakeBack {
    /// What was made, each with what the runs said undoing needs, oldest first.
    pub made: BTreeMap<Address, Vec<Value>>,
    /// What is left alone, each with the reason.
    pub left: BTreeMap<Address, String>,
    /// Leave nothing that could be restored either.
    pub purge: bool,
}

/// What a step of such a plan needs to know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Undoing {
    /// What the runs said undoing needs, newest first.
    pub undo: Vec<Value>,
    /// Leave nothing that could be restored either.
    #[serde(default)]
    pub purge: bool,
}

impl Undoing {
    /// What the step of a plan that takes back was given.
    #[must_use]
    pub fn of(step: &PlannedStep<'_>) -> Option<Self> {
        let none = |_: &str, _: &str| None;
        let desired = crate::resolve(&step.desired(), none).ok()?;
        serde_json::from_value(desired).ok()
    }
}

/// The plan that takes back what `plans` made. A step is taken from the first plan that has it, so
/// the most telling one comes first; what needed it then is taken back before it.
///
/// What was made and is in none of the plans cannot be taken back: it is left out with the reason.
///
/// # Errors
/// [`ReadError`] when the plans contradict each other, which plans of one host do not.
pub fn take_back(plans: &[Plan], what: &TakeBack) -> Result<Plan, ReadError> {
    let (all, positions) = homes(plans);
    let needs = |step: &PlannedStep<'_>| -> Vec<u32> {
        let addresses = step.needs().iter().map(|need| step.plan.at(*need).address());
        addresses.filter_map(|need| positions.get(&need).copied()).collect()
    };
    let mut graph = Graph::with_capacity(all.len(), all.len());
    for step in &all {
        graph.push(needs(step));
    }
    // Every step of a plan has its needs in that plan or in one before it, and each plan is free of
    // circles; so are all together, unless a file was edited.
    let order = order::order(&graph).map_err(|stuck| ReadError::Inconsistent {
        at: stuck.first().map_or_else(String::new, |at| all[*at as usize].address().to_string()),
        problem: "the plans of earlier runs need each other in a circle".to_owned(),
    })?;
    let (ordered, kept) = in_order(&graph, &order, |at| what.made.contains_key(&all[at].address()));
    let reversed = reverse(&ordered, &kept);
    let backwards: Vec<&PlannedStep<'_>> = order
        .iter()
        .zip(&kept)
        .rev()
        .filter(|(_, kept)| **kept)
        .map(|(at, _)| &all[*at as usize])
        .collect();
    let mut steps = Vec::with_capacity(backwards.len());
    for (step, at) in backwards.iter().zip(0..) {
        let needs = reversed.needs(at).iter();
        let needs = needs.map(|need| backwards[*need as usize].address().to_string()).collect();
        steps.push(taken_back(step, needs, what));
    }
    let connectors = connectors(plans, what);
    let undone = |at: u32| all[at as usize].undo().is_some();
    let home = |address: &Address| positions.get(address).copied();
    let left_out = left_out(&connectors, what, |address| home(address).map(undone));
    Plan::from_document(&document(connectors, steps, left_out))
}

/// Every step as the first plan that has it has it, and where it stands among them.
fn homes(plans: &[Plan]) -> (Vec<PlannedStep<'_>>, BTreeMap<Address, u32>) {
    let (mut all, mut positions) = (Vec::new(), BTreeMap::new());
    for step in plans.iter().flat_map(Plan::steps) {
        positions.entry(step.address()).or_insert_with(|| {
            all.push(step);
            to_u32(all.len() - 1)
        });
    }
    (all, positions)
}

/// The same graph with its steps in order, and which of them are kept.
fn in_order(graph: &Graph, order: &[u32], keep: impl Fn(usize) -> bool) -> (Graph, Vec<bool>) {
    let mut place = vec![0_u32; graph.len()];
    for (old, new) in order.iter().zip(0..) {
        place[*old as usize] = new;
    }
    let mut ordered = Graph::with_capacity(graph.len(), graph.edge_count());
    let mut kept = Vec::with_capacity(graph.len());
    for old in order {
        let mut needs: Vec<u32> =
            graph.needs(*old).iter().map(|need| place[*need as usize]).collect();
        needs.sort_unstable();
        needs.dedup();
        ordered.push(needs);
        kept.push(keep(*old as usize));
    }
    (ordered, kept)
}

fn taken_back(step: &PlannedStep<'_>, needs: Vec<String>, what: &TakeBack) -> v1::Step {
    let record = format::step_record(step);
    let (title, calls) = match record.undo {
        Some(undo) if !undo.title.trim().is_empty() => (undo.title, undo.calls),
        Some(undo) => (format!("undo: {}", record.title), undo.calls),
        None => (format!("undo: {}", record.title), Vec::new()),
    };
    let made = what.made.get(&step.address()).map(Vec::as_slice).unwrap_or_default();
    let undo: Vec<Value> = match step.effect() {
        // Each of its runs made another one.
        effect::MINT => made.iter().rev().cloned().collect(),
        _ => made.last().cloned().into_iter().collect(),
    };
    let undoing = Undoing { undo, purge: what.purge };
    let host = step.performer() == Performer::Host;
    v1::Step {
        title,
        calls,
        needs,
        desired: escape_value(&serde_json::to_value(undoing).unwrap_or_default()),
        readiness: Some(v1::Readiness {
            waits_for: "nothing of it is left".to_owned(),
            successes: if host { 1 } else { GONE_LOOKS },
            interval_ms: GONE_INTERVAL_MS,
            budget_ms: GONE_BUDGET_MS,
        }),
        action: Action::Delete.as_str().to_owned(),
        undo: None,
        expects: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        always: false,
        part: false,
        notes: Vec::new(),
        observed: None,
        changes: Vec::new(),
        ..record
    }
}

/// The connectors of the steps; what is withdrawn last stood first.
fn connectors(plans: &[Plan], what: &TakeBack) -> Vec<v1::Connector> {
    let mut all: Vec<v1::Connector> = Vec::new();
    for known in plans.iter().flat_map(|plan| plan.connectors().iter().rev()) {
        let mut concerned = what.made.keys().chain(what.left.keys());
        let wanted = concerned.any(|address| address.connector() == known.name);
        if wanted && !all.iter().any(|other| other.name == known.name) {
            all.push(format::connector(known));
        }
    }
    all
}

/// `undone` says of a step whether it has an undo, and nothing when no plan has it.
fn left_out(
    connectors: &[v1::Connector],
    what: &TakeBack,
    undone: impl Fn(&Address) -> Option<bool>,
) -> Vec<v1::LeftOut> {
    let lost = what.made.keys().filter(|address| undone(address).is_none());
    let lost = lost.map(|address| (address, "no plan of an earlier run has it any more"));
    // A step without an undo leaves nothing behind.
    let left = what.left.iter().filter(|(address, _)| undone(address) == Some(true));
    let left = left.map(|(address, reason)| (address, reason.as_str()));
    let known = |address: &Address| connectors.iter().any(|c| c.name == address.connector());
    left.chain(lost)
        .filter(|(address, _)| known(address))
        .map(|(address, reason)| v1::LeftOut {
            connector: address.connector().to_owned(),
            scope: address.to_string(),
            name: None,
            reason: reason.to_owned(),
            code: None,
            help: None,
        })
        .collect()
}

fn document(
    connectors: Vec<v1::Connector>,
    steps: Vec<v1::Step>,
    left_out: Vec<v1::LeftOut>,
) -> v1::Document {
    let applyable = !steps.is_empty();
    v1::Document {
        format: v1::FORMAT.to_owned(),
        version: v1::VERSION,
        facts: v1::Facts {
            online: true,
            destroy: true,
            narrowed: false,
            unobserved: 0,
            complete: true,
            applyable,
            errored: false,
        },
        origin: None,
        connectors,
        steps,
        notes: Vec::new(),
        left_out,
        permissions: Vec::new(),
        counts: BTreeMap::new(),
        digest: None,
    }
}
