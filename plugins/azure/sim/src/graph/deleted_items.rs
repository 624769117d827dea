//! Deleted items: where applications and principals wait for thirty days.

use serde_json::Value;
use uuid::Uuid;

use super::error::{no_such_object, no_such_path, wrong_method};
use super::permissions::{READ_APPLICATIONS, WRITE_ALL, require, require_write};
use super::service_principals::own_json;
use super::{Address, Answer, applications, odata};
use crate::caller::Caller;
use crate::http::{Call, Reply};
use crate::store::{Application, Kind, Object, ServicePrincipal};
use crate::world::World;

/// `/directory/deletedItems…`.
pub(super) fn answer(world: &mut World, call: &Call, caller: &Caller, address: &Address) -> Answer {
    let rest = address.rest_lower();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (call.method.as_str(), rest.as_slice()) {
        ("GET", ["deleteditems", kind]) if kind.starts_with("microsoft.graph.") => {
            require(call, caller, READ_APPLICATIONS)?;
            list(world, call, kind)
        }
        ("GET", ["deleteditems", id]) => {
            require(call, caller, READ_APPLICATIONS)?;
            let shown = match find(world, call, id)? {
                Deleted::Application(app) => applications::to_json(world, &app, call),
                Deleted::Principal(principal) => own_json(world, &principal),
            };
            Ok(odata::entity(world, call, 200, "directoryObjects/$entity", shown))
        }
        ("DELETE", ["deleteditems", id]) => {
            let found = find(world, call, id)?;
            require_write(call, caller, found.made_by())?;
            purge(world, &found);
            Ok(Reply::empty(204))
        }
        ("POST", ["deleteditems", id, "restore"]) => {
            require(call, caller, WRITE_ALL)?;
            let found = find(world, call, id)?;
            let shown = restore(world, call, found);
            Ok(odata::entity(world, call, 200, "directoryObjects/$entity", shown))
        }
        (_, ["deleteditems", ..]) => Err(wrong_method(call)),
        _ => Err(no_such_path(call)),
    }
}

enum Deleted {
    Application(Application),
    Principal(ServicePrincipal),
}

impl Deleted {
    fn made_by(&self) -> Option<Uuid> {
        match self {
            Self::Application(app) => app.created_by,
            Self::Principal(principal) => principal.created_by,
        }
    }
}

fn find(world: &World, call: &Call, text: &str) -> Result<Deleted, Reply> {
    let id = Uuid::parse_str(text).map_err(|_| no_such_object(call, text))?;
    let app = world.store.applications.get(&id).filter(|app| app.deleted.is_some());
    if let Some(app) = app {
        return Ok(Deleted::Application(app.clone()));
    }
    let principal = world.store.service_principals.get(&id).filter(|it| it.deleted.is_some());
    principal.cloned().map(Deleted::Principal).ok_or_else(|| no_such_object(call, text))
}

fn list(world: &mut World, call: &Call, kind: &str) -> Answer {
    let filter = odata::Filter::read(call, &["id", "appId", "displayName", "uniqueName"])?;
    let (context, shown): (&str, Vec<(String, Value)>) = match kind {
        "microsoft.graph.application" => {
            let deleted = world.store.applications.values().filter(|it| it.deleted.is_some());
            let deleted: Vec<Application> = deleted.cloned().collect();
            let show =
                |app: Application| (app.id.to_string(), applications::to_json(world, &app, call));
            ("applications", deleted.into_iter().map(show).collect())
        }
        "microsoft.graph.serviceprincipal" => {
            let deleted = world.store.service_principals.values();
            let deleted = deleted.filter(|it| it.deleted.is_some());
            let show = |it: &ServicePrincipal| (it.id.to_string(), own_json(world, it));
            ("servicePrincipals", deleted.map(show).collect())
        }
        "microsoft.graph.user" | "microsoft.graph.group" => ("directoryObjects", Vec::new()),
        _ => return Err(no_such_path(call)),
    };
    odata::list(world, call, context, shown.into_iter().filter(|(_, item)| filter.passes(item)))
}

/// For good, and with everything that only made sense with it.
fn purge(world: &mut World, found: &Deleted) {
    match found {
        Deleted::Application(app) => {
            let of_app = world.store.service_principals.values();
            let principals: Vec<Uuid> = of_app
                .filter(|it| it.app_id == app.app_id && it.deleted.is_some())
                .map(|it| it.id)
                .collect();
            for id in principals {
                purge_principal(world, id);
            }
            world.store.remove(Kind::Application, app.id);
        }
        Deleted::Principal(principal) => purge_principal(world, principal.id),
    }
}

/// Its grants go with it; its role assignments stay behind, naming nobody, as they do in Azure.
fn purge_principal(world: &mut World, id: Uuid) {
    let all = world.store.app_role_assignments.values();
    let grants: Vec<Uuid> = all.filter(|it| it.principal == id).map(|it| it.id).collect();
    for grant in grants {
        world.store.remove(Kind::AppRoleAssignment, grant);
    }
    world.store.remove(Kind::ServicePrincipal, id);
}

/// An application brings back the principal that went with it.
fn restore(world: &mut World, call: &Call, found: Deleted) -> Value {
    match found {
        Deleted::Application(mut app) => {
            let all = world.store.service_principals.values();
            let gone: Vec<ServicePrincipal> = all
                .filter(|it| it.app_id == app.app_id && it.deleted == app.deleted)
                .cloned()
                .collect();
            for mut principal in gone {
                principal.deleted = None;
                world.store.put(Object::ServicePrincipal(principal));
            }
            app.deleted = None;
            let shown = applications::to_json(world, &app, call);
            world.store.put(Object::Application(app));
            shown
        }
        Deleted::Principal(mut principal) => {
            principal.deleted = None;
            let shown = own_json(world, &principal);
            world.store.put(Object::ServicePrincipal(principal));
            shown
        }
    }
}
