//! The steps of a connector under their headings.

use std::collections::BTreeMap;

use crate::graph::to_u32;
use crate::plan::Plan;

/// Steps with one heading.
pub(crate) struct Group {
    pub(crate) heading: String,
    /// The heading has variables: there may be many alike.
    pub(crate) one_of_many: bool,
    /// Positions.
    pub(crate) steps: Vec<u32>,
}

/// The groups of each connector, in the order in which their first steps stand.
pub(crate) fn groups(plan: &Plan) -> Vec<Vec<Group>> {
    let mut all: Vec<Vec<Group>> = plan.connectors().iter().map(|_| Vec::new()).collect();
    let mut by_heading: BTreeMap<(u32, String), u32> = BTreeMap::new();
    // Steps of one group mostly stand together: remember the last, and fill in no text for the next.
    let mut last: Option<(u32, &str, u32, u32, u32)> = None;
    for step in plan.steps() {
        let connector = step.template.connector;
        let raw = step.raw_group();
        let group = match last {
            Some((c, text, scope, vars, group))
                if (c, text, scope, vars) == (connector, raw, step.row.scope, step.row.vars) =>
            {
                group
            }
            _ => *by_heading.entry((connector, step.group())).or_insert_with_key(|(_, heading)| {
                let groups = &mut all[connector as usize];
                let one_of_many = raw.contains('{');
                groups.push(Group { heading: heading.clone(), one_of_many, steps: Vec::new() });
                to_u32(groups.len() - 1)
            }),
        };
        last = Some((connector, raw, step.row.scope, step.row.vars, group));
        all[connector as usize][group as usize].steps.push(step.position());
    }
    all
}
