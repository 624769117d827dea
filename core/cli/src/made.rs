//! What the runs of a state directory made: the only things that are ever taken back.
//!
//! The journals say it, each step of each run: `created`, or `updated` with a word on how to change
//! it back. `unchanged` counts when an attempt before it, in this run or an earlier one, may have
//! made the thing and its answer was lost. What a run found and adopted is somebody else's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use skybridge_journal::{RunState, Status, StepState};
use skybridge_model::Address;
use skybridge_plan::{HAND_OVER, Plan, TakeBack};
use skybridge_plugin_protocol::onboard::applied;

use crate::args::SimulateArgs;
use crate::failure::{Failure, Outcome};
use crate::record::{self, RunDir, RunKind};
use crate::session::engine_failure;

/// What the journals say of one step, run after run.
#[derive(Debug, Clone, Default, PartialEq)]
struct Thing {
    ours: bool,
    /// An attempt was begun and nobody knows what came of it.
    lost: bool,
    /// What undoing needs, oldest first, none twice.
    undo: Vec<Value>,
    /// The last word on what was done.
    action: String,
}

/// Everything the journals speak of.
#[derive(Debug, Default)]
struct Ledger(BTreeMap<Address, Thing>);

impl Ledger {
    /// Takes in the next run.
    fn add(&mut self, kind: RunKind, run: &RunState) {
        for (address, step) in &run.steps {
            if kind != RunKind::Offboard {
                self.0.entry(address.clone()).or_default().add(address, step);
            } else if step.status == Status::Ready {
                self.0.remove(address);
            }
        }
    }

    fn adopted(self) -> BTreeSet<Address> {
        let adopted = |thing: &Thing| thing.action == applied::ADOPTED;
        self.0.into_iter().filter(|(_, it)| adopted(it)).map(|(address, _)| address).collect()
    }

    fn take_back(self, connectors: &BTreeSet<&str>, purge: bool) -> TakeBack {
        let mut all = TakeBack { purge, ..TakeBack::default() };
        let meant = self.0.into_iter().filter(|(it, _)| connectors.contains(it.connector()));
        for (address, thing) in meant {
            if thing.ours && !thing.undo.is_empty() {
                all.made.insert(address, thing.undo);
            } else if let Some(reason) = thing.reason() {
                all.left.insert(address, reason.to_owned());
            }
        }
        all
    }
}

impl Thing {
    fn add(&mut self, address: &Address, step: &StepState) {
        let Some(action) = &step.action else {
            self.lost |= step.attempts > 0;
            // What the plan found as wanted.
            if step.status == Status::Settled && self.action.is_empty() {
                applied::UNCHANGED.clone_into(&mut self.action);
            }
            return;
        };
        let lost = self.lost || step.attempts > 1;
        let says_how = !step.undo.is_null();
        let made = match action.as_str() {
            applied::CREATED => true,
            applied::UPDATED => says_how,
            applied::UNCHANGED => says_how && lost,
            _ => false,
        };
        self.ours |= made;
        self.action.clone_from(action);
        // How to undo what is somebody else's is not how to undo what is ours.
        if self.ours && action != applied::ADOPTED {
            let undo = match &step.undo {
                // Hand-overs of earlier versions said nothing, and left a record all the same.
                Value::Null if address.kind() == HAND_OVER => json!({}),
                undo => undo.clone(),
            };
            if !undo.is_null() {
                self.undo.retain(|known| *known != undo);
                self.undo.push(undo);
            }
        }
    }

    /// Why it is left alone; nothing for what leaves nothing behind.
    fn reason(&self) -> Option<&'static str> {
        match self.action.as_str() {
            _ if self.ours => Some("it was made by us, and its plugin does not say how to undo it"),
            applied::ADOPTED => Some("it was there before us and was adopted; it stays"),
            applied::UNCHANGED => Some("it was found as wanted and never made by us; it stays"),
            applied::UPDATED => Some("it was there before us and was changed; it stays"),
            _ => None,
        }
    }
}

/// What earlier runs in the same world found and adopted, and nobody made since.
pub(crate) fn adopted(state: &Path, simulate: &SimulateArgs) -> Outcome<BTreeSet<Address>> {
    let mut ledger = Ledger::default();
    read(state, simulate, |kind, run, _, _| ledger.add(kind, run))?;
    Ok(ledger.adopted())
}

/// Reads the journals of all runs in the same world, oldest first.
fn read(
    state: &Path,
    simulate: &SimulateArgs,
    mut each: impl FnMut(RunKind, &RunState, String, RunDir),
) -> Outcome<()> {
    for name in record::runs(state) {
        let Some(folder) = RunDir::open(state, &name) else { continue };
        let record = folder.record()?;
        if !record.same_world(simulate) {
            continue;
        }
        let (run, _) = skybridge_journal::load(&folder.journal())
            .map_err(|error| engine_failure("reading what earlier runs made", &error))?;
        each(record.kind, &run, name, folder);
    }
    Ok(())
}

/// The plan that takes back what the runs in the same world made of these connectors.
pub(crate) fn plan(
    state: &Path,
    simulate: &SimulateArgs,
    connectors: &BTreeSet<&str>,
    purge: bool,
) -> Outcome<Plan> {
    let mut ledger = Ledger::default();
    let mut runs = Vec::new();
    read(state, simulate, |kind, run, name, folder| {
        ledger.add(kind, run);
        if kind != RunKind::Offboard {
            runs.push((kind == RunKind::Apply, name, folder));
        }
    })?;
    let what = ledger.take_back(connectors, purge);
    // The newest plan knows best; one that connects knows more than one that only rotates.
    runs.sort_by(|(a, a_name, _), (b, b_name, _)| (b, b_name).cmp(&(a, a_name)));
    let mut missing: BTreeSet<&Address> = what.made.keys().chain(what.left.keys()).collect();
    let mut plans = Vec::new();
    for (_, name, folder) in &runs {
        if missing.is_empty() {
            break;
        }
        let plan = Plan::from_json(&folder.plan()?).map_err(|error| {
            let help = "restore the file; nothing is taken back on a guess";
            Failure::usage(format!("reading the plan of run {name}: {error}"), help)
        })?;
        missing.retain(|address| plan.find(address).is_none());
        plans.push(plan);
    }
    skybridge_plan::take_back(&plans, &what)
        .map_err(|error| engine_failure("planning what to take back", &error))
}

#[cfg(test)]
mod tests;
