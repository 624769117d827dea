//! What changed from one plan to another: the same manifest before and after a change, or a saved plan
//! and the world as it is now.
//!
//! Steps are matched by address. Where the plans were not both made by looking at the world, what
//! looking told is left out of the comparison. Every pass is linear in the steps of both plans, but
//! for finding an address, which is a search by halving.

mod besides;
mod fields;
mod matching;

use serde_json::Value;

use crate::plan::{Connector, Plan};
use crate::step::PlannedStep;
use fields::Comparison;
use matching::Matching;
use skybridge_plugin_protocol::onboard::{LeftOut, Permission};

pub use besides::Gained;

/// What changed from [`Diff::old`] to [`Diff::new`].
#[derive(Debug)]
pub struct Diff<'a> {
    /// The plan before.
    pub old: &'a Plan,
    /// The plan after.
    pub new: &'a Plan,
    /// Permissions the connection holds in one of them only.
    pub permissions: Vec<Gained<(&'a Connector, &'a Permission)>>,
    /// Connectors of which only one plan tells the permissions: nothing is said of those.
    pub silent: Vec<&'a str>,
    /// Places that one of them works on, with the connector.
    pub scopes: Vec<Gained<(&'a str, &'a str)>>,
    /// What whoever applies the plan must be allowed to do.
    pub operator: Vec<Gained<String>>,
    /// Connectors that one of them has.
    pub connectors: Vec<Gained<&'a Connector>>,
    /// Connectors that both have and that differ, by name.
    pub settings: Vec<(&'a str, Vec<FieldChange>)>,
    /// Steps that differ: the new plan's in its order, then those that went.
    pub steps: Vec<StepDiff<'a>>,
    /// How many steps are the same in both.
    pub same: usize,
    /// What one of them leaves out, or leaves out for another reason.
    pub left_out: Vec<Gained<(&'a Connector, &'a LeftOut)>>,
    /// Whether what looking at the world told was compared.
    pub with_world: bool,
}

/// A step that differs.
#[derive(Debug)]
pub enum StepDiff<'a> {
    /// Only the new plan has it.
    Added(PlannedStep<'a>),
    /// Only the old plan had it.
    Removed(PlannedStep<'a>),
    /// Both have it, and it says something else.
    Changed {
        /// As it was in the old plan.
        before: PlannedStep<'a>,
        /// As it is in the new plan.
        step: PlannedStep<'a>,
        /// What it says otherwise, in the order of the format.
        fields: Vec<FieldChange>,
    },
}

impl<'a> StepDiff<'a> {
    /// The step, as the newest plan that has it has it.
    #[must_use]
    pub fn step(&self) -> PlannedStep<'a> {
        match self {
            Self::Added(step) | Self::Removed(step) | Self::Changed { step, .. } => *step,
        }
    }

    /// What it says otherwise.
    #[must_use]
    pub fn fields(&self) -> &[FieldChange] {
        match self {
            Self::Changed { fields, .. } => fields,
            Self::Added(_) | Self::Removed(_) => &[],
        }
    }
}

/// One difference within a step or a connector.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The field, as the plan's JSON form has it: `desired.role`, `calls[0].url`.
    pub path: String,
    /// As it was; null when it was not there.
    pub from: Value,
    /// As it is; null when it is not there any more.
    pub to: Value,
}

impl Diff<'_> {
    /// Whether both plans say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.permissions.is_empty()
            && self.operator.is_empty()
            && self.connectors.is_empty()
            && self.settings.is_empty()
            && self.steps.is_empty()
            && self.left_out.is_empty()
    }

    /// How many steps were added, removed and changed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        self.steps.iter().fold((0, 0, 0), |(added, removed, changed), step| match step {
            StepDiff::Added(_) => (added + 1, removed, changed),
            StepDiff::Removed(_) => (added, removed + 1, changed),
            StepDiff::Changed { .. } => (added, removed, changed + 1),
        })
    }
}

/// Compares two plans.
#[must_use]
pub fn diff<'a>(old: &'a Plan, new: &'a Plan) -> Diff<'a> {
    let with_world = old.online() == new.online() && old.destroys() == new.destroys();
    let matching = Matching::new(old, new);
    let (permissions, silent) = besides::permissions(old, new);
    let mut diff = Diff {
        old,
        new,
        permissions,
        silent,
        scopes: besides::scopes(old, new),
        operator: besides::operator(old, new),
        connectors: besides::connectors(old, new),
        settings: besides::settings(old, new),
        steps: Vec::new(),
        same: 0,
        left_out: besides::left_out(old, new),
        with_world,
    };
    let mut comparison = Comparison::new(&matching, with_world);
    for step in new.steps() {
        let Some(before) = matching.before(step.position()) else {
            diff.steps.push(StepDiff::Added(step));
            continue;
        };
        let before = old.at(before);
        let fields = comparison.fields(&before, &step);
        if fields.is_empty() {
            diff.same += 1;
        } else {
            diff.steps.push(StepDiff::Changed { before, step, fields });
        }
    }
    let gone = old.steps().filter(|step| matching.after(step.position()).is_none());
    diff.steps.extend(gone.map(StepDiff::Removed));
    diff
}
