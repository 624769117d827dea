//! Admin consent: a person grants an application what it asks for, in the whole tenant.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{directory_roles, microsoft_graph};
use crate::clock::Millis;
use crate::http::Call;
use crate::store::{AppRoleAssignment, Application, Kind, Object, ServicePrincipal};
use crate::world::World;

/// Why nothing was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unconsented {
    NoSuchApplication,
    NoSuchUser,
    /// Neither a Global Administrator nor a Privileged Role Administrator.
    NotAllowed,
}

/// The app roles of Microsoft Graph an application asks for.
fn wanted(app: &Application) -> Vec<&'static microsoft_graph::AppRole> {
    let all = app.properties.get("requiredResourceAccess").and_then(Value::as_array);
    let graph = microsoft_graph::APP_ID.to_string();
    let of_graph = all.into_iter().flatten().filter(|it| {
        it["resourceAppId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&graph))
    });
    of_graph
        .filter_map(|it| it["resourceAccess"].as_array())
        .flatten()
        .filter(|access| access["type"] == "Role")
        .filter_map(|access| Uuid::parse_str(access["id"].as_str()?).ok())
        .filter_map(microsoft_graph::app_role)
        .collect()
}

/// Their names.
pub(crate) fn wanted_names(app: &Application) -> Vec<&'static str> {
    wanted(app).into_iter().map(|role| role.value).collect()
}

fn application(world: &World, client: Uuid) -> Option<&Application> {
    let mut living = world.store.applications.values().filter(|app| app.deleted.is_none());
    living.find(|app| app.app_id == client)
}

/// Consents: grants exactly what the application asks for, and takes back what it no longer does.
pub(crate) fn give(
    world: &mut World,
    client: Uuid,
    user: &str,
    now: Millis,
) -> Result<(), Unconsented> {
    let app = application(world, client).cloned().ok_or(Unconsented::NoSuchApplication)?;
    let user = world.scenario.user_named(user).ok_or(Unconsented::NoSuchUser)?;
    let held: Vec<String> =
        directory_roles::templates(&user.directory_roles).into_iter().map(str::to_owned).collect();
    if !directory_roles::may_consent(&held) {
        return Err(Unconsented::NotAllowed);
    }
    let principal = principal_of(world, &app, now);
    let resource = microsoft_graph::object_id(world);
    let wanted: Vec<Uuid> = wanted(&app).into_iter().map(|role| role.id).collect();
    let grants = world.store.app_role_assignments.values();
    let held: Vec<(Uuid, Uuid)> = grants
        .filter(|it| it.principal == principal && it.resource == resource)
        .map(|it| (it.id, it.app_role))
        .collect();
    for (id, _) in held.iter().filter(|(_, role)| !wanted.contains(role)) {
        world.store.remove(Kind::AppRoleAssignment, *id);
    }
    for app_role in wanted {
        if held.iter().any(|(_, role)| *role == app_role) {
            continue;
        }
        let id = world.new_id();
        let made = AppRoleAssignment { id, principal, resource, app_role, created: now };
        world.store.put(Object::AppRoleAssignment(made));
    }
    Ok(())
}

/// Consent makes the principal of an application that has none.
fn principal_of(world: &mut World, app: &Application, now: Millis) -> Uuid {
    if let Some(known) = world.principal_of_app(app.app_id) {
        return known.id;
    }
    let mut properties = Map::new();
    properties.insert("displayName".to_owned(), json!(app.text("displayName")));
    let id = world.new_id();
    world.store.put(Object::ServicePrincipal(ServicePrincipal {
        id,
        app_id: app.app_id,
        created: now,
        deleted: None,
        created_by: None,
        properties,
    }));
    id
}

/// Remembers that an application was refused a grant: the scenario may have somebody who sees to it.
pub(super) fn refused(world: &mut World, call: &Call) {
    if world.scenario.consent.approve_as.is_none() {
        return;
    }
    let principal = call
        .json_object()
        .ok()
        .and_then(|body| Uuid::parse_str(body.get("principalId").and_then(Value::as_str)?).ok());
    let own = principal.and_then(|id| world.store.service_principals.get(&id));
    if let Some(app_id) = own.map(|own| own.app_id) {
        let due = call.now + world.scenario.consent.after_ms;
        world.consents.entry(app_id).or_insert(due);
    }
}

/// Consents that have become due, before anything else happens.
pub(crate) fn give_due(world: &mut World, now: Millis) {
    let due: Vec<Uuid> =
        world.consents.iter().filter(|(_, at)| **at <= now).map(|(app, _)| *app).collect();
    for app_id in due {
        // Nobody consents to an application that asks for nothing yet.
        if application(world, app_id).is_some_and(|app| wanted(app).is_empty()) {
            continue;
        }
        world.consents.remove(&app_id);
        let Some(user) = world.scenario.consent.approve_as.clone() else { continue };
        if let Err(reason) = give(world, app_id, &user, now) {
            tracing::warn!(%app_id, user, ?reason, "the scenario's consent was not given");
        }
    }
}
