//! App role assignments: what admin consent to an application permission is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{bad_request, no_such_object, no_such_path, refuse, wrong_method};
use super::permissions::{GRANT, READ_APPLICATIONS, require};
use super::service_principals::find;
use super::{Answer, Key, consent, microsoft_graph, odata};
use crate::caller::Caller;
use crate::chance::View;
use crate::clock::graph_time;
use crate::http::{Call, Reply};
use crate::limits::APP_ROLE_ASSIGNMENTS_MAX;
use crate::store::{AppRoleAssignment, Kind, Object};
use crate::world::World;

const FILTERS: [&str; 4] = ["resourceId", "principalId", "appRoleId", "principalType"];

/// The two ends a grant can be looked at from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// `appRoleAssignedTo` of the resource.
    Resource,
    /// `appRoleAssignments` of the principal.
    Principal,
}

/// `/servicePrincipals/{id}/appRoleAssignedTo…` and `…/appRoleAssignments…`.
pub(super) fn answer(
    world: &mut World,
    call: &Call,
    caller: &Caller,
    key: &Key,
    rest: &[String],
) -> Answer {
    let (name, id) = match rest {
        [name] => (name, None),
        [name, id] => (name, Some(id.as_str())),
        _ => return Err(no_such_path(call)),
    };
    let end =
        if name.eq_ignore_ascii_case("appRoleAssignedTo") { End::Resource } else { End::Principal };
    match (call.method.as_str(), id) {
        ("GET", id) => {
            require(call, caller, READ_APPLICATIONS)?;
            let owner = find(world, call, key)?.id(world);
            read(world, call, end, owner, id)
        }
        ("POST", None) => {
            require(call, caller, GRANT).inspect_err(|_| consent::refused(world, call))?;
            let owner = find(world, call, key)?.id(world);
            create(world, call, end, owner)
        }
        ("DELETE", Some(id)) => {
            require(call, caller, GRANT)?;
            let owner = find(world, call, key)?.id(world);
            let found = held(world, end, owner).into_iter().find(|it| encode(it) == id);
            let found = found.ok_or_else(|| no_such_object(call, id))?;
            world.store.remove(Kind::AppRoleAssignment, found.id);
            Ok(Reply::empty(204))
        }
        _ => Err(wrong_method(call)),
    }
}

fn held(world: &World, end: End, owner: Uuid) -> Vec<AppRoleAssignment> {
    let all = world.store.app_role_assignments.values();
    all.filter(|it| owner == if end == End::Resource { it.resource } else { it.principal })
        .cloned()
        .collect()
}

fn read(world: &mut World, call: &Call, end: End, owner: Uuid, id: Option<&str>) -> Answer {
    let lag = world.scenario.lag.app_role_assignment;
    let view = if id.is_some() { View::Read } else { View::List };
    let filter = odata::Filter::read(call, &FILTERS)?;
    let mut shown = Vec::new();
    for it in held(world, end, owner) {
        let item = to_json(world, &it);
        let wanted = id.is_none_or(|id| encode(&it) == id);
        if wanted && filter.passes(&item) && world.sees(view, it.id, it.created, lag, call.now) {
            shown.push((encode(&it), item));
        }
    }
    let name = if end == End::Resource { "appRoleAssignedTo" } else { "appRoleAssignments" };
    let context = format!("servicePrincipals('{owner}')/{name}");
    match id {
        None => {
            shown.sort_by(|(left, _), (right, _)| left.cmp(right));
            odata::list(world, call, &context, shown)
        }
        Some(id) => match shown.pop() {
            Some((_, item)) => {
                Ok(odata::entity(world, call, 200, &format!("{context}/$entity"), item))
            }
            None => Err(no_such_object(call, id)),
        },
    }
}

/// What a request wants to grant.
struct Wanted {
    principal: Uuid,
    resource: Uuid,
    app_role: Uuid,
}

fn create(world: &mut World, call: &Call, end: End, owner: Uuid) -> Answer {
    let wanted = read_wanted(call)?;
    let named = if end == End::Resource { wanted.resource } else { wanted.principal };
    if named != owner {
        let text = "The id in the address is not the one in the request.";
        return Err(bad_request(call, text));
    }
    require_principal(world, call, wanted.principal)?;
    if wanted.resource != microsoft_graph::object_id(world) {
        let shown = wanted.resource.to_string();
        let known = world.store.service_principals.get(&wanted.resource);
        return Err(match known.filter(|it| it.deleted.is_none()) {
            Some(_) => no_such_role(call),
            None => no_such_object(call, &shown),
        });
    }
    if microsoft_graph::app_role(wanted.app_role).is_none() {
        return Err(no_such_role(call));
    }
    let same = |it: &AppRoleAssignment| {
        it.principal == wanted.principal
            && it.resource == wanted.resource
            && it.app_role == wanted.app_role
    };
    if world.store.app_role_assignments.values().any(same) {
        return Err(duplicate(call));
    }
    if world.store.app_role_assignments.len() >= APP_ROLE_ASSIGNMENTS_MAX {
        let text = "The directory object quota limit for the Tenant has been exceeded.";
        return Err(refuse(call, 403, "Directory_QuotaExceeded", text));
    }
    let made = AppRoleAssignment {
        id: world.new_id(),
        principal: wanted.principal,
        resource: wanted.resource,
        app_role: wanted.app_role,
        created: call.now,
    };
    let shown = to_json(world, &made);
    let name = if end == End::Resource { "appRoleAssignedTo" } else { "appRoleAssignments" };
    let context = format!("servicePrincipals('{owner}')/{name}/$entity");
    world.store.put(Object::AppRoleAssignment(made));
    Ok(odata::entity(world, call, 201, &context, shown))
}

fn read_wanted(call: &Call) -> Result<Wanted, Reply> {
    let body = call.json_object().map_err(|reason| {
        refuse(call, 400, "BadRequest", format!("Unable to read JSON request payload: {reason}"))
    })?;
    let known = ["principalId", "resourceId", "appRoleId"];
    if let Some(odd) = body.keys().find(|it| !it.starts_with('@') && !known.contains(&it.as_str()))
    {
        let shown: String = odd.chars().take(100).collect();
        return Err(bad_request(call, format!("Invalid property '{shown}'.")));
    }
    let id = |name: &str| {
        let text = body.get(name).and_then(Value::as_str);
        text.and_then(|text| Uuid::parse_str(text).ok())
            .ok_or_else(|| bad_request(call, format!("A value is required for property '{name}'.")))
    };
    Ok(Wanted {
        principal: id("principalId")?,
        resource: id("resourceId")?,
        app_role: id("appRoleId")?,
    })
}

/// While the principal is young, replicas complain in two ways.
fn require_principal(world: &mut World, call: &Call, principal: Uuid) -> Result<(), Reply> {
    if principal == microsoft_graph::object_id(world) {
        return Ok(());
    }
    let shown = principal.to_string();
    let living = world.store.service_principals.get(&principal).filter(|it| it.deleted.is_none());
    let Some((id, born)) = living.map(|it| (it.id, it.created)) else {
        return Err(no_such_object(call, &shown));
    };
    let lag = world.scenario.lag.service_principal;
    if world.sees(View::Reference, id, born, lag, call.now) {
        return Ok(());
    }
    Err(if even(call) {
        bad_request(call, "Not a valid reference update.")
    } else {
        no_such_object(call, &shown)
    })
}

fn no_such_role(call: &Call) -> Reply {
    bad_request(call, "Permission being assigned was not found on application.")
}

/// A grant that is there already is refused at once, whatever the lists show.
fn duplicate(call: &Call) -> Reply {
    if even(call) {
        bad_request(call, "Permission being assigned already exists on the object")
    } else {
        let text = "EntitlementGrant entry already exists.";
        refuse(call, 400, "Request_MultipleObjectsWithSameKeyValue", text)
    }
}

/// A coin that falls the same for the same request of the same seed.
fn even(call: &Call) -> bool {
    call.request_id.as_bytes().first().is_some_and(|byte| byte.is_multiple_of(2))
}

/// Ids of grants are opaque, and case matters in them.
fn encode(it: &AppRoleAssignment) -> String {
    let mut bytes = it.principal.to_bytes_le().to_vec();
    bytes.extend(it.id.as_bytes());
    BASE64.encode(bytes)
}

/// How a grant is shown.
pub(crate) fn to_json(world: &World, it: &AppRoleAssignment) -> Value {
    let name = world.store.service_principals.get(&it.principal);
    json!({
        "id": encode(it),
        "deletedDateTime": null,
        "appRoleId": it.app_role,
        "createdDateTime": graph_time(it.created),
        "principalDisplayName": name.map(|it| it.display_name()),
        "principalId": it.principal,
        "principalType": "ServicePrincipal",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": it.resource,
    })
}
