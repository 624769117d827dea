//! What differs besides steps: what the connection may do, where, and who must be allowed what.

use std::collections::{BTreeMap, BTreeSet};

use skybridge_plugin_protocol::onboard::{Call, LeftOut, Permission};

use super::FieldChange;
use super::fields::changes;
use crate::format;
use crate::plan::{Connector, Plan};

/// Something that one of two plans has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gained<T> {
    /// Whether the new plan has it; otherwise the old one had it.
    pub gained: bool,
    /// What it is.
    pub what: T,
}

/// What only one of them has: of the new one first, each in its order.
fn unlike<K: Ord, T: Clone>(old: &BTreeMap<K, T>, new: &BTreeMap<K, T>) -> Vec<Gained<T>> {
    let only = |these: &BTreeMap<K, T>, those: &BTreeMap<K, T>, gained: bool| {
        let only = these.iter().filter(|(key, _)| !those.contains_key(*key));
        only.map(|(_, what)| Gained { gained, what: what.clone() }).collect::<Vec<_>>()
    };
    let mut all = only(new, old, true);
    all.extend(only(old, new, false));
    all
}

type Named<'a, T> = (&'a Connector, &'a T);

/// The permissions one of them has, and the connectors of which nothing can be said.
pub(super) fn permissions<'a>(
    old: &'a Plan,
    new: &'a Plan,
) -> (Vec<Gained<Named<'a, Permission>>>, Vec<&'a str>) {
    let told = |plan: &'a Plan| plan.permissions().map(|(connector, _)| connector.name.as_str());
    let told = (told(old).collect::<BTreeSet<_>>(), told(new).collect::<BTreeSet<_>>());
    let has = |plan: &Plan, name: &str| plan.connectors().iter().any(|known| known.name == name);
    let silent: BTreeSet<&str> = told
        .0
        .symmetric_difference(&told.1)
        .copied()
        .filter(|name| has(old, name) && has(new, name))
        .collect();
    let of = |plan: &'a Plan| -> BTreeMap<_, Named<'a, Permission>> {
        plan.permissions()
            .filter(|(connector, _)| !silent.contains(connector.name.as_str()))
            .map(|(connector, it)| {
                ((&connector.name, &it.permission, &it.sort, &it.scope), (connector, it))
            })
            .collect()
    };
    (unlike(&of(old), &of(new)), silent.into_iter().collect())
}

/// Places with work in one of them only.
pub(super) fn scopes<'a>(old: &'a Plan, new: &'a Plan) -> Vec<Gained<(&'a str, &'a str)>> {
    let of = |plan: &'a Plan| -> BTreeMap<(&'a str, &'a str), (&'a str, &'a str)> {
        let numbers: BTreeSet<(u32, u32)> = plan
            .rows
            .iter()
            .map(|row| (plan.templates[row.template as usize].connector, row.scope))
            .collect();
        let named = numbers.into_iter().filter_map(|(connector, scope)| {
            let connector = plan.connectors[connector as usize].name.as_str();
            Some((connector, plan.scopes.text(scope)?))
        });
        named.map(|place| (place, place)).collect()
    };
    unlike(&of(old), &of(new))
}

/// What whoever applies one of them must be allowed to do, and for the other need not.
pub(super) fn operator(old: &Plan, new: &Plan) -> Vec<Gained<String>> {
    unlike(&asked_of_operator(old), &asked_of_operator(new))
}

fn asked_of_operator(plan: &Plan) -> BTreeMap<String, String> {
    let mut all = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for step in plan.steps() {
        let fresh = seen.insert(step.row.template);
        let of = |call: &Call| call.permission.clone();
        let texts = step.template.body.calls.iter().filter_map(of);
        // A text without a variable is the same for every step of the template.
        for text in texts.filter(|text| fresh || text.contains('{')) {
            all.insert(step.text(&text));
        }
    }
    all.into_iter().map(|text| (text.clone(), text)).collect()
}

fn by_name(plan: &Plan) -> BTreeMap<&str, &Connector> {
    plan.connectors().iter().map(|connector| (connector.name.as_str(), connector)).collect()
}

/// Connectors that one of them has.
pub(super) fn connectors<'a>(old: &'a Plan, new: &'a Plan) -> Vec<Gained<&'a Connector>> {
    unlike(&by_name(old), &by_name(new))
}

/// What connectors that both have say otherwise.
pub(super) fn settings<'a>(old: &'a Plan, new: &'a Plan) -> Vec<(&'a str, Vec<FieldChange>)> {
    let before = by_name(old);
    let both = new.connectors().iter().filter_map(|after| {
        let before = before.get(after.name.as_str())?;
        let fields = changes(&format::connector(before), &format::connector(after));
        (!fields.is_empty()).then_some((after.name.as_str(), fields))
    });
    both.collect()
}

/// What one of them leaves out, or leaves out for another reason.
pub(super) fn left_out<'a>(old: &'a Plan, new: &'a Plan) -> Vec<Gained<Named<'a, LeftOut>>> {
    let of = |plan: &'a Plan| -> BTreeMap<_, Named<'a, LeftOut>> {
        let all = plan.left_out();
        all.map(|(connector, it)| ((&connector.name, &it.scope, &it.reason), (connector, it)))
            .collect()
    };
    unlike(&of(old), &of(new))
}
