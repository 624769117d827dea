//! Which step of one plan is which of the other.

use std::collections::BTreeMap;

use crate::graph::to_u32;
use crate::plan::Plan;
use crate::scopes;

const NONE: u32 = u32::MAX;

/// Positions of the same addresses.
pub(super) struct Matching {
    /// By position in the old plan.
    after: Vec<u32>,
    /// By position in the new plan.
    before: Vec<u32>,
}

impl Matching {
    pub(super) fn new(old: &Plan, new: &Plan) -> Self {
        let families = families(old, new);
        let scopes = old.scopes.numbers_in(&new.scopes);
        let mut this = Self { after: vec![NONE; old.len()], before: vec![NONE; new.len()] };
        for at in 0..to_u32(old.len()) {
            let (family, scope) = old.key(at);
            let scope = match scope {
                scopes::NONE => Some(scopes::NONE),
                scope => scopes.get(scope as usize).copied().flatten(),
            };
            let key = families.get(&family).copied().zip(scope);
            let Some(found) = key.and_then(|(family, scope)| new.find_key(family, scope)) else {
                continue;
            };
            this.after[at as usize] = found;
            this.before[found as usize] = at;
        }
        this
    }

    /// Where the old plan's step is in the new one.
    pub(super) fn after(&self, old: u32) -> Option<u32> {
        self.after.get(old as usize).copied().filter(|at| *at != NONE)
    }

    /// Where the new plan's step was in the old one.
    pub(super) fn before(&self, new: u32) -> Option<u32> {
        self.before.get(new as usize).copied().filter(|at| *at != NONE)
    }
}

/// The new plan's number of each family of the old one, by what addresses call it.
fn families(old: &Plan, new: &Plan) -> BTreeMap<u32, u32> {
    let named: BTreeMap<(&str, &str), u32> = new
        .families
        .iter()
        .map(|((connector, local), family)| {
            ((new.connectors[*connector as usize].name.as_str(), local.as_str()), *family)
        })
        .collect();
    let of_old = old.families.iter().filter_map(|((connector, local), family)| {
        let name = old.connectors[*connector as usize].name.as_str();
        Some((*family, *named.get(&(name, local.as_str()))?))
    });
    of_old.collect()
}
