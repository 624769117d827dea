//! All connectors in one graph, in the order they run, each with the hand-over that ends it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use skybridge_plugin_protocol::onboard::{HandoverField, Step, StepTemplate, Undo, effect};

use super::late::late;
use crate::HAND_OVER;
use crate::action::{Action, Performer};
use crate::graph::{Row, to_u32};
use crate::input::ConnectorInput;
use crate::language::{Piece, Pieces, escape, escape_value};
use crate::plan::{Connector, Note, Plan, StepRow};
use crate::scopes;

/// Puts the connectors together. `order` says in which order they run, `orders` the same of the steps
/// of each; needs are sorted and without repetition.
pub(crate) fn assemble(
    inputs: Vec<ConnectorInput>,
    order: &[u32],
    mut orders: Vec<Vec<u32>>,
) -> Plan {
    let steps: usize = inputs.iter().map(|input| input.description.steps.len() + 1).sum();
    let mut plan = Plan { vars: vec![BTreeMap::new()], ..Plan::default() };
    plan.rows.reserve_exact(steps);
    let mut inputs: Vec<Option<ConnectorInput>> = inputs.into_iter().map(Some).collect();
    // Where each connector's hand-over stands, by name.
    let mut ends: BTreeMap<String, u32> = BTreeMap::new();
    for at in order {
        if let Some(input) = inputs[*at as usize].take() {
            let name = input.name.clone();
            let order = std::mem::take(&mut orders[*at as usize]);
            ends.insert(name, add_connector(&mut plan, input, &order, &ends));
        }
    }
    let doubled = plan.reindex();
    debug_assert!(doubled.is_empty(), "addresses were checked connector by connector");
    plan
}

/// Adds a connector; the position of its hand-over.
fn add_connector(
    plan: &mut Plan,
    mut input: ConnectorInput,
    order: &[u32],
    ends: &BTreeMap<String, u32>,
) -> u32 {
    let connector = to_u32(plan.connectors.len());
    let depends_on: BTreeSet<String> =
        input.depends_on.iter().map(|dependency| dependency.connector.clone()).collect();
    let mut gates: Vec<u32> =
        depends_on.iter().filter_map(|name| ends.get(name).copied()).collect();
    gates.sort_unstable();
    // Written down once; every first step of the connector shares it.
    let gate = plan.graph.store(gates);
    let mut description = std::mem::take(&mut input.description);
    let (late, early): (Vec<u32>, Vec<u32>) = {
        let late = late(&description, order);
        order.iter().partition(|at| late[**at as usize])
    };
    let templates: Vec<u32> = description
        .templates
        .into_iter()
        .map(|template| plan.add_template(connector, template, Performer::Plugin))
        .collect();
    let mut adding = Adding::new(&description.steps, &templates, gate);
    adding.add(plan, &early, None);
    let sinks = adding.sinks(plan, &early);
    let name = &input.name;
    plan.notes.extend(
        description.notes.into_iter().map(|text| Note { connector: Some(name.clone()), text }),
    );
    let left_out = description.left_out.into_iter();
    plan.left_out.extend(left_out.map(|left| (connector, left)));
    let asked = description.permissions.into_iter().filter(|permission| permission.asked);
    plan.permissions.extend(asked.map(|permission| (connector, permission)));
    let platform = description.platforms.remove(&input.destination);
    plan.connectors.push(Connector {
        name: input.name,
        plugin: input.plugin,
        destination: input.destination,
        destination_title: input.destination_title,
        depends_on: depends_on.into_iter().collect(),
    });
    add_hand_over(plan, connector, description.handover, platform.as_ref(), sinks, gate);
    let end = to_u32(plan.rows.len() - 1);
    adding.add(plan, &late, Some(end));
    end
}

/// The steps of a connector on their way into the plan.
struct Adding<'a> {
    steps: &'a [Step],
    templates: &'a [u32],
    gate: Row,
    /// Where each step stands in the plan.
    place: Vec<u32>,
    /// Whether a step that does not run without it needs it.
    needed: Vec<bool>,
}

impl<'a> Adding<'a> {
    fn new(steps: &'a [Step], templates: &'a [u32], gate: Row) -> Self {
        let (place, needed) = (vec![0; steps.len()], vec![false; steps.len()]);
        Self { steps, templates, gate, place, needed }
    }

    /// Adds steps in order; those that ask for it wait for `hand_over` as well.
    fn add(&mut self, plan: &mut Plan, order: &[u32], hand_over: Option<u32>) {
        for old in order {
            let step = &self.steps[*old as usize];
            let template = self.templates[step.template as usize];
            let body = &plan.templates[template as usize].body;
            let action = match body.effect.as_str() {
                effect::READ => Action::Read,
                effect::MINT => Action::Mint,
                _ => Action::Ensure,
            };
            let (always, waits) = (body.always, hand_over.filter(|_| body.after_handover));
            self.place[*old as usize] = to_u32(plan.rows.len());
            let scope = plan.scopes.number(step.scope.as_deref());
            let vars = vars_number(plan, &step.vars);
            plan.rows.push(StepRow { template, scope, vars, action });
            if step.needs.is_empty() && waits.is_none() {
                plan.graph.push_row(self.gate);
                continue;
            }
            if !always {
                step.needs.iter().for_each(|need| self.needed[*need as usize] = true);
            }
            let places = step.needs.iter().map(|need| self.place[*need as usize]);
            let mut needs: Vec<u32> = places.chain(waits).collect();
            needs.sort_unstable();
            plan.graph.push(needs);
        }
    }

    /// The steps the hand-over has to wait for itself, so that it waits for all: those that no other
    /// needs. One that always runs does not count as such, for it runs when what it needs failed. Of
    /// the parts it needs the last ones itself in any case: what is handed over depends on which of
    /// them work, and those before them are not enough.
    fn sinks(&self, plan: &Plan, early: &[u32]) -> Vec<u32> {
        let part = |old: u32| {
            let template = self.templates[self.steps[old as usize].template as usize];
            plan.templates[template as usize].body.part
        };
        let before_a_part = self.before_a_part(early, part);
        let last_part = |old: u32| part(old) && !before_a_part[old as usize];
        let sinks = early.iter().filter(|old| !self.needed[**old as usize] || last_part(**old));
        sinks.map(|old| self.place[*old as usize]).collect()
    }

    /// Whether a part needs each step, directly or not.
    fn before_a_part(&self, early: &[u32], part: impl Fn(u32) -> bool) -> Vec<bool> {
        let mut before = vec![false; self.steps.len()];
        for old in early.iter().rev() {
            if before[*old as usize] || part(*old) {
                let needs = &self.steps[*old as usize].needs;
                needs.iter().for_each(|need| before[*need as usize] = true);
            }
        }
        before
    }
}

/// The steps of one scope mostly have the same variables and stand together, so comparing with the
/// entry written last is enough to share nearly all.
fn vars_number(plan: &mut Plan, vars: &BTreeMap<String, String>) -> u32 {
    if vars.is_empty() {
        return 0;
    }
    if plan.vars.last() != Some(vars) {
        plan.vars.push(vars.clone());
    }
    to_u32(plan.vars.len() - 1)
}

/// The step with which the host ends a connector: it needs every step that nothing else needs, and
/// those whose outputs it hands over.
fn add_hand_over(
    plan: &mut Plan,
    connector: u32,
    fields: Vec<HandoverField>,
    platform: Option<&Value>,
    sinks: Vec<u32>,
    gate: Row,
) {
    let inputs: BTreeSet<String> = fields
        .iter()
        .flat_map(|field| Pieces::of(&field.value))
        .filter_map(|piece| match piece {
            Piece::Output(reference) => Some(reference.to_string()),
            _ => None,
        })
        .collect();
    let mut needs: BTreeSet<u32> = sinks.into_iter().collect();
    needs.extend(inputs.iter().filter_map(|input| source(plan, connector, input)));
    let connector_of_it = &plan.connectors[connector as usize];
    let template = hand_over_template(connector_of_it, &fields, platform, inputs);
    let template = plan.add_template(connector, template, Performer::Host);
    plan.rows.push(StepRow { template, scope: scopes::NONE, vars: 0, action: Action::HandOver });
    if needs.is_empty() {
        plan.graph.push_row(gate);
    } else {
        plan.graph.push(needs);
    }
}

/// The one step an entry of the hand-over means: the only one of that name, or the one without scope.
fn source(plan: &Plan, connector: u32, input: &str) -> Option<u32> {
    let (local, _) = input.rsplit_once('.')?;
    let family = *plan.families.get(&(connector, local.to_owned()))?;
    let mut found = None;
    for (row, at) in plan.rows.iter().zip(0..) {
        if plan.templates[row.template as usize].family == family {
            if row.scope == scopes::NONE {
                return Some(at);
            }
            found = Some(at);
        }
    }
    found
}

fn hand_over_template(
    connector: &Connector,
    fields: &[HandoverField],
    platform: Option<&Value>,
    inputs: BTreeSet<String>,
) -> StepTemplate {
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            let mut shown = json!({
                "name": field.name,
                "label": escape(&field.label),
                "value": field.value,
                "secret": field.secret,
            });
            if field.scopes {
                shown["scopes"] = json!(true);
            }
            shown
        })
        .collect();
    let mut desired = json!({ "destination": escape(&connector.destination), "fields": fields });
    if let Some(platform) = platform {
        desired["platform"] = escape_value(platform);
    }
    StepTemplate {
        kind: HAND_OVER.to_owned(),
        title: format!("hand the connection over to {}", escape(&connector.destination_title)),
        group: "Hand-over".to_owned(),
        effect: effect::ENSURE.to_owned(),
        desired,
        inputs: inputs.into_iter().collect(),
        undo: Some(Undo { title: "withdraw the connection".to_owned(), calls: Vec::new() }),
        throttle: format!("destination/{}", escape(&connector.destination)),
        ..StepTemplate::default()
    }
}
