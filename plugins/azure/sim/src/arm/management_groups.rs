//! Management groups: the hierarchy and what a caller sees of it.

use serde_json::{Map, Value, json};

use super::access::Access;
use super::error::{bad_content, refuse, wrong_method};
use super::estate::{Group, group_path};
use super::reply::Link;
use super::{Answer, Scope, api_version, generic, reply};
use crate::http::{Call, Reply};
use crate::limits::MANAGEMENT_GROUP_DEPTH_MAX;
use crate::world::World;

const TYPE: &str = "Microsoft.Management/managementGroups";
const READ: &str = "Microsoft.Management/managementGroups/read";

/// `/providers/Microsoft.Management/…`.
pub(super) fn answer(world: &mut World, call: &Call, access: &Access, rest: &[&str]) -> Answer {
    let version = || api_version::require(call, TYPE, api_version::MANAGEMENT_GROUPS);
    match (call.method.as_str(), rest) {
        ("GET", ["managementgroups"]) => {
            version()?;
            list(world, call, access)
        }
        ("GET", ["managementgroups", id]) => {
            version()?;
            get(world, call, access, id)
        }
        ("GET", ["managementgroups", id, "descendants"]) => {
            version()?;
            require(world, access, id, "Microsoft.Management/managementGroups/descendants/read")?;
            let items = descendants(world, id);
            reply::list(world, call, items)
        }
        ("GET", ["managementgroups", id, "subscriptions"]) => {
            version()?;
            let action = "Microsoft.Management/managementGroups/subscriptions/read";
            require(world, access, id, action)?;
            let items = subscriptions(world, id);
            reply::list(world, call, items)
        }
        ("POST", ["getentities"]) => {
            version()?;
            entities(world, call, access)
        }
        // Client libraries follow the link of a list with GET, even of one that is asked with POST.
        ("GET", ["getentities"]) if call.parameter("$skiptoken").is_some() => {
            version()?;
            entities(world, call, access)
        }
        ("POST", ["tenantbackfillstatus"]) => {
            version()?;
            let used = world.scenario.tenant.root_management_group;
            let status = if used { "Completed" } else { "NotStarted" };
            let tenant = world.scenario.tenant.id;
            Ok(Reply::json(200, json!({"tenantId": tenant, "status": status})))
        }
        (_, ["getentities" | "tenantbackfillstatus"]) => {
            Err(wrong_method(&call.method, &call.path()))
        }
        _ => generic::answer(world, call, access),
    }
}

/// May the caller do this at the group? Without rights it cannot even learn that there is none.
fn require(world: &World, access: &Access, id: &str, action: &str) -> Result<Group, Reply> {
    let path = group_path(id);
    let Some(scope) = Scope::of_text(&path) else { return Err(no_group(id)) };
    access.require(world, action, &scope, &path)?;
    world.estate.group(id).cloned().ok_or_else(|| no_group(id))
}

fn no_group(id: &str) -> Reply {
    let shown: String = id.chars().take(100).collect();
    refuse(404, "NotFound", format!("The management group '{shown}' cannot be found."))
}

fn sees(world: &World, access: &Access, group: &Group) -> bool {
    Scope::of_text(&group_path(&group.id)).is_some_and(|scope| access.allows(world, READ, &scope))
}

fn list(world: &World, call: &Call, access: &Access) -> Answer {
    let tenant = world.scenario.tenant.id;
    let all = world.estate.groups().map(|group| (group.id.to_lowercase(), group));
    let show = |group: &Group| {
        sees(world, access, group).then(|| {
            json!({
                "id": group_path(&group.id),
                "type": TYPE,
                "name": group.id,
                "properties": {"tenantId": tenant, "displayName": group.name},
            })
        })
    };
    reply::list_of(world, call, all, show, Link { name: "@nextLink", last: None })
}

fn get(world: &World, call: &Call, access: &Access, id: &str) -> Answer {
    let expand = call.parameter("$expand").map(str::to_lowercase);
    if expand.as_deref().is_some_and(|it| !["children", "path", "ancestors"].contains(&it)) {
        return Err(bad_content("'$expand' is children, path or ancestors"));
    }
    let group = require(world, access, id, READ)?;
    let recurse =
        call.parameter("$recurse").is_some_and(|recurse| recurse.eq_ignore_ascii_case("true"));
    let mut details = Map::new();
    details.insert("version".to_owned(), json!(1));
    details.insert("updatedTime".to_owned(), json!("2024-01-01T00:00:00.0000000Z"));
    details.insert("updatedBy".to_owned(), json!(world.scenario.tenant.id));
    let ancestors = ancestors(world, &group);
    if let Some(parent) = ancestors.first() {
        let parent = json!({
            "id": group_path(&parent.id), "name": parent.id, "displayName": parent.name,
        });
        details.insert("parent".to_owned(), parent);
    }
    let element = |it: &Group| json!({"name": it.id, "displayName": it.name});
    if expand.as_deref() == Some("path") {
        let path: Vec<Value> = ancestors.iter().rev().map(element).collect();
        details.insert("path".to_owned(), json!(path));
    }
    if expand.as_deref() == Some("ancestors") {
        let names: Vec<&str> = ancestors.iter().map(|it| it.id.as_str()).collect();
        let chain: Vec<Value> = ancestors.iter().map(element).collect();
        details.insert("managementGroupAncestors".to_owned(), json!(names));
        details.insert("managementGroupAncestorsChain".to_owned(), json!(chain));
    }
    let mut properties = Map::new();
    properties.insert("tenantId".to_owned(), json!(world.scenario.tenant.id));
    properties.insert("displayName".to_owned(), json!(group.name));
    properties.insert("details".to_owned(), Value::Object(details));
    if expand.as_deref() == Some("children") {
        let depth = if recurse { MANAGEMENT_GROUP_DEPTH_MAX + 1 } else { 1 };
        properties.insert("children".to_owned(), json!(children(world, &group.id, depth)));
    }
    Ok(Reply::json(
        200,
        json!({
            "id": group_path(&group.id), "type": TYPE, "name": group.id, "properties": properties,
        }),
    ))
}

/// Nearest first.
fn ancestors(world: &World, group: &Group) -> Vec<Group> {
    let mut chain = Vec::new();
    let mut at = group.parent.clone();
    while let Some(parent) = at.and_then(|id| world.estate.group(&id)) {
        at = parent.parent.clone();
        chain.push(parent.clone());
    }
    chain
}

fn children(world: &World, id: &str, depth: usize) -> Vec<Value> {
    if depth == 0 {
        return Vec::new();
    }
    let groups = world.estate.children(id).map(|group| {
        let mut child = json!({
            "id": group_path(&group.id), "type": TYPE, "name": group.id,
            "displayName": group.name,
        });
        let below = children(world, &group.id, depth - 1);
        if !below.is_empty() {
            child["children"] = json!(below);
        }
        child
    });
    let subscriptions = world.estate.subscriptions_of(id).map(|it| {
        json!({
            "id": format!("/subscriptions/{}", it.id), "type": "/subscriptions", "name": it.id,
            "displayName": it.name,
        })
    });
    groups.chain(subscriptions).collect()
}

fn descendants(world: &World, id: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut open = vec![id.to_lowercase()];
    while let Some(at) = open.pop() {
        let parent = json!({"id": group_path(&at)});
        for group in world.estate.children(&at) {
            open.push(group.id.to_lowercase());
            let body = json!({
                "id": group_path(&group.id), "type": TYPE, "name": group.id,
                "properties": {"displayName": group.name, "parent": parent},
            });
            found.push((group.id.to_lowercase(), body));
        }
        for it in world.estate.subscriptions_of(&at) {
            let kind = "Microsoft.Management/managementGroups/subscriptions";
            let body = json!({
                "id": format!("/subscriptions/{}", it.id), "type": kind, "name": it.id,
                "properties": {"displayName": it.name, "parent": parent},
            });
            found.push((it.id.to_string(), body));
        }
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found
}

fn subscriptions(world: &World, id: &str) -> Vec<(String, Value)> {
    let tenant = world.scenario.tenant.id.to_string();
    let show = |it: &crate::scenario::Subscription| {
        let body = json!({
            "id": format!("{}/subscriptions/{}", group_path(id), it.id),
            "type": "Microsoft.Management/managementGroups/subscriptions",
            "name": it.id,
            "properties": {
                "tenant": tenant,
                "displayName": it.name,
                "parent": {"id": group_path(id)},
                "state": it.state,
            },
        });
        (it.id.to_string(), body)
    };
    world.estate.subscriptions_of(id).map(show).collect()
}

/// Everything the caller sees, groups and subscriptions alike.
fn entities(world: &World, call: &Call, access: &Access) -> Answer {
    let tenant = world.scenario.tenant.id;
    let mut shown = Vec::new();
    for group in world.estate.groups().filter(|group| sees(world, access, group)) {
        let mut chain = ancestors(world, group);
        chain.reverse();
        let below = descendants(world, &group.id).len();
        let groups = world.estate.children(&group.id).count();
        let all = groups + world.estate.subscriptions_of(&group.id).count();
        let body = entity(&group_path(&group.id), TYPE, &group.id, &group.name, tenant, &chain);
        shown.push((group.id.to_lowercase(), with_counts(body, below, all, groups)));
    }
    for it in world.estate.subscriptions() {
        let path = format!("/subscriptions/{}", it.id);
        if Scope::of_text(&path).is_some_and(|scope| access.touches(world, &scope)) {
            let parent = world.estate.group(&it.management_group);
            let mut chain = parent.map_or_else(Vec::new, |parent| {
                let mut chain = ancestors(world, parent);
                chain.insert(0, parent.clone());
                chain
            });
            chain.reverse();
            let body =
                entity(&path, "/subscriptions", &it.id.to_string(), &it.name, tenant, &chain);
            shown.push((it.id.to_string(), with_counts(body, 0, 0, 0)));
        }
    }
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    reply::list(world, call, shown)
}

fn entity(
    id: &str,
    kind: &str,
    name: &str,
    title: &str,
    tenant: uuid::Uuid,
    chain: &[Group],
) -> Value {
    let names: Vec<&str> = chain.iter().map(|it| it.id.as_str()).collect();
    let titles: Vec<&str> = chain.iter().map(|it| it.name.as_str()).collect();
    let mut properties = json!({
        "tenantId": tenant,
        "displayName": title,
        "permissions": "view",
        "inheritedPermissions": "view",
        "parentDisplayNameChain": titles,
        "parentNameChain": names,
    });
    if let Some(parent) = chain.last() {
        properties["parent"] = json!({"id": group_path(&parent.id)});
    }
    json!({"id": id, "type": kind, "name": name, "properties": properties})
}

fn with_counts(mut entity: Value, below: usize, children: usize, groups: usize) -> Value {
    entity["properties"]["numberOfDescendants"] = json!(below);
    entity["properties"]["numberOfChildren"] = json!(children);
    entity["properties"]["numberOfChildGroups"] = json!(groups);
    entity
}
