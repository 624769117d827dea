//! Service principals, Microsoft Graph's own among them.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::{bad_request, forbidden, no_such_object, no_such_path, refuse, wrong_method};
use super::permissions::{READ_APPLICATIONS, WRITE_ALL, WRITE_OWNED, has, require, require_write};
use super::{Address, Answer, Key, app_roles, microsoft_graph, odata, properties};
use crate::caller::Caller;
use crate::chance::View;
use crate::clock::graph_time;
use crate::http::{Call, Reply};
use crate::limits::DIRECTORY_OBJECTS_MAX;
use crate::store::{Object, ServicePrincipal};
use crate::world::World;

const FILTERS: [&str; 6] =
    ["id", "appId", "displayName", "servicePrincipalNames", "servicePrincipalType", "tags"];

/// `/servicePrincipals…`.
pub(super) fn answer(world: &mut World, call: &Call, caller: &Caller, address: &Address) -> Answer {
    let rest = address.rest_lower();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (call.method.as_str(), &address.key, rest.as_slice()) {
        ("GET", None, []) => list(world, call, caller),
        ("POST", None, []) => create_from(world, call, caller),
        ("GET", Some(key), []) => {
            require(call, caller, READ_APPLICATIONS)?;
            let shown = find(world, call, key)?.shown(world);
            Ok(odata::entity(world, call, 200, "servicePrincipals/$entity", shown))
        }
        ("PATCH", Some(Key::Alternate(name, value)), []) if name == "appid" => {
            upsert(world, call, caller, value)
        }
        ("PATCH", Some(key), []) => {
            let principal = find_to_change(world, call, caller, key)?;
            let body = read_body(call)?;
            update(world, principal, body)
        }
        ("DELETE", Some(key), []) => {
            let mut principal = find_to_change(world, call, caller, key)?;
            principal.deleted = Some(call.now);
            world.store.put(Object::ServicePrincipal(principal));
            Ok(Reply::empty(204))
        }
        (_, Some(key), ["approleassignedto" | "approleassignments", ..]) => {
            app_roles::answer(world, call, caller, key, &address.rest)
        }
        ("GET", Some(key), ["owners" | "oauth2permissiongrants" | "memberof"]) => {
            require(call, caller, READ_APPLICATIONS)?;
            let id = find(world, call, key)?.id(world);
            let context = format!("servicePrincipals('{id}')/{}", rest.join("/"));
            odata::list(world, call, &context, [])
        }
        (_, _, []) => Err(wrong_method(call)),
        _ => Err(no_such_path(call)),
    }
}

/// A principal of this directory, or the one every directory has.
pub(super) enum Found {
    Own(ServicePrincipal),
    MicrosoftGraph,
}

impl Found {
    pub(super) fn id(&self, world: &World) -> Uuid {
        match self {
            Self::Own(own) => own.id,
            Self::MicrosoftGraph => microsoft_graph::object_id(world),
        }
    }

    fn shown(&self, world: &World) -> Value {
        match self {
            Self::Own(own) => own_json(world, own),
            Self::MicrosoftGraph => graph_json(world),
        }
    }
}

/// The living principal of this key, if this read meets a replica that has it.
pub(super) fn find(world: &mut World, call: &Call, key: &Key) -> Result<Found, Reply> {
    let (Key::Id(shown) | Key::Alternate(_, shown)) = key;
    let id = Uuid::parse_str(shown).map_err(|_| no_such_object(call, shown))?;
    let graph = match key {
        Key::Id(_) => id == microsoft_graph::object_id(world),
        Key::Alternate(name, _) => name == "appid" && id == microsoft_graph::APP_ID,
    };
    if graph {
        return Ok(Found::MicrosoftGraph);
    }
    let own = match key {
        Key::Id(_) => world.store.service_principals.get(&id).filter(|it| it.deleted.is_none()),
        Key::Alternate(name, _) if name == "appid" => world.principal_of_app(id),
        Key::Alternate(..) => None,
    };
    let own = own.cloned().or_else(|| ghost(world, call, key, id));
    let lag = world.scenario.lag.service_principal;
    let seen = own.filter(|it| world.sees(View::Read, it.id, it.created, lag, call.now));
    seen.map(Found::Own).ok_or_else(|| no_such_object(call, shown))
}

/// A deleted principal, if this is a read that meets a replica which still has it.
fn ghost(world: &mut World, call: &Call, key: &Key, id: Uuid) -> Option<ServicePrincipal> {
    let is = |it: &&ServicePrincipal| match key {
        Key::Id(_) => it.id == id,
        Key::Alternate(name, _) => name == "appid" && it.app_id == id,
    };
    if call.method != "GET" {
        return None;
    }
    let mut deleted = world.store.service_principals.values().filter(|it| it.deleted.is_some());
    let mut own = deleted.find(is).cloned()?;
    let lag = world.scenario.lag.service_principal_deletion;
    if !world.sees_ghost(View::Read, own.id, own.deleted, lag, call.now) {
        return None;
    }
    own.deleted = None;
    Some(own)
}

fn find_to_change(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    key: &Key,
) -> Result<ServicePrincipal, Reply> {
    if !has(caller, WRITE_ALL) && !has(caller, WRITE_OWNED) {
        return Err(forbidden(call));
    }
    match find(world, call, key)? {
        Found::Own(own) => {
            require_write(call, caller, own.created_by)?;
            Ok(own)
        }
        Found::MicrosoftGraph => Err(forbidden(call)),
    }
}

fn list(world: &mut World, call: &Call, caller: &Caller) -> Answer {
    require(call, caller, READ_APPLICATIONS)?;
    let filter = odata::Filter::read(call, &FILTERS)?;
    let lag = world.scenario.lag.service_principal;
    let deletion = world.scenario.lag.service_principal_deletion;
    let all: Vec<ServicePrincipal> = world.store.service_principals.values().cloned().collect();
    let graph = graph_json(world);
    let mut shown = Vec::new();
    if filter.passes(&graph) {
        shown.push((microsoft_graph::object_id(world).to_string(), graph));
    }
    for mut own in all {
        if own.deleted.is_some() {
            if !world.sees_ghost(View::List, own.id, own.deleted, deletion, call.now) {
                continue;
            }
            own.deleted = None;
        }
        let item = own_json(world, &own);
        if filter.passes(&item) && world.sees(View::List, own.id, own.created, lag, call.now) {
            shown.push((own.id.to_string(), item));
        }
    }
    shown.sort_by(|(left, _), (right, _)| left.cmp(right));
    odata::list(world, call, "servicePrincipals", shown)
}

fn read_json(call: &Call) -> Result<Map<String, Value>, Reply> {
    call.json_object().map_err(|reason| {
        refuse(call, 400, "BadRequest", format!("Unable to read JSON request payload: {reason}"))
    })
}

fn read_body(call: &Call) -> Result<Map<String, Value>, Reply> {
    properties::read(call, properties::SERVICE_PRINCIPAL, read_json(call)?)
}

fn create_from(world: &mut World, call: &Call, caller: &Caller) -> Answer {
    let mut body = read_json(call)?;
    let app_id = body.remove("appId");
    let app_id = app_id.as_ref().and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let Some(app_id) = app_id else {
        let text = "A value is required for property 'appId' of resource 'ServicePrincipal'.";
        return Err(bad_request(call, text));
    };
    let body = properties::read(call, properties::SERVICE_PRINCIPAL, body)?;
    create(world, call, caller, app_id, body)
}

fn upsert(world: &mut World, call: &Call, caller: &Caller, app_id: &str) -> Answer {
    if !has(caller, WRITE_ALL) && !has(caller, WRITE_OWNED) {
        return Err(forbidden(call));
    }
    let id = Uuid::parse_str(app_id).map_err(|_| no_such_object(call, app_id))?;
    let mut body = read_json(call)?;
    // The key may be repeated in the body.
    if body.get("appId").and_then(Value::as_str).is_some_and(|it| it == app_id) {
        body.remove("appId");
    }
    let body = properties::read(call, properties::SERVICE_PRINCIPAL, body)?;
    let found = world.principal_of_app(id).cloned();
    if let Some(own) = found {
        require_write(call, caller, own.created_by)?;
        return update(world, own, body);
    }
    let prefer = call.header("prefer").unwrap_or_default().to_lowercase();
    if prefer.split(',').any(|one| one.trim() == "create-if-missing") {
        return create(world, call, caller, id, body);
    }
    Err(no_such_object(call, app_id))
}

fn create(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    app_id: Uuid,
    body: Map<String, Value>,
) -> Answer {
    if !has(caller, WRITE_ALL) && !has(caller, WRITE_OWNED) {
        return Err(forbidden(call));
    }
    let display_name = require_application(world, call, caller, app_id)?;
    if app_id == microsoft_graph::APP_ID || world.principal_of_app(app_id).is_some() {
        let text = format!(
            "The service principal cannot be created, updated, or restored because the service \
             principal name {app_id} is already in use."
        );
        return Err(refuse(call, 409, "Request_MultipleObjectsWithSameKeyValue", text));
    }
    if world.store.service_principals.len() >= DIRECTORY_OBJECTS_MAX {
        let text = "The directory object quota limit for the Tenant has been exceeded.";
        return Err(refuse(call, 403, "Directory_QuotaExceeded", text));
    }
    let mut own = Map::new();
    own.insert("displayName".to_owned(), json!(display_name));
    properties::merge(&mut own, body);
    let made = ServicePrincipal {
        id: world.new_id(),
        app_id,
        created: call.now,
        deleted: None,
        created_by: Some(caller.maker()),
        properties: own,
    };
    let shown = own_json(world, &made);
    let location = format!("{}/v1.0/servicePrincipals/{}", world.endpoints.graph, made.id);
    world.store.put(Object::ServicePrincipal(made));
    let reply = odata::entity(world, call, 201, "servicePrincipals/$entity", shown);
    Ok(reply.with("location", location))
}

/// The application exists, is replicated, and may be used by this caller. Returns its name.
///
/// While it is young, one replica says that it does not exist and another that it is not local.
fn require_application(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    app_id: Uuid,
) -> Result<String, Reply> {
    if app_id == microsoft_graph::APP_ID {
        return Ok("Microsoft Graph".to_owned());
    }
    let living =
        world.store.applications.values().find(|it| it.app_id == app_id && it.deleted.is_none());
    let Some(app) = living.cloned() else { return Err(no_application(call, app_id)) };
    let lag = world.scenario.lag.application_reference;
    if world.sees(View::Reference, app.id, app.created, lag, call.now) {
        require_write(call, caller, app.created_by)?;
        return Ok(app.text("displayName").unwrap_or_default().to_owned());
    }
    let not_local = call.request_id.as_bytes().first().is_some_and(|byte| byte.is_multiple_of(2));
    if not_local {
        let text = "When using this permission, the backing application of the service principal \
                    being created must in the local tenant";
        return Err(refuse(call, 403, "Authorization_RequestDenied", text));
    }
    Err(no_application(call, app_id))
}

fn no_application(call: &Call, app_id: Uuid) -> Reply {
    let text = format!(
        "The appId '{app_id}' of the service principal does not reference a valid application object."
    );
    refuse(call, 400, "Request_BadRequest", text)
}

fn update(world: &mut World, mut own: ServicePrincipal, body: Map<String, Value>) -> Answer {
    properties::merge(&mut own.properties, body);
    world.store.put(Object::ServicePrincipal(own));
    Ok(Reply::empty(204))
}

fn defaults() -> Value {
    json!({
        "accountEnabled": true,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": null,
        "appDisplayName": null,
        "appRoleAssignmentRequired": false,
        "appRoles": [],
        "applicationTemplateId": null,
        "deletedDateTime": null,
        "description": null,
        "disabledByMicrosoftStatus": null,
        "homepage": null,
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null,
            "supportUrl": null, "termsOfServiceUrl": null,
        },
        "keyCredentials": [],
        "loginUrl": null,
        "logoutUrl": null,
        "notes": null,
        "notificationEmailAddresses": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "preferredSingleSignOnMode": null,
        "preferredTokenSigningKeyThumbprint": null,
        "replyUrls": [],
        "resourceSpecificApplicationPermissions": [],
        "samlSingleSignOnSettings": null,
        "servicePrincipalType": "Application",
        "tags": [],
        "tokenEncryptionKeyId": null,
        "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null},
    })
}

/// How a principal of this directory is shown.
pub(crate) fn own_json(world: &World, own: &ServicePrincipal) -> Value {
    let app = world.store.applications.values().find(|app| app.app_id == own.app_id);
    let mut object = defaults();
    object["appDisplayName"] = json!(app.and_then(|app| app.text("displayName")));
    object["signInAudience"] = json!(app.and_then(|app| app.text("signInAudience")));
    object["servicePrincipalNames"] = json!([own.app_id]);
    if let Value::Object(members) = &mut object {
        members.extend(own.properties.clone());
    }
    object["id"] = json!(own.id);
    object["appId"] = json!(own.app_id);
    object["appOwnerOrganizationId"] = json!(world.scenario.tenant.id);
    object["createdDateTime"] = json!(graph_time(own.created));
    object["deletedDateTime"] = json!(own.deleted.map(graph_time));
    object
}

fn graph_json(world: &World) -> Value {
    let mut object = defaults();
    if let (Value::Object(object), Value::Object(own)) =
        (&mut object, microsoft_graph::members(world))
    {
        object.extend(own);
    }
    object
}
