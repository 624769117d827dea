//! What watching a run needs to know of its plan: whose each step is, of what sort, and what hangs
//! on it; and from that how long the rest takes.

use std::collections::BTreeMap;

use skybridge_model::Address;
use skybridge_plan::{Action, Plan};

use crate::live::Rest;
use crate::perform::Context;

/// The plan of a run under way, wherever it is kept.
pub(crate) trait HasPlan: Send + Sync {
    /// The plan.
    fn plan(&self) -> &Plan;
}

impl HasPlan for Context {
    fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// A plan with what is worked out of it once.
pub(crate) struct Chart {
    source: std::sync::Arc<dyn HasPlan>,
    /// The steps by name: a plan of many connectors takes its time to find one.
    index: Vec<(Address, u32)>,
    /// Steps on the longest chain that begins with each step.
    heights: Vec<u32>,
    /// The position of each step's connector among the plan's.
    connectors: Vec<u32>,
    /// The sort of each step: plugin and local name.
    sorts: Vec<u32>,
    /// What was seen of each sort: seconds in all, and of how many steps.
    seen: Vec<(f64, u32)>,
}

/// When a step of the chart ends, counted from now.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    seconds: f64,
    unknown: bool,
}

impl Chart {
    /// `addresses` are those of the plan's steps, in their order.
    pub(crate) fn new(
        source: std::sync::Arc<dyn HasPlan>,
        addresses: impl Iterator<Item = Address>,
    ) -> Self {
        let plan = source.plan();
        let names: BTreeMap<&str, u32> =
            (0..).zip(plan.connectors()).map(|(at, it)| (it.name.as_str(), at)).collect();
        let mut sort_of = BTreeMap::new();
        let (mut connectors, mut sorts) = (Vec::new(), Vec::new());
        for step in plan.steps() {
            let connector = names.get(step.connector().name.as_str()).copied().unwrap_or_default();
            let next = u32::try_from(sort_of.len()).unwrap_or(u32::MAX);
            let sort = (step.connector().plugin.as_str(), step.local());
            sorts.push(*sort_of.entry(sort).or_insert(next));
            connectors.push(connector);
        }
        let (heights, seen) = (plan.heights(), vec![(0.0, 0); sort_of.len()]);
        let mut index: Vec<(Address, u32)> = addresses.zip(0..).collect();
        index.sort_unstable();
        Self { index, heights, connectors, sorts, seen, source }
    }

    pub(crate) fn plan(&self) -> &Plan {
        self.source.plan()
    }

    /// Steps for which the plan has nothing to do.
    pub(crate) fn settled(&self) -> impl Iterator<Item = u32> {
        let settled = self.plan().steps().filter(|step| step.action() == Action::NoOp);
        settled.map(|step| step.position())
    }

    pub(crate) fn find(&self, address: &Address) -> Option<u32> {
        let at = self.index.binary_search_by(|(known, _)| known.cmp(address)).ok()?;
        self.index.get(at).map(|(_, step)| *step)
    }

    pub(crate) fn connector(&self, step: u32) -> usize {
        self.connectors.get(step as usize).map_or(0, |it| *it as usize)
    }

    /// How many steps hang on a step, one behind the other.
    pub(crate) fn height(&self, step: u32) -> u32 {
        self.heights.get(step as usize).copied().unwrap_or_default()
    }

    /// The heading a step stands under.
    pub(crate) fn group(&self, step: u32) -> String {
        self.plan().step(step).map(|step| step.group()).unwrap_or_default()
    }

    /// A step took so long.
    pub(crate) fn took(&mut self, step: u32, seconds: f64) {
        let sort = self.sorts.get(step as usize).and_then(|sort| self.seen.get_mut(*sort as usize));
        if let Some((sum, count)) = sort {
            *sum += seconds;
            *count += 1;
        }
    }

    fn expected(&self, step: u32) -> Option<f64> {
        let sort = self.sorts.get(step as usize)?;
        let (sum, count) = *self.seen.get(*sort as usize)?;
        (count > 0).then(|| sum / f64::from(count))
    }

    /// How long each connector takes until its last step, along the longest chain of steps that have
    /// not ended: each as long as its like took so far. `worked` says how long an open step has been
    /// under way, and nothing for one that has ended. The last entry is the whole run's.
    pub(crate) fn left(&self, worked: impl Fn(u32) -> Option<f64>) -> Vec<Rest> {
        let plan = self.plan();
        let mut ends: Vec<End> = Vec::with_capacity(plan.len());
        let mut last = vec![End::default(); plan.connectors().len() + 1];
        for step in (0..).take(plan.len()) {
            let mut end = End::default();
            if let Some(worked) = worked(step) {
                let needs = plan.graph().needs(step).iter();
                end = needs.filter_map(|need| ends.get(*need as usize)).fold(end, End::after);
                match self.expected(step) {
                    Some(expected) => end.seconds += (expected - worked).max(0.0),
                    None => end.unknown = true,
                }
                let whole = plan.connectors().len();
                for at in [self.connector(step), whole] {
                    last[at] = last[at].after(&end);
                }
            }
            ends.push(end);
        }
        let left = |end: End| Rest { seconds: end.seconds, at_least: end.unknown };
        last.into_iter().map(left).collect()
    }
}

impl End {
    fn after(self, other: &Self) -> Self {
        Self { seconds: self.seconds.max(other.seconds), unknown: self.unknown || other.unknown }
    }
}
