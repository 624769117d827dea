//! Role assignments: immutable triples of scope, role and principal, with a name of their own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Access;
use super::body::Properties;
use super::condition::{Condition, Deed, Triple};
use super::error::{bad_content, forbidden, refuse, wrong_method};
use super::scope::ScopeKind;
use super::{Answer, Scope, api_version, builtin_roles, filter, reply};
use crate::chance::View;
use crate::clock::{Millis, arm_time};
use crate::http::{Call, Reply};
use crate::limits::DESCRIPTION_CHARS_MAX;
use crate::store::{Kind, Object, RoleAssignment};
use crate::world::World;

const TYPE: &str = "Microsoft.Authorization/roleAssignments";
const PRINCIPAL_TYPES: [&str; 5] = ["User", "Group", "ServicePrincipal", "ForeignGroup", "Device"];

/// `{scope}/providers/Microsoft.Authorization/roleAssignments[/{name}]`.
pub(super) fn answer(
    world: &mut World,
    call: &Call,
    access: &Access,
    scope: &Scope,
    name: Option<&str>,
) -> Answer {
    api_version::require(call, "roleAssignments", api_version::AUTHORIZATION)?;
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
    access.require_in_principle(world, &format!("{TYPE}/{verb}"), scope, &shown)?;
    if verb == "write" {
        scope.require_writable(&world.estate)?;
    }
    scope.require(&world.estate)?;
    let Some(name) = name else { return list(world, call, scope) };
    let name = read_name(name)?;
    match verb {
        "read" => get(world, call, scope, name),
        "write" => put(world, call, access, scope, name),
        _ => delete(world, call, access, scope, name),
    }
}

fn read_name(name: &str) -> Result<Uuid, Reply> {
    Uuid::parse_str(name).map_err(|_| {
        let shown: String = name.chars().take(100).collect();
        let text = format!(
            "The role assignment ID '{shown}' is not valid. The role assignment ID must be a GUID."
        );
        refuse(400, "InvalidRoleAssignmentId", text)
    })
}

fn get(world: &mut World, call: &Call, scope: &Scope, name: Uuid) -> Answer {
    let lag = world.scenario.lag.role_assignment;
    let found = at(world, scope, name).cloned();
    let shown = match found {
        Some(found) => world.sees(View::Read, name, found.created, lag, call.now).then_some(found),
        None => still_shown(world, call, View::Read, |it| {
            it.name == name && it.scope.to_lowercase() == scope.key()
        })
        .pop(),
    };
    match shown {
        Some(found) => Ok(Reply::json(200, to_json(&found))),
        None => {
            let text = format!("The role assignment '{name}' is not found.");
            Err(refuse(404, "RoleAssignmentNotFound", text))
        }
    }
}

fn at<'a>(world: &'a World, scope: &Scope, name: Uuid) -> Option<&'a RoleAssignment> {
    let found = world.store.role_assignments.get(&name);
    found.filter(|it| it.scope.to_lowercase() == scope.key())
}

/// Those deleted a moment ago that this read's replica still has.
fn still_shown(
    world: &mut World,
    call: &Call,
    view: View,
    wanted: impl Fn(&RoleAssignment) -> bool,
) -> Vec<RoleAssignment> {
    let lag = world.scenario.lag.role_assignment_deletion;
    let gone = world.departed.assignments(lag, call.now);
    let gone: Vec<_> = gone.filter(|gone| wanted(&gone.it)).cloned().collect();
    gone.into_iter()
        .filter(|gone| !world.sees(view, gone.it.name, gone.at, lag, call.now))
        .map(|gone| gone.it)
        .collect()
}

fn delete(world: &mut World, call: &Call, access: &Access, scope: &Scope, name: Uuid) -> Answer {
    let Some(found) = at(world, scope, name).cloned() else { return Ok(Reply::empty(204)) };
    let action = format!("{TYPE}/delete");
    let deed = Deed { action: &action, request: None, resource: Some(&Triple::from(&found)) };
    access.require_for(world, &deed, scope, &scope.child(&format!("providers/{TYPE}/{name}")))?;
    world.store.remove(Kind::RoleAssignment, name);
    world.departed.bury_assignment(found.clone(), call.now);
    Ok(Reply::json(200, to_json(&found)))
}

/// At the scope and above it; below it, too, unless the filter says otherwise.
fn list(world: &mut World, call: &Call, scope: &Scope) -> Answer {
    let filter = filter::assignments(call)?;
    let chain = scope.chain(&world.estate);
    let inside = Inside::of(scope);
    let wanted = |world: &World, it: &RoleAssignment| {
        let key = it.scope.to_lowercase();
        filter.principal.is_none_or(|principal| it.principal == principal)
            && (chain.contains(&key) || (!filter.at_scope && inside.has(world, &key)))
    };
    let found: Vec<(Uuid, Millis)> = candidates(world, scope, &chain, filter.principal)
        .into_iter()
        .filter(|it| wanted(world, it))
        .map(|it| (it.name, it.created))
        .collect();
    let lag = world.scenario.lag.role_assignment;
    let mut shown = BTreeMap::new();
    for (name, born) in found {
        if world.sees(View::List, name, born, lag, call.now) {
            shown.insert(name.to_string(), (name, None));
        }
    }
    let lately = still_shown(world, call, View::List, |_| true);
    for it in lately.into_iter().filter(|it| wanted(world, it)) {
        shown.insert(it.name.to_string(), (it.name, Some(it)));
    }
    let show = |(name, gone): (Uuid, Option<RoleAssignment>)| {
        gone.as_ref().or_else(|| world.store.role_assignments.get(&name)).map(to_json)
    };
    reply::list_of(world, call, shown, show, reply::NEXT_LINK)
}

/// Those that may be meant, found by the shorter way.
fn candidates<'a>(
    world: &'a World,
    scope: &Scope,
    chain: &[String],
    principal: Option<Uuid>,
) -> Vec<&'a RoleAssignment> {
    let all = &world.store.role_assignments;
    match (&scope.kind, principal) {
        (ScopeKind::Tenant | ScopeKind::ManagementGroup(_), Some(principal)) => {
            all.of_principal(principal).collect()
        }
        (ScopeKind::Tenant | ScopeKind::ManagementGroup(_), None) => all.values().collect(),
        _ => {
            let above = chain.iter().flat_map(|key| all.at_scope(key));
            above.chain(all.below(&scope.key())).collect()
        }
    }
}

/// What lies below a scope.
enum Inside {
    Everything,
    Group(String),
    Path(String),
}

impl Inside {
    fn of(scope: &Scope) -> Self {
        match &scope.kind {
            ScopeKind::Tenant => Self::Everything,
            ScopeKind::ManagementGroup(_) => Self::Group(scope.key()),
            _ => Self::Path(format!("{}/", scope.key())),
        }
    }

    fn has(&self, world: &World, key: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Path(path) => key.starts_with(path),
            Self::Group(group) => {
                Scope::of_text(key).is_some_and(|scope| scope.chain(&world.estate).contains(group))
            }
        }
    }
}

/// The members of a request that matter.
struct Wanted {
    role: Uuid,
    principal: Uuid,
    principal_type: Option<String>,
    description: Option<String>,
    condition: Option<String>,
    condition_version: Option<String>,
}

fn put(world: &mut World, call: &Call, access: &Access, scope: &Scope, name: Uuid) -> Answer {
    let wanted = read_wanted(call)?;
    require_condition(world, access, scope, name, &wanted)?;
    require_role(world, call, scope, &wanted)?;
    require_name(world, call, scope, name, &wanted)?;
    let known = world.store.role_assignments.get(&name).cloned();
    if let Some(known) = known {
        return update(world, call, access, scope, &wanted, known);
    }
    let principal_type = require_principal(world, call, &wanted)?;
    let key = scope.key();
    let held = &world.store.role_assignments;
    if held.held_at(wanted.principal, &key).any(|it| it.role == wanted.role) {
        let text = "The role assignment already exists.";
        return Err(refuse(409, "RoleAssignmentExists", text));
    }
    require_room(world, scope)?;
    let made = RoleAssignment {
        name,
        scope: scope.text.clone(),
        role: wanted.role,
        principal: wanted.principal,
        principal_type,
        description: wanted.description,
        condition: wanted.condition,
        condition_version: wanted.condition_version,
        created: call.now,
        updated: call.now,
        created_by: access.caller.object_id,
        updated_by: access.caller.object_id,
    };
    let body = to_json(&made);
    world.store.put(Object::RoleAssignment(made));
    world.departed.forget(name);
    Ok(Reply::json(201, body))
}

/// A condition on the caller's own role may stand against this role or this principal.
fn require_condition(
    world: &World,
    access: &Access,
    scope: &Scope,
    name: Uuid,
    wanted: &Wanted,
) -> Result<(), Reply> {
    let known = || principal(world, wanted.principal).map(|(_, kind)| kind.to_owned());
    let principal_type = wanted.principal_type.clone().or_else(known).unwrap_or_default();
    let request = Triple { role: wanted.role, principal: wanted.principal, principal_type };
    let action = format!("{TYPE}/write");
    let deed = Deed { action: &action, request: Some(&request), resource: None };
    access.require_for(world, &deed, scope, &scope.child(&format!("providers/{TYPE}/{name}")))
}

/// The name of what was deleted a moment ago is not free for anything else yet.
fn require_name(
    world: &mut World,
    call: &Call,
    scope: &Scope,
    name: Uuid,
    wanted: &Wanted,
) -> Result<(), Reply> {
    let lag = world.scenario.lag.role_assignment_deletion;
    let mut gone = world.departed.assignments(lag, call.now);
    match gone.find(|gone| gone.it.name == name) {
        Some(gone) if !is_same(&gone.it, scope, wanted) => Err(update_not_permitted()),
        _ => Ok(()),
    }
}

fn is_same(it: &RoleAssignment, scope: &Scope, wanted: &Wanted) -> bool {
    it.role == wanted.role
        && it.principal == wanted.principal
        && it.scope.to_lowercase() == scope.key()
}

fn update_not_permitted() -> Reply {
    let text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    refuse(400, "RoleAssignmentUpdateNotPermitted", text)
}

/// A name that is taken: the same triple may change its texts, another one may not have it.
fn update(
    world: &mut World,
    call: &Call,
    access: &Access,
    scope: &Scope,
    wanted: &Wanted,
    mut known: RoleAssignment,
) -> Answer {
    if !is_same(&known, scope, wanted) {
        return Err(update_not_permitted());
    }
    known.description.clone_from(&wanted.description);
    known.condition.clone_from(&wanted.condition);
    known.condition_version.clone_from(&wanted.condition_version);
    known.updated = call.now;
    known.updated_by = access.caller.object_id;
    let body = to_json(&known);
    world.store.put(Object::RoleAssignment(known));
    Ok(Reply::json(200, body))
}

fn read_wanted(call: &Call) -> Result<Wanted, Reply> {
    let known = [
        "roleDefinitionId",
        "principalId",
        "principalType",
        "description",
        "condition",
        "conditionVersion",
    ];
    // What a client reads and may send back, and what never applies to a tenant of its own.
    let ignored = [
        "scope",
        "createdOn",
        "updatedOn",
        "createdBy",
        "updatedBy",
        "canDelegate",
        "delegatedManagedIdentityResourceId",
    ];
    let mut properties = Properties::read(call, &["id", "name", "type"], &known, &ignored)?;
    let role = properties.required_text("roleDefinitionId")?;
    let role = role_of_path(&role).ok_or_else(|| {
        let text = "The request was incorrectly formatted: roleDefinitionId is not the path of a role definition.";
        refuse(400, "BadRequestFormat", text)
    })?;
    let principal = properties.required_text("principalId")?;
    let principal = Uuid::parse_str(&principal).map_err(|_| {
        let text = "A valid principal ID must be provided for role assignment.";
        refuse(400, "InvalidPrincipalId", text)
    })?;
    let principal_type = properties.text("principalType")?;
    let odd = |text: &String| !PRINCIPAL_TYPES.contains(&text.as_str());
    if principal_type.as_ref().is_some_and(odd) {
        return Err(bad_content("'properties.principalType' is not one of the principal types"));
    }
    let description = properties.text("description")?;
    if description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        return Err(bad_content("'properties.description' is too long"));
    }
    let (condition, condition_version) = read_condition(&mut properties)?;
    Ok(Wanted { role, principal, principal_type, description, condition, condition_version })
}

/// A condition and the version of its language, which is 2.0 when it is left out.
fn read_condition(properties: &mut Properties) -> Result<(Option<String>, Option<String>), Reply> {
    let condition = properties.text("condition")?.filter(|text| !text.is_empty());
    let version = properties.text("conditionVersion")?.filter(|text| !text.is_empty());
    let invalid = |text: String| refuse(400, "InvalidRoleAssignmentCondition", text);
    let Some(text) = &condition else { return Ok((None, version)) };
    if version.as_ref().is_some_and(|version| version != "2.0") {
        let text = "The version of the role assignment condition is not supported: it is '2.0'.";
        return Err(invalid(text.to_owned()));
    }
    match Condition::parse(text) {
        Ok(_) => Ok((condition, Some("2.0".to_owned()))),
        Err(reason) => {
            Err(invalid(format!("The given role assignment condition is invalid: {reason}.")))
        }
    }
}

/// The id at the end of a role definition's path.
fn role_of_path(path: &str) -> Option<Uuid> {
    let (before, id) = path.rsplit_once('/')?;
    let before = before.to_lowercase();
    before.ends_with("/providers/microsoft.authorization/roledefinitions").then_some(())?;
    Uuid::parse_str(id).ok()
}

/// The role exists, is replicated, and may be assigned here.
fn require_role(
    world: &mut World,
    call: &Call,
    scope: &Scope,
    wanted: &Wanted,
) -> Result<(), Reply> {
    if builtin_roles::with_id(wanted.role).is_some() {
        return Ok(());
    }
    let lag = world.scenario.lag.role_definition;
    let custom = world.store.role_definitions.get(&wanted.role).cloned();
    let seen = custom.filter(|it| world.sees(View::Reference, it.name, it.created, lag, call.now));
    let Some(custom) = seen else {
        let id = wanted.role;
        let text = format!("The specified role definition with ID '{id}' does not exist.");
        return Err(refuse(404, "RoleDefinitionDoesNotExist", text));
    };
    let chain = scope.chain(&world.estate);
    if custom.assignable_scopes.iter().any(|at| chain.contains(&at.to_lowercase())) {
        return Ok(());
    }
    let (scope, id) = (&scope.text, wanted.role);
    let text =
        format!("The role assignment scope '{scope}' is not assignable to role definition '{id}'.");
    Err(refuse(400, "RoleAssignmentScopeNotAssignableToRoleDefinition", text))
}

/// The principal exists and is replicated; its type is the one given. Returns its type.
///
/// A caller that names the type spares the service the slower look-up in the directory.
fn require_principal(world: &mut World, call: &Call, wanted: &Wanted) -> Result<String, Reply> {
    let found = principal(world, wanted.principal);
    let lag = match wanted.principal_type {
        Some(_) => world.scenario.lag.principal,
        None => world.scenario.lag.principal_untyped,
    };
    let seen = found
        .filter(|(born, _)| world.sees(View::Reference, wanted.principal, *born, lag, call.now));
    let (id, tenant) = (wanted.principal.simple(), world.scenario.tenant.id);
    let Some((_, actual)) = seen else {
        let text = format!(
            "Principal {id} does not exist in the directory {tenant}. Check that you have the \
             correct principal ID. If you are creating this principal and then immediately \
             assigning a role, this error might be related to a replication delay. In this case, \
             set the role assignment principalType property to a value, such as ServicePrincipal, \
             User, or Group. See https://aka.ms/docs-principaltype"
        );
        return Err(refuse(400, "PrincipalNotFound", text));
    };
    match &wanted.principal_type {
        Some(given) if given != actual => {
            let text = format!(
                "The PrincipalId '{id}' has type '{actual}', which is different from specified \
                 PrincipalType '{given}'."
            );
            Err(refuse(400, "UnmatchedPrincipalType", text))
        }
        _ => Ok(actual.to_owned()),
    }
}

fn principal(world: &World, id: Uuid) -> Option<(Millis, &'static str)> {
    let living = world.store.service_principals.get(&id).filter(|it| it.deleted.is_none());
    match living {
        Some(found) => Some((found.created, "ServicePrincipal")),
        None => world.scenario.users.iter().any(|it| it.id == id).then_some((0, "User")),
    }
}

fn require_room(world: &World, scope: &Scope) -> Result<(), Reply> {
    let quotas = &world.scenario.quotas;
    let (inside, most) = match &scope.kind {
        ScopeKind::Tenant | ScopeKind::ManagementGroup(_) => {
            (scope.key(), quotas.role_assignments_per_management_group)
        }
        ScopeKind::Subscription(id)
        | ScopeKind::ResourceGroup(id, _)
        | ScopeKind::Resource(id, _) => {
            (format!("/subscriptions/{id}"), quotas.role_assignments_per_subscription)
        }
    };
    let all = &world.store.role_assignments;
    let count = match scope.kind {
        ScopeKind::Tenant | ScopeKind::ManagementGroup(_) => all.at_scope(&inside).count(),
        _ => all.at_scope(&inside).chain(all.below(&inside)).count(),
    };
    if count < most {
        return Ok(());
    }
    let text = "No more role assignments can be created.";
    Err(refuse(400, "RoleAssignmentLimitExceeded", text))
}

/// How an assignment is shown. Members without a value are left out: the schema knows no null.
pub(crate) fn to_json(it: &RoleAssignment) -> Value {
    let scope = Scope::of_text(&it.scope);
    let role = scope.as_ref().map_or_else(
        || super::role_definitions::path_at(None, it.role),
        |scope| super::role_definitions::path_at(Some(scope), it.role),
    );
    let id = scope
        .as_ref()
        .map_or_else(String::new, |scope| scope.child(&format!("providers/{TYPE}/{}", it.name)));
    let mut properties = Map::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            properties.insert(name.to_owned(), Value::String(value));
        }
    };
    set("roleDefinitionId", Some(role));
    set("principalId", Some(it.principal.to_string()));
    set("principalType", Some(it.principal_type.clone()));
    set("scope", Some(it.scope.clone()));
    set("description", it.description.clone());
    set("condition", it.condition.clone());
    set("conditionVersion", it.condition_version.clone());
    set("createdOn", Some(arm_time(it.created)));
    set("updatedOn", Some(arm_time(it.updated)));
    set("createdBy", Some(it.created_by.to_string()));
    set("updatedBy", Some(it.updated_by.to_string()));
    json!({"properties": properties, "id": id, "type": TYPE, "name": it.name})
}

/// Gives User Access Administrator at `/` to a person; used by the elevation.
pub(super) fn elevate(world: &mut World, access: &Access, now: Millis) -> Answer {
    let caller = &access.caller;
    let all = &world.store.role_assignments;
    let held = all
        .held_at(caller.object_id, "/")
        .any(|it| it.role == builtin_roles::USER_ACCESS_ADMINISTRATOR);
    if caller.person.is_none() {
        return Err(forbidden(caller, "Microsoft.Authorization/elevateAccess/action", "/"));
    }
    if !held {
        let name = world.new_id();
        world.store.put(Object::RoleAssignment(RoleAssignment {
            name,
            scope: "/".to_owned(),
            role: builtin_roles::USER_ACCESS_ADMINISTRATOR,
            principal: caller.object_id,
            principal_type: "User".to_owned(),
            description: None,
            condition: None,
            condition_version: None,
            created: now,
            updated: now,
            created_by: caller.object_id,
            updated_by: caller.object_id,
        }));
    }
    Ok(Reply::empty(200))
}
