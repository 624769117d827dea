//! What two steps of one address say differently.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::FieldChange;
use super::matching::Matching;
use crate::format::{step_record, v1};
use crate::step::PlannedStep;

/// Compares steps; remembers which templates are the same.
pub(super) struct Comparison<'m> {
    matching: &'m Matching,
    with_world: bool,
    /// Whether two templates, old and new, are word for word the same.
    templates: BTreeMap<(u32, u32), bool>,
}

impl<'m> Comparison<'m> {
    pub(super) fn new(matching: &'m Matching, with_world: bool) -> Self {
        Self { matching, with_world, templates: BTreeMap::new() }
    }

    /// What `new` says otherwise than `old`. Most steps are the same, and that is seen without
    /// writing them out.
    pub(super) fn fields(
        &mut self,
        old: &PlannedStep<'_>,
        new: &PlannedStep<'_>,
    ) -> Vec<FieldChange> {
        if self.same_template(old, new)
            && old.values_are_those_of(new)
            && self.same_needs(old, new)
            && old.expects() == new.expects()
            && (!self.with_world || same_world(old, new))
        {
            return Vec::new();
        }
        let (old, new) = (self.record(old), self.record(new));
        if old == new { Vec::new() } else { changes(&old, &new) }
    }

    fn same_template(&mut self, old: &PlannedStep<'_>, new: &PlannedStep<'_>) -> bool {
        let pair = (old.row.template, new.row.template);
        *self.templates.entry(pair).or_insert_with(|| {
            let text = |step: &PlannedStep<'_>| serde_json::to_string(&step.template.body).ok();
            old.performer() == new.performer() && text(old) == text(new)
        })
    }

    fn same_needs(&self, old: &PlannedStep<'_>, new: &PlannedStep<'_>) -> bool {
        let (old, new) = (old.needs(), new.needs());
        if old.len() != new.len() {
            return false;
        }
        // In most pairs of plans the order of steps is the same, so that no sorting is needed.
        let mut after: Vec<Option<u32>> =
            old.iter().map(|need| self.matching.after(*need)).collect();
        let same = |after: &[Option<u32>]| after.iter().copied().eq(new.iter().copied().map(Some));
        same(&after) || {
            after.sort_unstable();
            same(&after)
        }
    }

    /// The step as a plan's JSON form has it, without what is not compared.
    fn record(&self, step: &PlannedStep<'_>) -> v1::Step {
        let mut record = step_record(step);
        record.needs.sort_unstable();
        record.expects.sort_unstable();
        if self.with_world {
            // Words for people about what was found may tell the time of day; and having found nothing
            // is like not having been able to look.
            let seen = record.observed.map(|seen| v1::Observed { detail: None, ..seen });
            record.observed = seen.filter(|seen| *seen != v1::Observed::default());
        } else {
            record.action.clear();
            record.observed = None;
            record.changes.clear();
        }
        record
    }
}

/// Whether looking at the world told the same of both.
fn same_world(old: &PlannedStep<'_>, new: &PlannedStep<'_>) -> bool {
    old.action() == new.action()
        && match (old.planned(), new.planned()) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                a.changes == b.changes && a.outputs == b.outputs && a.error == b.error
            }
            _ => false,
        }
}

/// The differing fields of two things of one type, at any depth.
pub(super) fn changes<T: serde::Serialize>(old: &T, new: &T) -> Vec<FieldChange> {
    let value = |thing: &T| serde_json::to_value(thing).unwrap_or_default();
    let mut found = Vec::new();
    let mut path = String::new();
    compare(&value(old), &value(new), &mut path, &mut found);
    found
}

fn compare(old: &Value, new: &Value, path: &mut String, found: &mut Vec<FieldChange>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => compare_objects(old, new, path, found),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() && !is_set(path) => {
            for (i, (old, new)) in old.iter().zip(new).enumerate() {
                within(&format!("[{i}]"), path, |path| compare(old, new, path, found));
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            let (gone, come) = (without(before, after), without(after, before));
            // The same items in other numbers or places: then all of them are told.
            let all = gone.is_empty() && come.is_empty();
            found.push(FieldChange {
                path: path.clone(),
                from: if all { old.clone() } else { Value::Array(gone) },
                to: if all { new.clone() } else { Value::Array(come) },
            });
        }
        _ => found.push(FieldChange { path: path.clone(), from: old.clone(), to: new.clone() }),
    }
}

/// What `all` has and `others` have not. Sorted by their texts, for lists may be long.
fn without(all: &[Value], others: &[Value]) -> Vec<Value> {
    let others: BTreeSet<String> = others.iter().map(ToString::to_string).collect();
    all.iter().filter(|item| !others.contains(&item.to_string())).cloned().collect()
}

/// Lists whose order says nothing, of whatever length.
fn is_set(path: &str) -> bool {
    matches!(path, "needs" | "expects" | "inputs" | "outputs")
}

fn compare_objects(
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    path: &mut String,
    found: &mut Vec<FieldChange>,
) {
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in all {
        let dot = if path.is_empty() { "" } else { "." };
        let (old, new) = (old.get(key), new.get(key));
        let (old, new) = (old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
        within(&format!("{dot}{key}"), path, |path| compare(old, new, path, found));
    }
}

fn within(part: &str, path: &mut String, then: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push_str(part);
    then(path);
    path.truncate(length);
}
