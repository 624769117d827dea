//! Subscriptions and tenants: who sees which.

use serde_json::{Value, json};

use super::access::Access;
use super::error::{not_found, wrong_method};
use super::{Answer, Scope, api_version, clusters, generic, reply};
use crate::http::{Call, Reply};
use crate::login::graph_domain;
use crate::scenario::Subscription;
use crate::world::World;

/// `/subscriptions…` without a provider.
pub(super) fn answer(world: &mut World, call: &Call, access: &Access, parts: &[&str]) -> Answer {
    if call.method != "GET" {
        return generic::answer(world, call, access);
    }
    api_version::require(call, "subscriptions", api_version::SUBSCRIPTIONS)?;
    match parts {
        [_] => list(world, call, access),
        [_, id] => {
            let scope = require(world, call, access, id, "Microsoft.Resources/subscriptions/read")?;
            let found = world.estate.subscription_named(id);
            let found = found.ok_or_else(|| not_found(&scope.text))?;
            Ok(Reply::json(200, to_json(world, found)))
        }
        [_, id, "locations"] => {
            let action = "Microsoft.Resources/subscriptions/locations/read";
            let scope = require(world, call, access, id, action)?;
            Ok(Reply::json(200, json!({"value": locations(&scope)})))
        }
        [_, id, "resourcegroups"] => {
            let action = "Microsoft.Resources/subscriptions/resourceGroups/read";
            require(world, call, access, id, action)?;
            let found = world.estate.subscription_named(id).map(|it| it.id);
            let names: Vec<String> = found
                .into_iter()
                .flat_map(|id| world.estate.resource_groups_of(id))
                .map(str::to_owned)
                .collect();
            let items = names.into_iter().map(|name| (name.clone(), group_json(id, &name)));
            reply::list(world, call, items.collect::<Vec<_>>())
        }
        [_, id, "resourcegroups", name] => {
            let Some(scope) = Scope::parse(&call.segments) else {
                return Err(not_found(&call.path()));
            };
            let action = "Microsoft.Resources/subscriptions/resourceGroups/read";
            access.require(world, action, &scope, &scope.text)?;
            scope.require(&world.estate)?;
            Ok(Reply::json(200, group_json(id, name)))
        }
        [_, id, "resources"] => {
            require(world, call, access, id, "Microsoft.Resources/subscriptions/resources/read")?;
            let items: Vec<_> = clusters::of_subscription(world, id).map(clusters::brief).collect();
            reply::list(world, call, items)
        }
        _ => generic::answer(world, call, access),
    }
}

/// `GET /tenants`.
pub(super) fn tenants(world: &World, call: &Call) -> Answer {
    if call.method != "GET" {
        return Err(wrong_method(&call.method, &call.path()));
    }
    api_version::require(call, "tenants", api_version::SUBSCRIPTIONS)?;
    let tenant = &world.scenario.tenant;
    let item = json!({
        "id": format!("/tenants/{}", tenant.id),
        "tenantId": tenant.id,
        "tenantCategory": "Home",
        "country": "Switzerland",
        "countryCode": "CH",
        "displayName": tenant.display_name,
        "domains": [tenant.domain, graph_domain(world)],
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    });
    let items = [(tenant.id.to_string(), item)];
    reply::list_of(world, call, items, Some, reply::REQUIRED_LINK)
}

fn require(
    world: &World,
    call: &Call,
    access: &Access,
    id: &str,
    action: &str,
) -> Result<Scope, Reply> {
    let segments: Vec<String> = call.segments.iter().take(2).cloned().collect();
    let scope = Scope::parse(&segments).ok_or_else(|| not_found(id))?;
    // That a subscription does not exist is no secret; that one may not be read is.
    scope.require(&world.estate)?;
    access.require(world, action, &scope, &scope.text)?;
    Ok(scope)
}

/// Those with a grant at, above or below them.
fn list(world: &World, call: &Call, access: &Access) -> Answer {
    let all = world.estate.subscriptions().map(|it| (it.id.to_string(), it));
    let show = |it: &Subscription| {
        let scope = Scope::of_text(&format!("/subscriptions/{}", it.id))?;
        access.touches(world, &scope).then(|| to_json(world, it))
    };
    reply::list_of(world, call, all, show, reply::REQUIRED_LINK)
}

fn to_json(world: &World, it: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", it.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": it.id,
        "tenantId": it.tenant.unwrap_or(world.scenario.tenant.id),
        "displayName": it.name,
        "state": it.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

fn group_json(subscription: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/resourceGroups/{name}"),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded"},
    })
}

fn locations(scope: &Scope) -> Value {
    let one = |name: &str, title: &str, geography: &str| {
        json!({
            "id": scope.child(&format!("locations/{name}")),
            "name": name,
            "type": "Region",
            "displayName": title,
            "regionalDisplayName": format!("({geography}) {title}"),
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        })
    };
    json!([
        one("westeurope", "West Europe", "Europe"),
        one("northeurope", "North Europe", "Europe"),
        one("switzerlandnorth", "Switzerland North", "Europe"),
        one("eastus", "East US", "US"),
    ])
}
