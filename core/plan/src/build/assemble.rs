//! All connectors in one graph, in the order they run, each with the hand-over that ends it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use skybridge_plugin_protocol::onboard::{HandoverField, Step, StepTemplate, Undo, effect};

use crate::HAND_OVER;
use crate::action::{Action, Performer};
use crate::graph::{Row, to_u32};
use crate::input::ConnectorInput;
use crate::language::{Piece, Pieces, escape};
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
            add_connector(&mut plan, input, &std::mem::take(&mut orders[*at as usize]), &ends);
            ends.insert(name, to_u32(plan.rows.len() - 1));
        }
    }
    let doubled = plan.reindex();
    debug_assert!(doubled.is_empty(), "addresses were checked connector by connector");
    plan
}

fn add_connector(
    plan: &mut Plan,
    mut input: ConnectorInput,
    order: &[u32],
    ends: &BTreeMap<String, u32>,
) {
    let connector = to_u32(plan.connectors.len());
    let depends_on: BTreeSet<String> =
        input.depends_on.iter().map(|dependency| dependency.connector.clone()).collect();
    let mut gates: Vec<u32> =
        depends_on.iter().filter_map(|name| ends.get(name).copied()).collect();
    gates.sort_unstable();
    // Written down once; every first step of the connector shares it.
    let gate = plan.graph.store(gates);
    let description = std::mem::take(&mut input.description);
    let templates: Vec<u32> = description
        .templates
        .into_iter()
        .map(|template| plan.add_template(connector, template, Performer::Plugin))
        .collect();
    let sinks = add_steps(plan, &description.steps, order, &templates, gate);
    let name = &input.name;
    plan.notes.extend(
        description.notes.into_iter().map(|text| Note { connector: Some(name.clone()), text }),
    );
    plan.connectors.push(Connector {
        name: input.name,
        plugin: input.plugin,
        destination: input.destination,
        destination_title: input.destination_title,
        depends_on: depends_on.into_iter().collect(),
    });
    add_hand_over(plan, connector, description.handover, sinks, gate);
}

/// Adds the steps in order; positions of those that none of them needs.
fn add_steps(
    plan: &mut Plan,
    steps: &[Step],
    order: &[u32],
    templates: &[u32],
    gate: Row,
) -> Vec<u32> {
    let base = to_u32(plan.rows.len());
    let mut place = vec![0_u32; steps.len()];
    for (old, new) in order.iter().zip(base..) {
        place[*old as usize] = new;
    }
    let mut needed = vec![false; steps.len()];
    for old in order {
        let step = &steps[*old as usize];
        let template = templates[step.template as usize];
        let action = match plan.templates[template as usize].body.effect.as_str() {
            effect::READ => Action::Read,
            effect::MINT => Action::Mint,
            _ => Action::Ensure,
        };
        let scope = plan.scopes.number(step.scope.as_deref());
        let vars = vars_number(plan, &step.vars);
        plan.rows.push(StepRow { template, scope, vars, action });
        if step.needs.is_empty() {
            plan.graph.push_row(gate);
            continue;
        }
        let mut needs: Vec<u32> = step.needs.iter().map(|need| place[*need as usize]).collect();
        needs.sort_unstable();
        needs.iter().for_each(|need| needed[(need - base) as usize] = true);
        plan.graph.push(needs);
    }
    (base..).zip(needed).filter(|(_, needed)| !needed).map(|(at, _)| at).collect()
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
    let template = hand_over_template(&plan.connectors[connector as usize], &fields, inputs);
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
    inputs: BTreeSet<String>,
) -> StepTemplate {
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name,
                "label": escape(&field.label),
                "value": field.value,
                "secret": field.secret,
            })
        })
        .collect();
    StepTemplate {
        kind: HAND_OVER.to_owned(),
        title: format!("hand the connection over to {}", escape(&connector.destination_title)),
        group: "Hand-over".to_owned(),
        effect: effect::ENSURE.to_owned(),
        desired: json!({ "destination": escape(&connector.destination), "fields": fields }),
        inputs: inputs.into_iter().collect(),
        undo: Some(Undo { title: "withdraw the connection".to_owned(), calls: Vec::new() }),
        throttle: format!("destination/{}", escape(&connector.destination)),
        ..StepTemplate::default()
    }
}
