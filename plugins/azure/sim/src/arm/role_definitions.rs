//! Role definitions: the built-in ones, and custom ones with names unique in the whole tenant.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Access;
use super::body::{self, Properties};
use super::builtin_roles::{self, BuiltInRole};
use super::error::{bad_content, linked_forbidden, refuse, wrong_method};
use super::scope::ScopeKind;
use super::{Answer, Scope, api_version, filter, operations, reply};
use crate::chance::View;
use crate::clock::arm_time;
use crate::http::{Call, Reply};
use crate::limits::{
    ASSIGNABLE_SCOPES_MAX, DESCRIPTION_CHARS_MAX, ROLE_ACTIONS_MAX, ROLE_NAME_CHARS_MAX,
};
use crate::store::objects::Permission;
use crate::store::{Kind, Object, RoleDefinition};
use crate::world::World;

const TYPE: &str = "Microsoft.Authorization/roleDefinitions";
const WRITE: &str = "Microsoft.Authorization/roleDefinitions/write";

/// `{scope}/providers/Microsoft.Authorization/roleDefinitions[/{name}]`.
pub(super) fn answer(
    world: &mut World,
    call: &Call,
    access: &Access,
    scope: &Scope,
    name: Option<&str>,
) -> Answer {
    api_version::require(call, "roleDefinitions", api_version::AUTHORIZATION)?;
    let verb = match (call.method.as_str(), name) {
        ("GET", _) => "read",
        ("PUT", Some(_)) => "write",
        ("DELETE", Some(_)) => "delete",
        _ => return Err(wrong_method(&call.method, &call.path())),
    };
    let shown = match name {
        Some(name) => scope.child(&format!("providers/{TYPE}/{name}")),
        None => scope.child("providers/Microsoft.Authorization"),
    };
    // Built-in roles are the same everywhere: every signed-in caller may read one at the top.
    let public = verb == "read" && scope.kind == ScopeKind::Tenant;
    if !public {
        access.require(world, &format!("{TYPE}/{verb}"), scope, &shown)?;
    }
    if verb == "write" {
        scope.require_writable(&world.estate)?;
    }
    scope.require(&world.estate)?;
    let Some(name) = name else { return list(world, call, scope) };
    let name = Uuid::parse_str(name).map_err(|_| {
        let shown: String = name.chars().take(100).collect();
        let text = format!("The role definition ID '{shown}' is not valid: it must be a GUID.");
        refuse(400, "InvalidRoleDefinitionId", text)
    })?;
    match verb {
        "read" => get(world, call, scope, name),
        "write" => put(world, call, access, scope, name),
        _ => delete(world, call, access, scope, name),
    }
}

fn get(world: &mut World, call: &Call, scope: &Scope, name: Uuid) -> Answer {
    if let Some(builtin) = builtin_roles::with_id(name) {
        return Ok(Reply::json(200, builtin_json(builtin, scope)));
    }
    let lag = world.scenario.lag.role_definition;
    let custom = world.store.role_definitions.get(&name).cloned();
    let custom = custom.filter(|it| assignable(world, it, scope, true));
    let shown = match custom {
        Some(it) => world.sees(View::Read, name, it.created, lag, call.now).then_some(it),
        None => still_shown(world, call, View::Read)
            .into_iter()
            .find(|it| it.name == name && assignable(world, it, scope, true)),
    };
    shown.map_or_else(
        || Err(does_not_exist(name)),
        |it| Ok(Reply::json(200, custom_json(&it, scope))),
    )
}

/// Those deleted a moment ago that this read's replica still has.
fn still_shown(world: &mut World, call: &Call, view: View) -> Vec<RoleDefinition> {
    let lag = world.scenario.lag.role_definition_deletion;
    let gone: Vec<_> = world.departed.definitions(lag, call.now).cloned().collect();
    gone.into_iter()
        .filter(|gone| !world.sees(view, gone.it.name, gone.at, lag, call.now))
        .map(|gone| gone.it)
        .collect()
}

fn does_not_exist(name: Uuid) -> Reply {
    let text = format!("The specified role definition with ID '{name}' does not exist.");
    refuse(404, "RoleDefinitionDoesNotExist", text)
}

/// Whether a role may be assigned at a scope, or somewhere below it.
fn assignable(world: &World, it: &RoleDefinition, scope: &Scope, or_below: bool) -> bool {
    let (chain, key) = (scope.chain(&world.estate), scope.key());
    it.assignable_scopes.iter().any(|at| {
        let inside = || Scope::of_text(at).is_some_and(|at| at.chain(&world.estate).contains(&key));
        chain.contains(&at.to_lowercase()) || (or_below && inside())
    })
}

fn list(world: &mut World, call: &Call, scope: &Scope) -> Answer {
    let filter = filter::definitions(call)?;
    let lag = world.scenario.lag.role_definition;
    let named = |name: &str| {
        filter.role_name.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    let typed = |kind: &str| {
        filter.role_type.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(kind))
    };
    let mut shown: Vec<(String, Value)> = builtin_roles::ALL
        .iter()
        .filter(|role| named(role.name) && typed("BuiltInRole"))
        .map(|role| (role.id.to_string(), builtin_json(role, scope)))
        .collect();
    let wanted = |world: &World, it: &RoleDefinition| {
        named(&it.role_name)
            && typed("CustomRole")
            && assignable(world, it, scope, filter.and_below)
    };
    let custom = world.store.role_definitions.values();
    let custom: Vec<_> = custom.filter(|it| wanted(world, it)).cloned().collect();
    for it in custom {
        if world.sees(View::List, it.name, it.created, lag, call.now) {
            shown.push((it.name.to_string(), custom_json(&it, scope)));
        }
    }
    for it in still_shown(world, call, View::List) {
        if wanted(world, &it) {
            shown.push((it.name.to_string(), custom_json(&it, scope)));
        }
    }
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    reply::list(world, call, shown)
}

fn delete(world: &mut World, call: &Call, access: &Access, scope: &Scope, name: Uuid) -> Answer {
    if builtin_roles::with_id(name).is_some() {
        return Err(built_in(name));
    }
    let found = world.store.role_definitions.get(&name).cloned();
    let Some(found) = found.filter(|it| assignable(world, it, scope, true)) else {
        return Ok(Reply::empty(204));
    };
    let action = "Microsoft.Authorization/roleDefinitions/delete";
    require_everywhere(world, access, action, scope, &found.assignable_scopes)?;
    // The service counts assignments on a replica that may not have heard of their deletion.
    let lag = world.scenario.lag.role_assignment_deletion;
    let lately = world.departed.assignments(lag, call.now).any(|gone| gone.it.role == name);
    if lately || world.store.role_assignments.give(name) {
        let text = "There are existing role assignments referencing role.";
        return Err(refuse(400, "RoleDefinitionHasAssignments", text));
    }
    world.store.remove(Kind::RoleDefinition, name);
    world.departed.bury_definition(found.clone(), call.now);
    Ok(Reply::json(200, custom_json(&found, scope)))
}

fn built_in(name: Uuid) -> Reply {
    let text = format!("The role definition '{name}' is built in and cannot be changed.");
    refuse(400, "BuiltInRoleCannotBeChanged", text)
}

/// Rights on one scope are not enough for a role that reaches several.
fn require_everywhere(
    world: &World,
    access: &Access,
    action: &str,
    scope: &Scope,
    assignable: &[String],
) -> Result<(), Reply> {
    let missing: Vec<&str> = assignable
        .iter()
        .map(String::as_str)
        .filter(|at| !Scope::of_text(at).is_some_and(|at| access.allows(world, action, &at)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(linked_forbidden(&access.caller, action, &scope.text, &missing.join(", ")))
}

/// The members of a request that matter.
struct Wanted {
    role_name: String,
    description: String,
    permissions: Vec<Permission>,
    assignable_scopes: Vec<String>,
}

fn put(world: &mut World, call: &Call, access: &Access, scope: &Scope, name: Uuid) -> Answer {
    if builtin_roles::with_id(name).is_some() {
        return Err(built_in(name));
    }
    let wanted = read_wanted(call)?;
    let known = world.store.role_definitions.get(&name).cloned();
    check_scopes(&wanted)?;
    require_everywhere(world, access, WRITE, scope, &wanted.assignable_scopes)?;
    if let Some(known) = &known {
        // Taking a scope away needs rights there as well.
        require_everywhere(world, access, WRITE, scope, &known.assignable_scopes)?;
    }
    for at in wanted.assignable_scopes.iter().filter_map(|at| Scope::of_text(at)) {
        at.require(&world.estate)?;
    }
    check_actions(&wanted.permissions)?;
    check_name(world, call, &wanted.role_name, name)?;
    let full = world.store.role_definitions.len() >= world.scenario.quotas.role_definitions;
    if known.is_none() && full {
        let text = "No more role definitions can be created.";
        return Err(refuse(400, "RoleDefinitionLimitExceeded", text));
    }
    let caller = access.caller.object_id;
    let made = RoleDefinition {
        name,
        role_name: wanted.role_name,
        description: wanted.description,
        permissions: wanted.permissions,
        assignable_scopes: wanted.assignable_scopes,
        created: known.as_ref().map_or(call.now, |known| known.created),
        updated: call.now,
        created_by: known.as_ref().map_or(caller, |known| known.created_by),
        updated_by: caller,
    };
    let body = custom_json(&made, scope);
    world.store.put(Object::RoleDefinition(made));
    world.departed.forget(name);
    // Created or changed, the service says 201.
    Ok(Reply::json(201, body))
}

fn read_wanted(call: &Call) -> Result<Wanted, Reply> {
    let known = ["roleName", "description", "type", "permissions", "assignableScopes"];
    let ignored = ["createdOn", "updatedOn", "createdBy", "updatedBy"];
    let mut properties = Properties::read(call, &["id", "name", "type"], &known, &ignored)?;
    let role_name = properties.required_text("roleName")?;
    let description = properties.text("description")?.unwrap_or_default();
    if role_name.chars().count() > ROLE_NAME_CHARS_MAX
        || description.chars().count() > DESCRIPTION_CHARS_MAX
    {
        let text = "The role name or the description is too long.";
        return Err(refuse(400, "RoleDefinitionNameOrDescriptionTooLong", text));
    }
    let kind = properties.text("type")?;
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("CustomRole")) {
        return Err(bad_content("'properties.type' of a custom role is 'CustomRole'"));
    }
    let permissions = properties.required_list("permissions")?;
    if permissions.is_empty() || permissions.len() > 16 {
        return Err(bad_content("'properties.permissions' has from 1 to 16 items"));
    }
    let scopes = properties.required_list("assignableScopes")?;
    let scopes = body::texts("assignableScopes", scopes, ASSIGNABLE_SCOPES_MAX)?;
    Ok(Wanted {
        role_name,
        description,
        permissions: permissions.into_iter().map(read_permission).collect::<Result<_, _>>()?,
        assignable_scopes: scopes,
    })
}

fn read_permission(value: Value) -> Result<Permission, Reply> {
    let Value::Object(mut members) = value else {
        return Err(body::mistyped("permissions", "an array of objects"));
    };
    let mut list = |name: &str| match body::take(&mut members, name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => body::texts(name, items, ROLE_ACTIONS_MAX),
        Some(_) => Err(body::mistyped(name, "an array")),
    };
    let permission = Permission {
        actions: list("actions")?,
        not_actions: list("notActions")?,
        data_actions: list("dataActions")?,
        not_data_actions: list("notDataActions")?,
    };
    match members.keys().next() {
        Some(odd) => {
            let shown: String = odd.chars().take(100).collect();
            Err(bad_content(format!("Could not find member '{shown}' on a permission")))
        }
        None => Ok(permission),
    }
}

/// Where a role may be assignable: real scopes, one management group at most.
fn check_scopes(wanted: &Wanted) -> Result<(), Reply> {
    let wrong = |text: String| refuse(400, "InvalidAssignableScopes", text);
    if wanted.assignable_scopes.is_empty() {
        return Err(wrong("A role definition needs at least one assignable scope.".to_owned()));
    }
    let mut groups = BTreeSet::new();
    for text in &wanted.assignable_scopes {
        match Scope::of_text(text).map(|scope| scope.kind) {
            Some(ScopeKind::ManagementGroup(id)) => drop(groups.insert(id)),
            Some(ScopeKind::Subscription(_) | ScopeKind::ResourceGroup(..)) => {}
            _ => {
                let shown: String = text.chars().take(200).collect();
                return Err(wrong(format!("'{shown}' is not a scope a custom role may have.")));
            }
        }
    }
    if groups.len() > 1 {
        return Err(wrong("Only one management group may be an assignable scope.".to_owned()));
    }
    let data = |it: &Permission| !it.data_actions.is_empty() || !it.not_data_actions.is_empty();
    if !groups.is_empty() && wanted.permissions.iter().any(data) {
        let text = "A role with data actions cannot be assignable at a management group.";
        return Err(wrong(text.to_owned()));
    }
    Ok(())
}

/// One unknown action refuses the whole role.
fn check_actions(permissions: &[Permission]) -> Result<(), Reply> {
    for it in permissions {
        let control = it.actions.iter().chain(&it.not_actions).map(|action| (action, false));
        let data = it.data_actions.iter().chain(&it.not_data_actions).map(|it| (it, true));
        for (action, is_data) in control.chain(data) {
            if let Some(reason) = operations::unknown_action(action, is_data) {
                let code = if is_data {
                    "InvalidDataActionOrNotDataAction"
                } else {
                    "InvalidActionOrNotAction"
                };
                return Err(refuse(400, code, reason));
            }
        }
    }
    Ok(())
}

/// A name is taken by built-in roles and by custom roles of any scope, visible or not.
///
/// That of a role deleted a moment ago is not free yet.
fn check_name(world: &mut World, call: &Call, role_name: &str, name: Uuid) -> Result<(), Reply> {
    let wanted = role_name.to_lowercase();
    let other = |it: &RoleDefinition| it.name != name && it.role_name.to_lowercase() == wanted;
    let lag = world.scenario.lag.role_definition_deletion;
    let taken = builtin_roles::named(role_name).is_some()
        || world.store.role_definitions.values().any(other)
        || world.departed.definitions(lag, call.now).any(|gone| other(&gone.it));
    if taken {
        let text = "A role definition cannot be updated with a name that already exists.";
        return Err(refuse(409, "RoleDefinitionWithSameNameExists", text));
    }
    Ok(())
}

/// The path of a role definition as it is shown at a scope.
pub(super) fn path_at(scope: Option<&Scope>, role: Uuid) -> String {
    match scope.and_then(Scope::subscription) {
        Some(subscription) => format!("/subscriptions/{subscription}/providers/{TYPE}/{role}"),
        None => format!("/providers/{TYPE}/{role}"),
    }
}

fn builtin_json(it: &BuiltInRole, scope: &Scope) -> Value {
    // When the catalogue was last touched says nothing; any fixed time will do.
    let time = "2015-02-02T21:55:09.8806423Z";
    json!({
        "properties": {
            "roleName": it.name,
            "type": "BuiltInRole",
            "description": it.description,
            "assignableScopes": ["/"],
            "permissions": [it.permission()],
            "createdOn": time,
            "updatedOn": time,
        },
        "id": path_at(Some(scope), it.id),
        "type": TYPE,
        "name": it.id,
    })
}

/// How a custom role is shown.
pub(crate) fn custom_json(it: &RoleDefinition, scope: &Scope) -> Value {
    let mut properties = Map::new();
    let mut set = |name: &str, value: Value| drop(properties.insert(name.to_owned(), value));
    set("roleName", json!(it.role_name));
    set("type", json!("CustomRole"));
    set("description", json!(it.description));
    set("assignableScopes", json!(it.assignable_scopes));
    set("permissions", json!(it.permissions));
    set("createdOn", json!(arm_time(it.created)));
    set("updatedOn", json!(arm_time(it.updated)));
    set("createdBy", json!(it.created_by));
    set("updatedBy", json!(it.updated_by));
    json!({
        "properties": properties,
        "id": path_at(Some(scope), it.name),
        "type": TYPE,
        "name": it.name,
    })
}
