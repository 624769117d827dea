//! The control endpoints: what the simulator is, holds and heard. Plain HTTP, loopback only.

use serde_json::{Value, json};

use crate::arm::{Scope, role_assignments, role_definitions};
use crate::clock::Millis;
use crate::graph::{app_role_json, applications, consent, password_json, service_principal_json};
use crate::http::Reply;
use crate::http::encoding::decode_form;
use crate::http::server::Arrived;
use crate::login::device;
use crate::platform;
use crate::ready::Ready;
use crate::store::{Application, RoleDefinition};
use crate::world::World;

mod estate;
pub(crate) mod faults;
mod sign_in;

/// Answers one call.
pub(crate) fn answer(world: &mut World, ready: &Ready, arrived: &Arrived, now: Millis) -> Reply {
    let (method, target) = (arrived.method.as_str(), arrived.target.as_str());
    consent::give_due(world, now);
    let acted = sign_in::answer(world, arrived, now).or_else(|| estate::answer(world, arrived));
    if let Some(reply) = acted {
        return reply.with("content-type", "application/json").with("cache-control", "no-store");
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let clear = decode_form(query).unwrap_or_default();
    let clear = clear.iter().any(|(name, value)| name == "secrets" && value == "clear");
    let reply = match (method, path) {
        ("GET", "/_simulator") => Reply::json(200, json!(ready)),
        ("GET", "/_simulator/state") => Reply::json(200, state(world, clear)),
        ("GET", "/_simulator/calls") => Reply::json(200, world.traffic.calls().to_json()),
        ("GET", "/_simulator/traffic") => Reply::json(200, world.traffic.to_json()),
        (_, "/_simulator" | "/_simulator/state" | "/_simulator/calls" | "/_simulator/traffic") => {
            let text = "the control endpoints are read with GET";
            Reply::json(405, json!({"error": {"code": "MethodNotAllowed", "message": text}}))
        }
        _ => {
            let text = "the control endpoints are /_simulator, and below it state, calls, traffic, \
                        faults, subscriptions, device-codes, assertions, consents and identity";
            Reply::json(404, json!({"error": {"code": "NotFound", "message": text}}))
        }
    };
    reply.with("content-type", "application/json").with("cache-control", "no-store")
}

/// Every object by kind, without any lag: the truth, and not what one replica knows.
fn state(world: &World, clear: bool) -> Value {
    let store = &world.store;
    let app = |app: &Application| application(world, app, clear);
    let living = store.applications.values().filter(|it| it.deleted.is_none());
    let principals = store.service_principals.values();
    let deleted_apps = store.applications.values().filter(|it| it.deleted.is_some()).map(app);
    let deleted_principals = store
        .service_principals
        .values()
        .filter(|it| it.deleted.is_some())
        .map(|it| with_type("servicePrincipal", service_principal_json(world, it)));
    let deleted = deleted_apps.map(|it| with_type("application", it)).chain(deleted_principals);
    json!({
        "tenant": world.scenario.tenant.id,
        "applications": living.map(app).collect::<Vec<_>>(),
        "servicePrincipals": principals
            .filter(|it| it.deleted.is_none())
            .map(|it| service_principal_json(world, it))
            .collect::<Vec<_>>(),
        "appRoleAssignments": store.app_role_assignments.values()
            .map(|it| app_role_json(world, it))
            .collect::<Vec<_>>(),
        "roleAssignments": store.role_assignments.values()
            .map(role_assignments::to_json)
            .collect::<Vec<_>>(),
        "roleDefinitions": store.role_definitions.values().map(definition).collect::<Vec<_>>(),
        "deletedItems": deleted.collect::<Vec<_>>(),
        "subscriptions": world.estate.subscriptions().map(|it| json!({
            "subscriptionId": it.id, "displayName": it.name, "state": it.state,
            "managementGroup": it.management_group, "resourceGroups": it.resource_groups,
        })).collect::<Vec<_>>(),
        "managementGroups": world.estate.groups().map(|it| json!({
            "name": it.id, "displayName": it.name, "parent": it.parent,
        })).collect::<Vec<_>>(),
        "managedClusters": world.estate.clusters.iter().map(|it| json!({
            "name": it.name, "subscriptionId": it.subscription,
            "resourceGroup": it.resource_group, "managed": it.managed,
            "enableAzureRBAC": it.azure_rbac,
        })).collect::<Vec<_>>(),
        "deviceCodes": device::waiting(world),
        "platformCredentials": platform::credentials_json(world),
        "webhookDeliveries": platform::deliveries_json(world),
        "users": world.scenario.users.iter().map(|it| json!({
            "id": it.id, "displayName": it.name, "userPrincipalName": it.principal_name,
            "directoryRoles": it.directory_roles,
            "eligibleDirectoryRoles": it.eligible_directory_roles, "guest": it.guest,
        })).collect::<Vec<_>>(),
    })
}

fn application(world: &World, app: &Application, clear: bool) -> Value {
    let mut shown = applications::plain_json(app, &world.scenario.tenant.domain);
    let passwords: Vec<Value> = app
        .passwords
        .iter()
        .map(|password| {
            let mut shown = password_json(password);
            if let Value::Object(members) = &mut shown {
                members.remove("secretText");
                if clear {
                    members.insert("secretText".to_owned(), json!(password.secret.clear()));
                }
            }
            shown
        })
        .collect();
    shown["passwordCredentials"] = Value::Array(passwords);
    shown
}

fn definition(it: &RoleDefinition) -> Value {
    let scope = it.assignable_scopes.first().and_then(|text| Scope::of_text(text));
    let tenant = || Scope::of_text("/");
    scope.or_else(tenant).map_or(Value::Null, |scope| role_definitions::custom_json(it, &scope))
}

fn with_type(kind: &str, mut object: Value) -> Value {
    object["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
    object
}
