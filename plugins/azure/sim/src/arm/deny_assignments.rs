//! Deny assignments: what no role helps against. The scenario makes them; nobody changes them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Access, covers};
use super::error::{refuse, wrong_method};
use super::{Answer, Scope, api_version, filter, reply};
use crate::caller::Caller;
use crate::chance::seeded_id;
use crate::http::{Call, Reply};
use crate::scenario::{DenyAssignment, Principal};
use crate::world::World;

const TYPE: &str = "Microsoft.Authorization/denyAssignments";
const READ: &str = "Microsoft.Authorization/denyAssignments/read";

/// Which deny assignment stands against a call.
#[derive(Debug)]
pub(super) struct Denial {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) scope: String,
}

/// The first deny assignment that forbids a caller an action, anywhere on the way up.
pub(super) fn against(
    world: &World,
    caller: &Caller,
    action: &str,
    chain: &[String],
) -> Option<Denial> {
    let names = |all: &[String]| names(world, all, caller.object_id);
    let (index, it) = all(world).find(|(_, it)| {
        chain.contains(&world.scenario.scope_or_root(&it.scope).to_lowercase())
            && covers(&it.actions, action)
            && !covers(&it.not_actions, action)
            && names(&it.principals)
            && !names(&it.exclude_principals)
    })?;
    let (name, scope) = (it.name.clone(), world.scenario.scope_or_root(&it.scope));
    Some(Denial { id: id(world, index), name, scope })
}

/// `{scope}/providers/Microsoft.Authorization/denyAssignments[/{id}]`.
pub(super) fn answer(
    world: &World,
    call: &Call,
    access: &Access,
    scope: &Scope,
    name: Option<&str>,
) -> Answer {
    if call.method != "GET" {
        return Err(wrong_method(&call.method, &call.path()));
    }
    api_version::require(call, "denyAssignments", api_version::AUTHORIZATION)?;
    let shown = scope.child("providers/Microsoft.Authorization");
    access.require(world, READ, scope, &shown)?;
    scope.require(&world.estate)?;
    let filter = filter::denials(call)?;
    let (chain, key) = (scope.chain(&world.estate), scope.key());
    let near = |it: &DenyAssignment, below: bool| {
        let at = world.scenario.scope_or_root(&it.scope);
        let inside = || {
            let at = Scope::of_text(&at);
            at.is_some_and(|at| at.chain(&world.estate).contains(&key))
        };
        chain.contains(&at.to_lowercase()) || (below && inside())
    };
    if let Some(name) = name {
        let wanted = Uuid::parse_str(name).ok();
        let mut found = all(world).filter(|(_, it)| near(it, false));
        return match found.find(|(index, _)| Some(id(world, *index)) == wanted) {
            Some((index, it)) => Ok(Reply::json(200, to_json(world, index, it))),
            None => Err(no_such(name)),
        };
    }
    let mut shown: Vec<(String, Value)> = all(world)
        .filter(|(_, it)| near(it, !filter.at_scope))
        .filter(|(_, it)| filter.name.as_ref().is_none_or(|name| *name == it.name))
        .filter(|(_, it)| filter.principal.is_none_or(|id| names(world, &it.principals, id)))
        .map(|(index, it)| (id(world, index).to_string(), to_json(world, index, it)))
        .collect();
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    reply::list(world, call, shown)
}

fn no_such(name: &str) -> Reply {
    let shown: String = name.chars().take(100).collect();
    refuse(404, "DenyAssignmentNotFound", format!("The deny assignment '{shown}' is not found."))
}

fn all(world: &World) -> impl Iterator<Item = (usize, &DenyAssignment)> {
    world.scenario.deny_assignments.iter().enumerate()
}

fn id(world: &World, index: usize) -> Uuid {
    seeded_id(world.scenario.seed, "deny-assignment", index as u64)
}

fn names(world: &World, all: &[String], id: Uuid) -> bool {
    let mut principals = all.iter().filter_map(|name| Principal::named(&world.scenario, name));
    principals.any(|principal| principal.covers(id))
}

fn to_json(world: &World, index: usize, it: &DenyAssignment) -> Value {
    let (id, scope) = (id(world, index), world.scenario.scope_or_root(&it.scope));
    let principals = |all: &[String]| -> Vec<Value> {
        let all = all.iter().filter_map(|name| Principal::named(&world.scenario, name));
        all.map(principal_json).collect()
    };
    let path = format!("providers/{TYPE}/{}", id.simple());
    let path = Scope::of_text(&scope).map_or_else(String::new, |scope| scope.child(&path));
    json!({
        "properties": {
            "denyAssignmentName": it.name,
            "description": it.description,
            "permissions": [{
                "actions": it.actions, "notActions": it.not_actions,
                "dataActions": it.data_actions, "notDataActions": it.not_data_actions,
            }],
            "scope": scope,
            "doNotApplyToChildScopes": false,
            "principals": principals(&it.principals),
            "excludePrincipals": principals(&it.exclude_principals),
            "isSystemProtected": true,
        },
        "id": path,
        "type": TYPE,
        "name": id.simple().to_string(),
    })
}

/// All principals together have an id of zeros and a type of their own.
fn principal_json(principal: Principal) -> Value {
    match principal {
        Principal::Everyone => json!({"id": Uuid::nil(), "type": "SystemDefined"}),
        Principal::One(id, kind) => json!({"id": id, "type": kind}),
    }
}
