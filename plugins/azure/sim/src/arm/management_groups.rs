//! Management groups: the hierarchy and what a caller sees of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::access::Access;
use super::error::{bad_content, refuse, wrong_method};
use super::estate::{Group, group_path};
use super::reply::Link;
use super::{Answer, Scope, api_version, generic, reply};
use crate::http::{Call, Reply};
use crate::limits::MANAGEMENT_GROUP_DEPTH_MAX;
use crate::scenario::{Subscription, SubscriptionState};
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
            let action = "Microsoft.Management/managementGroups/descendants/read";
            let group = require(world, access, id, action)?;
            let show = |it| Some(descendant_json(&it));
            reply::list_of(world, call, descendants(world, &group), show, reply::NEXT_LINK)
        }
        ("GET", ["managementgroups", id, "subscriptions"]) => {
            version()?;
            let action = "Microsoft.Management/managementGroups/subscriptions/read";
            let group = require(world, access, id, action)?;
            let all = world.estate.subscriptions_of(id).map(|it| (it.id.to_string(), it));
            let show = |it| Some(subscription_json(world, &group, it));
            reply::list_of(world, call, all, show, reply::NEXT_LINK)
        }
        ("GET", ["managementgroups", id, "subscriptions", subscription]) => {
            version()?;
            let action = "Microsoft.Management/managementGroups/subscriptions/read";
            let group = require(world, access, id, action)?;
            let mut all = world.estate.subscriptions_of(id);
            let found = all.find(|it| it.id.to_string() == *subscription);
            let found = found.ok_or_else(|| no_subscription(id, subscription))?;
            Ok(Reply::json(200, subscription_json(world, &group, found)))
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

fn no_subscription(id: &str, subscription: &str) -> Reply {
    let short = |text: &str| text.chars().take(100).collect::<String>();
    let (id, subscription) = (short(id), short(subscription));
    let text =
        format!("The subscription '{subscription}' is not under the management group '{id}'.");
    refuse(404, "NotFound", text)
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
    let recurse =
        call.parameter("$recurse").is_some_and(|recurse| recurse.eq_ignore_ascii_case("true"));
    if recurse && expand.as_deref() != Some("children") {
        return Err(bad_content("'$recurse=true' needs '$expand=children'"));
    }
    let filter = call.parameter("$filter").unwrap_or_default().trim();
    let groups_only = filter.eq_ignore_ascii_case("children.childType ne Subscription");
    if !filter.is_empty() && !groups_only {
        return Err(bad_content("'$filter' is children.childType ne Subscription"));
    }
    let group = require(world, access, id, READ)?;
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
        properties
            .insert("children".to_owned(), json!(children(world, &group.id, depth, groups_only)));
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

fn children(world: &World, id: &str, depth: usize, groups_only: bool) -> Vec<Value> {
    if depth == 0 {
        return Vec::new();
    }
    let groups = world.estate.children(id).map(|group| {
        let mut child = json!({
            "id": group_path(&group.id), "type": TYPE, "name": group.id,
            "displayName": group.name,
        });
        let below = children(world, &group.id, depth - 1, groups_only);
        if !below.is_empty() {
            child["children"] = json!(below);
        }
        child
    });
    let subscriptions = world.estate.subscriptions_of(id).filter(|_| !groups_only).map(|it| {
        json!({
            "id": format!("/subscriptions/{}", it.id), "type": "/subscriptions", "name": it.id,
            "displayName": it.name,
        })
    });
    groups.chain(subscriptions).collect()
}

/// Something below a group, and the group right above it.
enum Descendant<'a> {
    Group(&'a Group, &'a Group),
    Subscription(&'a Subscription, &'a Group),
}

/// Everything below a group, on every level.
fn descendants<'a>(world: &'a World, top: &'a Group) -> BTreeMap<String, Descendant<'a>> {
    let mut found = BTreeMap::new();
    let mut open = vec![top];
    while let Some(parent) = open.pop() {
        for group in world.estate.children(&parent.id) {
            open.push(group);
            found.insert(group.id.to_lowercase(), Descendant::Group(group, parent));
        }
        for it in world.estate.subscriptions_of(&parent.id) {
            found.insert(it.id.to_string(), Descendant::Subscription(it, parent));
        }
    }
    found
}

fn descendant_json(it: &Descendant<'_>) -> Value {
    let (id, kind, name, title, parent) = match it {
        Descendant::Group(it, parent) => {
            (group_path(&it.id), TYPE, it.id.clone(), &it.name, parent)
        }
        Descendant::Subscription(it, parent) => {
            let id = it.id.to_string();
            (format!("/subscriptions/{id}"), "/subscriptions", id, &it.name, parent)
        }
    };
    json!({
        "id": id, "type": kind, "name": name,
        "properties": {"displayName": title, "parent": {"id": group_path(&parent.id)}},
    })
}

fn subscription_json(world: &World, group: &Group, it: &Subscription) -> Value {
    let parent = group_path(&group.id);
    // This service calls active what the subscription itself calls enabled.
    let state = match it.state {
        SubscriptionState::Enabled => json!("Active"),
        other => json!(other),
    };
    json!({
        "id": format!("{parent}/subscriptions/{}", it.id),
        "type": "Microsoft.Management/managementGroups/subscriptions",
        "name": it.id,
        "properties": {
            "tenant": it.tenant.unwrap_or(world.scenario.tenant.id),
            "displayName": it.name,
            "parent": {"id": parent},
            "state": state,
        },
    })
}

/// Everything the caller sees, groups and subscriptions alike.
fn entities(world: &World, call: &Call, access: &Access) -> Answer {
    enum Entity<'a> {
        Group(&'a Group),
        Subscription(&'a Subscription),
    }
    let mut all: BTreeMap<String, Entity<'_>> =
        world.estate.groups().map(|it| (it.id.to_lowercase(), Entity::Group(it))).collect();
    let subscriptions = world.estate.subscriptions();
    all.extend(subscriptions.map(|it| (it.id.to_string(), Entity::Subscription(it))));
    let show = |it| match it {
        Entity::Group(group) => sees(world, access, group).then(|| group_entity(world, group)),
        Entity::Subscription(it) => {
            let scope = Scope::of_text(&format!("/subscriptions/{}", it.id))?;
            access.touches(world, &scope).then(|| subscription_entity(world, it))
        }
    };
    reply::list_of(world, call, all, show, reply::NEXT_LINK)
}

fn group_entity(world: &World, group: &Group) -> Value {
    let mut chain = ancestors(world, group);
    chain.reverse();
    let below = descendants(world, group).len();
    let groups = world.estate.children(&group.id).count();
    let all = groups + world.estate.subscriptions_of(&group.id).count();
    let tenant = world.scenario.tenant.id;
    let body = entity(&group_path(&group.id), TYPE, &group.id, &group.name, tenant, &chain);
    with_counts(body, below, all, groups)
}

fn subscription_entity(world: &World, it: &Subscription) -> Value {
    let parent = world.estate.group(&it.management_group);
    let mut chain = parent.map_or_else(Vec::new, |parent| {
        let mut chain = ancestors(world, parent);
        chain.insert(0, parent.clone());
        chain
    });
    chain.reverse();
    let (path, id) = (format!("/subscriptions/{}", it.id), it.id.to_string());
    let tenant = it.tenant.unwrap_or(world.scenario.tenant.id);
    with_counts(entity(&path, "/subscriptions", &id, &it.name, tenant, &chain), 0, 0, 0)
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
