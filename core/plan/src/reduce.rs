//! Leaving out, for readers, the needs that other needs imply.
//!
//! The plan keeps every need: a step that reads an output needs its maker, implied or not. Only the
//! views thin them out, step by step. A search never goes below the lowest rank asked for and stops
//! at a budget, so a deep graph costs linear time where a full reduction would cost quadratic.

use crate::plan::Plan;

/// Steps looked at for one step, besides some for each of its needs.
const VISITS_MIN: usize = 512;
const VISITS_PER_NEED: usize = 32;

pub(crate) struct Reducer<'a> {
    plan: &'a Plan,
    ranks: &'a [u32],
    /// Position + 1 of the step for which this one was seen last.
    seen_for: Vec<u32>,
    stack: Vec<u32>,
}

impl<'a> Reducer<'a> {
    pub(crate) fn new(plan: &'a Plan, ranks: &'a [u32]) -> Self {
        Self { plan, ranks, seen_for: vec![0; plan.len()], stack: Vec::new() }
    }

    /// The needs of `step` that no other need of it implies; all of them when finding out is dear.
    pub(crate) fn needs(&mut self, step: u32) -> Vec<u32> {
        let needs = self.plan.graph.needs(step);
        let lowest = needs.iter().map(|need| self.ranks[*need as usize]).min().unwrap_or(0);
        if needs.len() < 2 {
            return needs.to_vec();
        }
        let mark = step + 1;
        let mut visits = VISITS_MIN + VISITS_PER_NEED * needs.len();
        self.stack.clear();
        self.stack.extend(needs.iter().filter(|need| self.ranks[**need as usize] > lowest));
        while let Some(next) = self.stack.pop() {
            // One that always runs is no sign that what it needs went well, nor is a part, which
            // its dependents do without.
            if self.plan.at(next).always() || self.plan.at(next).part() {
                continue;
            }
            let several = self.needs_several_parts(next);
            for below in self.plan.graph.needs(next) {
                let place = *below as usize;
                // That of several parts not all worked does not show in what needs them.
                if several && self.plan.at(*below).part() {
                    continue;
                }
                if self.ranks[place] >= lowest && self.seen_for[place] != mark {
                    self.seen_for[place] = mark;
                    if self.ranks[place] > lowest {
                        self.stack.push(*below);
                    }
                }
                visits = visits.saturating_sub(1);
            }
            if visits == 0 {
                return needs.to_vec();
            }
        }
        needs.iter().copied().filter(|need| self.seen_for[*need as usize] != mark).collect()
    }

    fn needs_several_parts(&self, step: u32) -> bool {
        let needs = self.plan.graph.needs(step).iter();
        needs.filter(|need| self.plan.at(**need).part()).nth(1).is_some()
    }
}
