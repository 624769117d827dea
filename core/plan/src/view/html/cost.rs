//! What a plan costs: calls, the buckets they are drawn from, and the time that no number of workers
//! makes shorter.

use std::collections::BTreeMap;

use skybridge_plugin_protocol::onboard::StepTemplate;

use crate::action::Action;
use crate::graph::to_u32;
use crate::plan::Plan;
use crate::step::PlannedStep;

/// What a call is taken to last, for an estimate of time: a cloud's answer from another continent.
pub(super) const CALL_MS: u64 = 300;

/// What a plan costs.
pub(super) struct Cost {
    /// Calls of all steps, each attempted once.
    pub(super) calls: usize,
    /// The same by what the calls are drawn from.
    pub(super) buckets: Vec<Buckets>,
    /// Positions of the chain that takes longest.
    pub(super) path: Vec<u32>,
    /// How long that takes at the least.
    pub(super) least_ms: u64,
    /// How long its steps may wait at most before the run gives up.
    pub(super) patience_ms: u64,
}

/// Buckets of one kind: one for each subscription, say.
pub(super) struct Buckets {
    /// As templates have it, with `…` for what differs.
    pub(super) name: String,
    /// How many there are.
    pub(super) count: usize,
    /// Calls drawn from all of them.
    pub(super) calls: usize,
    /// Calls drawn from the one that most are drawn from.
    pub(super) busiest: usize,
}

impl Cost {
    pub(super) fn of(plan: &Plan) -> Self {
        let (path, least_ms) = longest(plan);
        let patience = |at: &u32| {
            let step = plan.at(*at);
            step.readiness().filter(|_| works(&step)).map_or(0, |readiness| readiness.budget_ms)
        };
        let patience_ms = path.iter().map(patience).fold(0, u64::saturating_add);
        let calls = plan.steps().map(|step| calls(&step)).sum();
        Self { calls, buckets: buckets(plan), path, least_ms, patience_ms }
    }
}

/// Whether applying the step does anything: what was found as wanted is settled.
fn works(step: &PlannedStep<'_>) -> bool {
    step.action() != Action::NoOp
}

/// The calls a step makes.
pub(super) fn calls(step: &PlannedStep<'_>) -> usize {
    if works(step) { step.template.body.calls.len() } else { 0 }
}

/// What a step takes at the least: its calls one after the other, and the looks that must agree.
pub(super) fn least_ms(step: &PlannedStep<'_>) -> u64 {
    if works(step) { body_least_ms(&step.template.body) } else { 0 }
}

/// The same for every step of a template that does anything.
pub(super) fn body_least_ms(body: &StepTemplate) -> u64 {
    let looks = body.readiness.as_ref().map_or(0, |readiness| {
        u64::from(readiness.successes.saturating_sub(1)).saturating_mul(readiness.interval_ms)
    });
    (body.calls.len() as u64).saturating_mul(CALL_MS).saturating_add(looks)
}

/// The chain that takes longest, and how long; of several the one that ends first in the plan.
fn longest(plan: &Plan) -> (Vec<u32>, u64) {
    const NONE: u32 = u32::MAX;
    // Time first, then steps, so that in a plan without calls the chain is still a longest one.
    let mut ends: Vec<(u64, u32, u32)> = Vec::with_capacity(plan.len());
    for step in plan.steps() {
        let before = step.needs().iter().map(|need| {
            let (time, steps, _) = ends[*need as usize];
            (time, steps, *need)
        });
        let (time, steps, from) =
            before.max_by_key(|(time, steps, _)| (*time, *steps)).unwrap_or((0, 0, NONE));
        ends.push((time.saturating_add(least_ms(&step)), steps + 1, from));
    }
    let last = (0..to_u32(ends.len())).rev().max_by_key(|at| {
        let (time, steps, _) = ends[*at as usize];
        (time, steps)
    });
    let time = last.map_or(0, |at| ends[at as usize].0);
    let mut path = Vec::new();
    let mut at = last.unwrap_or(NONE);
    while let Some((_, _, from)) = ends.get(at as usize) {
        path.push(at);
        at = *from;
    }
    path.reverse();
    (path, time)
}

fn buckets(plan: &Plan) -> Vec<Buckets> {
    // By template's text, then by what it comes to.
    let mut all: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for step in plan.steps() {
        let calls = calls(&step);
        if calls > 0 {
            let name = super::text::generic(&step.template.body.throttle);
            let filled = if name.contains('…') { step.throttle() } else { String::new() };
            *all.entry(name).or_default().entry(filled).or_default() += calls;
        }
    }
    let mut buckets: Vec<Buckets> = all
        .into_iter()
        .map(|(name, each)| Buckets {
            name,
            count: each.len(),
            calls: each.values().sum(),
            busiest: each.values().copied().max().unwrap_or(0),
        })
        .collect();
    buckets.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.name.cmp(&b.name)));
    buckets
}
