//! Applications.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::error::{
    bad_request, conflict, forbidden, no_such_object, no_such_path, refuse, wrong_method,
};
use super::permissions::{
    READ_APPLICATIONS, WRITE_ALL, WRITE_OWNED, has, require, require_register, require_write,
};
use super::{Address, Answer, Key, certificates, federated, odata, passwords, properties};
use crate::caller::Caller;
use crate::chance::View;
use crate::clock::graph_time;
use crate::http::{Call, Reply};
use crate::limits::DIRECTORY_OBJECTS_MAX;
use crate::store::{Application, Object, ServicePrincipal};
use crate::world::World;

const FILTERS: [&str; 7] =
    ["id", "appId", "displayName", "uniqueName", "tags", "identifierUris", "signInAudience"];

/// `/applications…`.
pub(super) fn answer(world: &mut World, call: &Call, caller: &Caller, address: &Address) -> Answer {
    let rest = address.rest_lower();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (call.method.as_str(), &address.key, rest.as_slice()) {
        ("GET", None, []) => list(world, call, caller),
        ("POST", None, []) => {
            let body = read_body(call)?;
            create(world, call, caller, body)
        }
        ("GET", Some(key), []) => {
            require(call, caller, READ_APPLICATIONS)?;
            certificates::throttle(world, call)?;
            let app = find(world, call, key)?;
            let shown = to_json(world, &app, call);
            Ok(odata::entity(world, call, 200, "applications/$entity", shown))
        }
        ("PATCH", Some(Key::Alternate(name, value)), []) if name == "uniquename" => {
            upsert(world, call, caller, value)
        }
        ("PATCH", Some(key), []) => {
            let app = find_to_change(world, call, caller, key)?;
            let body = read_body(call)?;
            update(world, call, app, body)
        }
        ("DELETE", Some(key), []) => {
            let app = find_to_change(world, call, caller, key)?;
            delete(world, call, app)
        }
        ("POST", Some(key), ["addpassword" | "microsoft.graph.addpassword"]) => {
            let app = find_to_change(world, call, caller, key)?;
            passwords::add(world, call, app)
        }
        ("POST", Some(key), ["removepassword" | "microsoft.graph.removepassword"]) => {
            let app = find_to_change(world, call, caller, key)?;
            passwords::remove(world, call, app)
        }
        (_, Some(key), [name, ..])
            if name.split('(').next() == Some("federatedidentitycredentials") =>
        {
            federated::answer(world, call, caller, key, &address.rest)
        }
        ("GET", Some(key), ["owners" | "appmanagementpolicies"]) => {
            require(call, caller, READ_APPLICATIONS)?;
            let app = find(world, call, key)?;
            let context = format!("applications('{}')/{}", app.id, rest.join("/"));
            odata::list(world, call, &context, [])
        }
        (_, _, []) => Err(wrong_method(call)),
        _ => Err(no_such_path(call)),
    }
}

fn read_body(call: &Call) -> Result<Map<String, Value>, Reply> {
    let body = call.json_object().map_err(|reason| {
        refuse(call, 400, "BadRequest", format!("Unable to read JSON request payload: {reason}"))
    })?;
    properties::read(call, properties::APPLICATION, body)
}

fn list(world: &mut World, call: &Call, caller: &Caller) -> Answer {
    require(call, caller, READ_APPLICATIONS)?;
    certificates::throttle(world, call)?;
    let filter = odata::Filter::read(call, &FILTERS)?;
    let lag = world.scenario.lag.application;
    let deletion = world.scenario.lag.application_deletion;
    let all: Vec<Application> = world.store.applications.values().cloned().collect();
    let mut shown = Vec::new();
    for mut app in all {
        if app.deleted.is_some() {
            if !world.sees_ghost(View::List, app.id, app.deleted, deletion, call.now) {
                continue;
            }
            app.deleted = None;
        }
        let item = to_json(world, &app, call);
        if filter.passes(&item) && world.sees(View::List, app.id, app.created, lag, call.now) {
            shown.push((app.id.to_string(), item));
        }
    }
    odata::list(world, call, "applications", shown)
}

/// The living application of this key, if this read meets a replica that has it.
pub(super) fn find(world: &mut World, call: &Call, key: &Key) -> Result<Application, Reply> {
    let (Key::Id(shown) | Key::Alternate(_, shown)) = key;
    let lag = world.scenario.lag.application;
    let found = lookup(world, key).cloned().or_else(|| ghost(world, call, key));
    let seen = found.filter(|app| world.sees(View::Read, app.id, app.created, lag, call.now));
    seen.ok_or_else(|| no_such_object(call, shown))
}

/// A deleted application, if this is a read that meets a replica which still has it.
fn ghost(world: &mut World, call: &Call, key: &Key) -> Option<Application> {
    if call.method != "GET" {
        return None;
    }
    let mut deleted = world.store.applications.values().filter(|app| app.deleted.is_some());
    let mut app = deleted.find(|app| is(app, key)).cloned()?;
    let lag = world.scenario.lag.application_deletion;
    if !world.sees_ghost(View::Read, app.id, app.deleted, lag, call.now) {
        return None;
    }
    app.deleted = None;
    Some(app)
}

fn is(app: &Application, key: &Key) -> bool {
    match key {
        Key::Id(id) => Uuid::parse_str(id) == Ok(app.id),
        Key::Alternate(name, value) if name == "appid" => Uuid::parse_str(value) == Ok(app.app_id),
        Key::Alternate(name, value) if name == "uniquename" => {
            app.text("uniqueName") == Some(value)
        }
        Key::Alternate(..) => false,
    }
}

fn lookup<'a>(world: &'a World, key: &Key) -> Option<&'a Application> {
    let mut living = world.store.applications.values().filter(|app| app.deleted.is_none());
    match key {
        Key::Id(id) => {
            let id = Uuid::parse_str(id).ok()?;
            world.store.applications.get(&id).filter(|app| app.deleted.is_none())
        }
        Key::Alternate(..) => living.find(|app| is(app, key)),
    }
}

/// The same for a change: the caller must be allowed to, and the replica must not be behind.
pub(super) fn find_to_change(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    key: &Key,
) -> Result<Application, Reply> {
    if !has(caller, WRITE_ALL) && !has(caller, WRITE_OWNED) {
        return Err(forbidden(call));
    }
    let app = find(world, call, key)?;
    require_write(call, caller, app.created_by)?;
    // Replicas know of an object before they all can change it: half the lag again.
    let lag = world.scenario.lag.application / 2;
    if call.method == "PATCH" && !world.sees(View::Change, app.id, app.created, lag, call.now) {
        return Err(conflict(call));
    }
    Ok(app)
}

fn create(world: &mut World, call: &Call, caller: &Caller, body: Map<String, Value>) -> Answer {
    require_register(world, call, caller)?;
    if !body.contains_key("displayName") {
        let text = "A value is required for property 'displayName' of resource 'Application'.";
        return Err(bad_request(call, text));
    }
    if let Some(name) = body.get("uniqueName").and_then(Value::as_str) {
        require_free_name(world, call, name)?;
    }
    let living = world.store.applications.values().filter(|app| app.deleted.is_none()).count();
    if living >= world.scenario.quotas.applications.min(DIRECTORY_OBJECTS_MAX) {
        let text = "The directory object quota limit for the Tenant has been exceeded.";
        return Err(refuse(call, 403, "Directory_QuotaExceeded", text));
    }
    let mut own = Map::new();
    // The service's default is wider than most want; who cares says so.
    own.insert("signInAudience".to_owned(), json!("AzureADandPersonalMicrosoftAccount"));
    properties::merge(&mut own, body);
    let keys = match own.remove("keyCredentials") {
        None => Vec::new(),
        Some(given) => certificates::read(world, call, &[], &given)?,
    };
    let app = Application {
        id: world.new_id(),
        app_id: world.new_id(),
        created: call.now,
        changed: call.now,
        deleted: None,
        created_by: Some(caller.maker()),
        properties: own,
        passwords: Vec::new(),
        keys,
        federated: Vec::new(),
    };
    let shown = to_json(world, &app, call);
    let location = format!("{}/v1.0/applications/{}", world.endpoints.graph, app.id);
    world.store.put(Object::Application(app));
    let reply = odata::entity(world, call, 201, "applications/$entity", shown);
    Ok(reply.with("location", location))
}

/// A name stays taken until its application is gone for good.
fn require_free_name(world: &World, call: &Call, name: &str) -> Result<(), Reply> {
    let taken = world.store.applications.values().any(|app| app.text("uniqueName") == Some(name));
    if taken {
        let text = "Another object with the same value for property uniqueName already exists.";
        return Err(bad_request(call, text));
    }
    Ok(())
}

/// Creates when asked to and missing, changes otherwise. It is answered by the directory's primary
/// replica: the application it made a moment ago is never missing here.
fn upsert(world: &mut World, call: &Call, caller: &Caller, name: &str) -> Answer {
    if !has(caller, WRITE_ALL) && !has(caller, WRITE_OWNED) {
        return Err(forbidden(call));
    }
    let mut body = read_body(call)?;
    let key = Key::Alternate("uniquename".to_owned(), name.to_owned());
    let found = lookup(world, &key).cloned();
    if let Some(app) = found {
        require_write(call, caller, app.created_by)?;
        let lag = world.scenario.lag.application / 2;
        if !world.sees(View::Change, app.id, app.created, lag, call.now) {
            return Err(conflict(call));
        }
        return update(world, call, app, body);
    }
    let prefer = call.header("prefer").unwrap_or_default().to_lowercase();
    if !prefer.split(',').any(|one| one.trim() == "create-if-missing") {
        return Err(no_such_object(call, name));
    }
    match body.get("uniqueName").and_then(Value::as_str) {
        Some(other) if other != name => {
            let text = "Property uniqueName does not match the key of the request.";
            return Err(bad_request(call, text));
        }
        _ => drop(body.insert("uniqueName".to_owned(), json!(name))),
    }
    create(world, call, caller, body)
}

fn update(
    world: &mut World,
    call: &Call,
    mut app: Application,
    mut body: Map<String, Value>,
) -> Answer {
    if let Some(given) = body.remove("keyCredentials") {
        app.keys = certificates::read(world, call, &app.keys, &given)?;
    }
    if let Some(name) = body.get("uniqueName") {
        match (app.text("uniqueName"), name.as_str()) {
            (Some(old), Some(new)) if old == new => {}
            (None, Some(new)) => require_free_name(world, call, new)?,
            (None, None) => {}
            _ => {
                let text = "Property uniqueName is immutable once it has been set.";
                return Err(bad_request(call, text));
            }
        }
    }
    properties::merge(&mut app.properties, body);
    app.changed = call.now;
    world.store.put(Object::Application(app));
    Ok(Reply::empty(204))
}

/// Moves the application and its principal to the deleted items.
fn delete(world: &mut World, call: &Call, mut app: Application) -> Answer {
    app.deleted = Some(call.now);
    let principals: Vec<ServicePrincipal> = world
        .store
        .service_principals
        .values()
        .filter(|it| it.app_id == app.app_id && it.deleted.is_none())
        .cloned()
        .collect();
    for mut principal in principals {
        principal.deleted = Some(call.now);
        world.store.put(Object::ServicePrincipal(principal));
    }
    world.store.put(Object::Application(app));
    Ok(Reply::empty(204))
}

/// How an application is shown. A credential younger than its lag is not on every replica yet, and
/// the bytes of a certificate are shown to those who ask for them by name.
pub(super) fn to_json(world: &mut World, app: &Application, call: &Call) -> Value {
    let lag = world.scenario.lag.credential_list;
    let mut passwords = Vec::new();
    for password in &app.passwords {
        if world.sees(View::List, password.key_id, password.created, lag, call.now) {
            passwords.push(passwords::to_json(password));
        }
    }
    let mut keys = Vec::new();
    for key in &app.keys {
        if world.sees(View::List, key.key_id, key.created, lag, call.now) {
            keys.push(certificates::to_json(key, certificates::asked(call)));
        }
    }
    let mut object = plain_json(app, &world.scenario.tenant.domain);
    object["passwordCredentials"] = Value::Array(passwords);
    object["keyCredentials"] = Value::Array(keys);
    object
}

/// The same without passwords, whatever the replicas know.
pub(crate) fn plain_json(app: &Application, domain: &str) -> Value {
    let mut object = json!({
        "addIns": [],
        "api": {
            "acceptMappedClaims": null, "knownClientApplications": [],
            "requestedAccessTokenVersion": null, "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "applicationTemplateId": null,
        "certification": null,
        "defaultRedirectUri": null,
        "description": null,
        "disabledByMicrosoftStatus": null,
        "groupMembershipClaims": null,
        "identifierUris": [],
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null,
            "supportUrl": null, "termsOfServiceUrl": null,
        },
        "isDeviceOnlyAuthSupported": null,
        "isFallbackPublicClient": null,
        "keyCredentials": [],
        "notes": null,
        "optionalClaims": null,
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "requestSignatureVerification": null,
        "requiredResourceAccess": [],
        "samlMetadataUrl": null,
        "serviceManagementReference": null,
        "servicePrincipalLockConfiguration": null,
        "spa": {"redirectUris": []},
        "tags": [],
        "tokenEncryptionKeyId": null,
        "uniqueName": null,
        "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null},
        "web": {
            "homePageUrl": null, "logoutUrl": null, "redirectUris": [],
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false,
            },
            "redirectUriSettings": [],
        },
    });
    if let Value::Object(members) = &mut object {
        members.extend(app.properties.clone());
    }
    let keys = app.keys.iter().map(|key| certificates::to_json(key, false));
    object["keyCredentials"] = keys.collect();
    object["id"] = json!(app.id);
    object["appId"] = json!(app.app_id);
    object["publisherDomain"] = json!(domain);
    object["createdDateTime"] = json!(graph_time(app.created));
    object["deletedDateTime"] = json!(app.deleted.map(graph_time));
    object
}
