//! Microsoft Graph: the directory's applications, principals and grants.

use crate::caller::Caller;
use crate::http::{Call, Reply};
use crate::login::Api;
use crate::throttle::Verdict;
use crate::world::World;

mod app_roles;
pub(crate) mod applications;
mod certificates;
pub(crate) mod consent;
mod deleted_items;
mod directory;
pub(crate) mod directory_roles;
mod error;
mod federated;
pub(crate) mod microsoft_graph;
mod odata;
mod passwords;
mod permissions;
mod policies;
mod properties;
mod role_management;
pub(crate) mod service_principals;

pub(crate) use app_roles::to_json as app_role_json;
pub(crate) use passwords::{hint_of, new_secret, to_json as password_json};
pub(crate) use service_principals::own_json as service_principal_json;

use odata::{Address, Key};

/// An answer, or a refusal that is already worded.
type Answer = Result<Reply, Reply>;

/// Answers one call.
pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    let caller = match Caller::of(world, call, Api::Graph) {
        Ok(caller) => caller,
        Err(bad) => return error::unauthenticated(call, &bad),
    };
    if let Err(busy) = throttle(world, call, &caller) {
        return busy;
    }
    dispatch(world, call, &caller).unwrap_or_else(|refusal| refusal)
}

/// Adds what every reply of this service carries.
pub(crate) fn with_headers(call: &Call, reply: Reply) -> Reply {
    let id = call.request_id.to_string();
    let client = call.header("client-request-id").unwrap_or(&id).to_owned();
    let reply = match reply.body {
        Some(_) => reply
            .with(
                "content-type",
                "application/json;odata.metadata=minimal;odata.streaming=true;\
                 IEEE754Compatible=false;charset=utf-8",
            )
            .with("odata-version", "4.0"),
        None => reply,
    };
    let unit = if call.method == "GET" && call.parameter("$select").is_none() { "2" } else { "1" };
    reply
        .with("request-id", id)
        .with("client-request-id", client)
        .with("x-ms-resource-unit", unit)
        .with("strict-transport-security", "max-age=31536000")
}

fn throttle(world: &mut World, call: &Call, caller: &Caller) -> Result<(), Reply> {
    let buckets = &world.scenario.throttle.graph;
    let (kind, bucket) = match call.method.as_str() {
        "GET" => ("reads", buckets.reads),
        _ => ("writes", buckets.writes),
    };
    match world.buckets.take(format!("graph/{}/{kind}", caller.app_id), bucket, call.now) {
        Verdict::Go(_) => Ok(()),
        Verdict::Wait(seconds) => {
            let busy = error::refuse(call, 429, "TooManyRequests", "Too many requests.");
            Err(busy
                .with("retry-after", seconds.to_string())
                .with("x-ms-throttle-scope", "Tenant_Application/ReadWrite")
                .with("x-ms-throttle-information", "ResourceUnitLimitExceeded"))
        }
    }
}

fn dispatch(world: &mut World, call: &Call, caller: &Caller) -> Answer {
    let rest = match call.segments.split_first() {
        Some((version, rest)) if version == "v1.0" || version == "beta" => rest,
        _ => return Err(error::no_such_version(call)),
    };
    let Some(address) = Address::parse(rest) else { return Err(error::no_such_path(call)) };
    match address.collection.as_str() {
        "applications" => applications::answer(world, call, caller, &address),
        "serviceprincipals" => service_principals::answer(world, call, caller, &address),
        "rolemanagement" => role_management::answer(world, call, caller, &address),
        "directory" => deleted_items::answer(world, call, caller, &address),
        _ => directory::answer(world, call, caller, &address),
    }
}
