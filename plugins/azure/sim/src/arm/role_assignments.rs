//! Role assignments: immutable triples of scope, role and principal, with a name of their own.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Access;
use super::body::Properties;
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
    access.require(world, &format!("{TYPE}/{verb}"), scope, &shown)?;
    scope.require(&world.estate)?;
    let Some(name) = name else { return list(world, call, scope) };
    let name = read_name(name)?;
    match verb {
        "read" => get(world, call, scope, name),
        "write" => put(world, call, access, scope, name),
        _ => delete(world, scope, name),
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
    match found {
        Some(found) if world.sees(View::Read, name, found.created, lag, call.now) => {
            Ok(Reply::json(200, to_json(&found)))
        }
        _ => {
            let text = format!("The role assignment '{name}' is not found.");
            Err(refuse(404, "RoleAssignmentNotFound", text))
        }
    }
}

fn at<'a>(world: &'a World, scope: &Scope, name: Uuid) -> Option<&'a RoleAssignment> {
    let found = world.store.role_assignments.get(&name);
    found.filter(|it| it.scope.to_lowercase() == scope.key())
}

fn delete(world: &mut World, scope: &Scope, name: Uuid) -> Answer {
    let Some(found) = at(world, scope, name).cloned() else { return Ok(Reply::empty(204)) };
    world.store.remove(Kind::RoleAssignment, name);
    Ok(Reply::json(200, to_json(&found)))
}

/// At the scope and above it; below it, too, unless the filter says otherwise.
fn list(world: &mut World, call: &Call, scope: &Scope) -> Answer {
    let filter = filter::assignments(call)?;
    let chain = scope.chain(&world.estate);
    let inside = Inside::of(world, scope);
    let lag = world.scenario.lag.role_assignment;
    let all: Vec<RoleAssignment> = world
        .store
        .role_assignments
        .values()
        .filter(|it| filter.principal.is_none_or(|principal| it.principal == principal))
        .filter(|it| {
            let key = it.scope.to_lowercase();
            chain.contains(&key) || (!filter.at_scope && inside.has(world, &key))
        })
        .cloned()
        .collect();
    let mut shown = Vec::new();
    for it in all {
        if world.sees(View::List, it.name, it.created, lag, call.now) {
            shown.push((it.name.to_string(), to_json(&it)));
        }
    }
    reply::list(world, call, shown)
}

/// What lies below a scope.
enum Inside {
    Everything,
    Group(String),
    Path(String),
}

impl Inside {
    fn of(_: &World, scope: &Scope) -> Self {
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
    require_role(world, call, scope, &wanted)?;
    let known = world.store.role_assignments.get(&name).cloned();
    if let Some(known) = known {
        return update(world, call, access, scope, &wanted, known);
    }
    let principal_type = require_principal(world, call, &wanted)?;
    let key = scope.key();
    let same = world.store.role_assignments.values().any(|it| {
        it.principal == wanted.principal && it.role == wanted.role && it.scope.to_lowercase() == key
    });
    if same {
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
    Ok(Reply::json(201, body))
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
    let same = known.role == wanted.role
        && known.principal == wanted.principal
        && known.scope.to_lowercase() == scope.key();
    if !same {
        let text =
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
        return Err(refuse(400, "RoleAssignmentUpdateNotPermitted", text));
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
    Ok(Wanted {
        role,
        principal,
        principal_type,
        description,
        condition: properties.text("condition")?,
        condition_version: properties.text("conditionVersion")?,
    })
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
    let below = format!("{inside}/");
    let all = world.store.role_assignments.values().map(|it| it.scope.to_lowercase());
    let count = match scope.kind {
        ScopeKind::Tenant | ScopeKind::ManagementGroup(_) => all.filter(|at| *at == inside).count(),
        _ => all.filter(|at| *at == inside || at.starts_with(&below)).count(),
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
    let held = world.store.role_assignments.values().any(|it| {
        it.scope == "/"
            && it.principal == caller.object_id
            && it.role == builtin_roles::USER_ACCESS_ADMINISTRATOR
    });
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
