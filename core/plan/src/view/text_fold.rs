//! Showing what is alike once.
//!
//! Two subscriptions are alike when their steps are of the same templates, do the same, and need the
//! same: the same steps outside, and corresponding ones of their own scope. Where anything differs,
//! say an update in one of ten thousand, it is shown.

use std::collections::BTreeMap;

use super::groups::Group;
use crate::plan::Plan;

/// Headings named of those that are left out.
const EXAMPLES_MAX: usize = 3;

/// Steps alike in one group that are still shown one by one.
const ALIKE_SHOWN_MAX: usize = 3;

/// A group, or what stands for many.
pub(crate) enum GroupEntry<'a> {
    Group(&'a Group),
    More { groups: usize, steps: usize, examples: Vec<&'a str> },
}

/// A step, or what stands for many.
pub(crate) enum StepEntry {
    Step(u32),
    More { steps: usize, like: u32 },
}

/// Writes shapes down as numbers, to compare them.
pub(crate) struct Shapes<'a> {
    plan: &'a Plan,
    shape: Vec<u32>,
}

impl<'a> Shapes<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Self { plan, shape: Vec::new() }
    }

    pub(crate) fn group_entries<'g>(
        &mut self,
        groups: &'g [Group],
        folds: bool,
    ) -> Vec<GroupEntry<'g>> {
        let mut entries: Vec<GroupEntry<'g>> = Vec::new();
        let mut seen: BTreeMap<Vec<u32>, Vec<&'g Group>> = BTreeMap::new();
        let mut firsts = Vec::new();
        for group in groups {
            if !folds || !group.one_of_many {
                firsts.push((group, None));
                continue;
            }
            self.shape.clear();
            group.steps.iter().for_each(|at| self.add(*at));
            if let Some(alike) = seen.get_mut(&self.shape) {
                alike.push(group);
            } else {
                firsts.push((group, Some(self.shape.clone())));
                seen.insert(self.shape.clone(), Vec::new());
            }
        }
        for (group, shape) in firsts {
            entries.push(GroupEntry::Group(group));
            let alike = shape.and_then(|shape| seen.remove(&shape)).unwrap_or_default();
            if !alike.is_empty() {
                let mut examples: Vec<&str> =
                    alike.iter().take(EXAMPLES_MAX).map(|group| group.heading.as_str()).collect();
                if alike.len() > EXAMPLES_MAX {
                    examples.push("…");
                }
                entries.push(GroupEntry::More {
                    groups: alike.len(),
                    steps: alike.iter().map(|group| group.steps.len()).sum(),
                    examples,
                });
            }
        }
        entries
    }

    pub(crate) fn step_entries(&mut self, group: &Group, folds: bool) -> Vec<StepEntry> {
        if !folds || group.steps.len() <= ALIKE_SHOWN_MAX {
            return group.steps.iter().map(|at| StepEntry::Step(*at)).collect();
        }
        let mut numbers: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
        let mut classes: Vec<(u32, usize)> = Vec::new();
        let mut class_of = Vec::with_capacity(group.steps.len());
        for at in &group.steps {
            self.shape.clear();
            self.add(*at);
            let class = match numbers.get(&self.shape) {
                Some(class) => *class,
                None => {
                    numbers.insert(self.shape.clone(), classes.len());
                    classes.push((*at, 0));
                    classes.len() - 1
                }
            };
            classes[class].1 += 1;
            class_of.push(class);
        }
        let mut entries = Vec::new();
        for (at, class) in group.steps.iter().zip(class_of) {
            let (first, number) = classes[class];
            if number <= ALIKE_SHOWN_MAX {
                entries.push(StepEntry::Step(*at));
            } else if *at == first {
                entries.push(StepEntry::Step(first));
                entries.push(StepEntry::More { steps: number - 1, like: first });
            }
        }
        entries
    }

    /// Adds what of a step its scope does not tell.
    fn add(&mut self, at: u32) {
        const OWN_SCOPE: u32 = 0;
        const OTHER: u32 = 1;
        let step = self.plan.at(at);
        // Of what was seen only sameness with the plan is alike; differences are always shown.
        let special = step.planned().is_some_and(|p| p.error.is_some() || !p.changes.is_empty());
        let mark = if special || !step.expects().is_empty() { at } else { u32::MAX };
        let scoped = u32::from(step.scope().is_some());
        self.shape.extend([step.row.template, step.action() as u32, mark, scoped]);
        for need in step.needs() {
            let other = self.plan.at(*need);
            if scoped == 1 && other.row.scope == step.row.scope {
                self.shape.extend([other.row.template, OWN_SCOPE]);
            } else {
                self.shape.extend([*need, OTHER]);
            }
        }
        self.shape.push(u32::MAX);
    }
}
