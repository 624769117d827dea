//! The rest of the directory: the organization, its policies, its people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{bad_request, no_such_object, no_such_path, refuse, wrong_method};
use super::permissions::{
    READ_GROUPS, READ_ORGANIZATION, READ_POLICIES, READ_USERS, require,
    require_application_policies, require_oneself,
};
use super::{Address, Answer, Key, directory_roles, odata, policies};
use crate::caller::Caller;
use crate::chance::seeded_id;
use crate::http::{Call, Reply};
use crate::login::graph_domain;
use crate::scenario::User;
use crate::world::World;

/// Most ids one look-up may name (the service's own limit).
const IDS_MAX: usize = 1_000;

/// Everything without a collection of its own.
pub(super) fn answer(world: &mut World, call: &Call, caller: &Caller, address: &Address) -> Answer {
    let rest = address.rest_lower();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    if (address.collection.as_str(), rest.as_slice()) == ("directoryobjects", &["getbyids"]) {
        return get_by_ids(world, call, caller);
    }
    if call.method != "GET" {
        return Err(wrong_method(call));
    }
    match (address.collection.as_str(), &address.key, rest.as_slice()) {
        ("organization", key, []) => organization(world, call, caller, key.as_ref()),
        ("policies", None, ["authorizationpolicy"]) => {
            require(call, caller, READ_POLICIES)?;
            let context = "policies/authorizationPolicy/$entity";
            Ok(odata::entity(world, call, 200, context, policies::authorization(world)))
        }
        ("policies", None, ["defaultappmanagementpolicy"]) => {
            require_application_policies(call, caller)?;
            let context = "policies/defaultAppManagementPolicy/$entity";
            Ok(odata::entity(world, call, 200, context, policies::app_management(world)))
        }
        ("policies", None, ["conditionalaccesspolicies"]) => {
            require(call, caller, READ_POLICIES)?;
            odata::list(world, call, "policies/conditionalAccessPolicies", [])
        }
        ("users", key, []) => users(world, call, caller, key.as_ref()),
        ("groups", None, []) => {
            require(call, caller, READ_GROUPS)?;
            odata::list(world, call, "groups", [])
        }
        ("me", None, []) => {
            let user = me(world, call, caller)?;
            Ok(odata::entity(world, call, 200, "users/$entity", user_json(&user)))
        }
        ("me", None, ["transitivememberof" | "memberof", ..]) => {
            let user = me(world, call, caller)?;
            let items = role_items(world, &user);
            odata::list(world, call, "directoryObjects", items)
        }
        _ => Err(no_such_path(call)),
    }
}

fn organization(world: &World, call: &Call, caller: &Caller, key: Option<&Key>) -> Answer {
    require(call, caller, READ_ORGANIZATION)?;
    let tenant = &world.scenario.tenant;
    let domain = |name: &str, default: bool, initial: bool| {
        json!({
            "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": default,
            "isInitial": initial, "name": name, "type": "Managed",
        })
    };
    let shown = json!({
        "id": tenant.id,
        "deletedDateTime": null,
        "assignedPlans": [],
        "businessPhones": [],
        "city": null,
        "country": null,
        "countryLetterCode": "CH",
        "createdDateTime": "2024-01-01T00:00:00Z",
        "defaultUsageLocation": null,
        "displayName": tenant.display_name,
        "marketingNotificationEmails": [],
        "mobileDeviceManagementAuthority": "unknown",
        "onPremisesLastSyncDateTime": null,
        "onPremisesSyncEnabled": null,
        "partnerTenantType": null,
        "postalCode": null,
        "preferredLanguage": "en",
        "privacyProfile": null,
        "provisionedPlans": [],
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": null,
        "street": null,
        "technicalNotificationMails": [],
        "tenantType": "AAD",
        "verifiedDomains": [
            domain(&graph_domain(world), false, true), domain(&tenant.domain, true, false),
        ],
    });
    match key {
        None => odata::list(world, call, "organization", [(tenant.id.to_string(), shown)]),
        Some(Key::Id(id)) if *id == tenant.id.to_string() => {
            Ok(odata::entity(world, call, 200, "organization/$entity", shown))
        }
        Some(Key::Id(id) | Key::Alternate(_, id)) => Err(no_such_object(call, id)),
    }
}

fn users(world: &World, call: &Call, caller: &Caller, key: Option<&Key>) -> Answer {
    require(call, caller, READ_USERS)?;
    let filter = odata::Filter::read(call, &["id", "displayName", "userPrincipalName"])?;
    let all = &world.scenario.users;
    match key {
        None => {
            let mut items: Vec<(String, Value)> = all
                .iter()
                .map(|user| (user.id.to_string(), user_json(user)))
                .filter(|(_, item)| filter.passes(item))
                .collect();
            items.sort_by(|(left, _), (right, _)| left.cmp(right));
            odata::list(world, call, "users", items)
        }
        Some(Key::Id(id) | Key::Alternate(_, id)) => {
            let is = |user: &&User| {
                user.id.to_string() == *id || user.principal_name.eq_ignore_ascii_case(id)
            };
            let user = all.iter().find(is).ok_or_else(|| no_such_object(call, id))?;
            Ok(odata::entity(world, call, 200, "users/$entity", user_json(user)))
        }
    }
}

fn me(world: &World, call: &Call, caller: &Caller) -> Result<User, Reply> {
    require_oneself(call, caller)?;
    let user = world.scenario.users.iter().find(|user| user.id == caller.object_id);
    user.cloned().ok_or_else(|| {
        let text = "/me request is only valid with delegated authentication flow.";
        refuse(call, 400, "BadRequest", text)
    })
}

fn user_json(user: &User) -> Value {
    json!({
        "id": user.id,
        "businessPhones": [],
        "displayName": user.name,
        "givenName": null,
        "jobTitle": null,
        "mail": null,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": null,
        "userPrincipalName": user.principal_name,
        "userType": if user.guest { "Guest" } else { "Member" },
    })
}

fn role_items(world: &World, user: &User) -> Vec<(String, Value)> {
    let seed = world.scenario.seed;
    let held = directory_roles::ROLES.iter().enumerate().filter(|(_, (name, _))| {
        user.directory_roles.iter().any(|role| role.eq_ignore_ascii_case(name))
    });
    held.map(|(index, (name, template))| {
        let id = seeded_id(seed, "directory-role", index as u64).to_string();
        let item = json!({
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": id, "deletedDateTime": null, "description": name, "displayName": name,
            "roleTemplateId": template,
        });
        (format!("{index:02}"), item)
    })
    .collect()
}

/// `POST /directoryObjects/getByIds`: how tools put names to principals.
fn get_by_ids(world: &World, call: &Call, caller: &Caller) -> Answer {
    if call.method != "POST" {
        return Err(wrong_method(call));
    }
    require(call, caller, READ_USERS)?;
    let body = call.json_object().map_err(|reason| bad_request(call, reason))?;
    let ids = body.get("ids").and_then(Value::as_array).filter(|ids| ids.len() <= IDS_MAX);
    let Some(ids) = ids else { return Err(bad_request(call, "The ids collection is not valid.")) };
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    let asked = |id: Uuid| ids.iter().any(|text| Uuid::parse_str(text) == Ok(id));
    let typed = |kind: &str, mut object: Value| {
        object["@odata.type"] = json!(format!("#microsoft.graph.{kind}"));
        object
    };
    let mut found: Vec<Value> = Vec::new();
    for own in world.store.service_principals.values() {
        if own.deleted.is_none() && asked(own.id) {
            found.push(typed("servicePrincipal", super::service_principals::own_json(world, own)));
        }
    }
    for user in world.scenario.users.iter().filter(|user| asked(user.id)) {
        found.push(typed("user", user_json(user)));
    }
    let context = format!("{}/v1.0/$metadata#directoryObjects", world.endpoints.graph);
    Ok(Reply::json(200, json!({"@odata.context": context, "value": found})))
}
