//! Resource Manager: who may do what where, and the few resources the onboarding reads.

use crate::caller::Caller;
use crate::http::{Call, Reply};
use crate::login::Api;
use crate::throttle::Verdict;
use crate::world::World;

mod access;
mod api_version;
mod body;
pub(crate) mod builtin_roles;
mod clusters;
mod condition;
mod deny_assignments;
mod departed;
mod elevate;
mod eligibility;
mod error;
pub(crate) mod estate;
mod filter;
mod generic;
mod management_groups;
mod metadata;
mod operations;
mod reply;
pub(crate) mod role_assignments;
pub(crate) mod role_definitions;
mod scope;
mod subscriptions;

use access::Access;
pub(crate) use condition::Condition;
pub(crate) use departed::Departed;
pub(crate) use estate::group_path;
pub(crate) use scope::Scope;

/// An answer, or a refusal that is already worded.
type Answer = Result<Reply, Reply>;

/// Answers one call.
pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    if call.segments.first().is_some_and(|part| part.eq_ignore_ascii_case("metadata")) {
        return metadata::endpoints(world, call);
    }
    let caller = match Caller::of(world, call, Api::ResourceManager) {
        Ok(caller) => caller,
        Err(bad) => return error::unauthenticated(world, &bad),
    };
    let (header, left) = match throttle(world, call, &caller) {
        Ok(passed) => passed,
        Err(busy) => return busy,
    };
    let access = Access::of(world, &caller, call.now);
    let reply = dispatch(world, call, &access).unwrap_or_else(|refusal| refusal);
    reply.with(header, left.to_string())
}

/// Adds what every reply of this service carries.
pub(crate) fn with_headers(call: &Call, reply: Reply) -> Reply {
    let id = call.request_id.to_string();
    let correlation = call.header("x-ms-correlation-request-id").unwrap_or(&id).to_owned();
    let routing = format!("WESTEUROPE:{}:{id}", crate::clock::routing_time(call.now));
    let wanted = call.header("x-ms-return-client-request-id");
    let client = call.header("x-ms-client-request-id");
    let reply = match (wanted, client) {
        (Some(wanted), Some(client)) if wanted.eq_ignore_ascii_case("true") => {
            reply.with("x-ms-client-request-id", client)
        }
        _ => reply,
    };
    let reply = match reply.body {
        Some(_) => reply.with("content-type", "application/json; charset=utf-8"),
        None => reply,
    };
    reply
        .with("x-ms-request-id", id)
        .with("x-ms-correlation-request-id", correlation)
        .with("x-ms-routing-request-id", routing)
        .with("strict-transport-security", "max-age=31536000; includeSubDomains")
        .with("pragma", "no-cache")
        .with("expires", "-1")
}

/// One bucket per principal, subscription (or tenant) and kind of operation.
fn throttle(world: &mut World, call: &Call, caller: &Caller) -> Result<(&'static str, u64), Reply> {
    let buckets = &world.scenario.throttle.resource_manager;
    let in_subscription = call.segments.len() > 1
        && call.segments.first().is_some_and(|part| part.eq_ignore_ascii_case("subscriptions"));
    let (kind, bucket) = match call.method.as_str() {
        "GET" | "HEAD" => ("read", buckets.reads),
        "DELETE" => ("delete", buckets.deletes),
        _ => ("write", buckets.writes),
    };
    let header = match (kind, in_subscription) {
        ("read", true) => "x-ms-ratelimit-remaining-subscription-reads",
        ("read", false) => "x-ms-ratelimit-remaining-tenant-reads",
        ("delete", true) => "x-ms-ratelimit-remaining-subscription-deletes",
        ("delete", false) => "x-ms-ratelimit-remaining-tenant-deletes",
        (_, true) => "x-ms-ratelimit-remaining-subscription-writes",
        (_, false) => "x-ms-ratelimit-remaining-tenant-writes",
    };
    let subscription = if in_subscription { call.segments.get(1).cloned() } else { None };
    let part = subscription.as_deref().unwrap_or_default().to_lowercase();
    let name = format!("arm/{}/{part}/{kind}", caller.object_id);
    match world.buckets.take(name, bucket, call.now) {
        Verdict::Go(left) => Ok((header, left)),
        Verdict::Wait(seconds) => {
            let tenant = world.scenario.tenant.id;
            let busy = error::throttled(caller, tenant, subscription.as_deref(), kind, seconds);
            Err(busy.with(header, "0"))
        }
    }
}

fn dispatch(world: &mut World, call: &Call, access: &Access) -> Answer {
    let lower: Vec<String> = call.segments.iter().map(|part| part.to_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    if let Some(at) = extension_at(&parts, "microsoft.authorization") {
        return authorization(world, call, access, at);
    }
    match parts.as_slice() {
        ["subscriptions", ..] if !parts.contains(&"providers") => {
            subscriptions::answer(world, call, access, &parts)
        }
        ["tenants"] => subscriptions::tenants(world, call),
        ["providers", "microsoft.management", rest @ ..] if !rest.contains(&"providers") => {
            management_groups::answer(world, call, access, rest)
        }
        [.., "providers", "microsoft.containerservice", "managedclusters"]
        | [.., "providers", "microsoft.containerservice", "managedclusters", _]
        | [.., "providers", "microsoft.containerservice", "managedclusters", _, _] => {
            clusters::answer(world, call, access, &parts)
        }
        _ => generic::answer(world, call, access),
    }
}

/// Where the last `/providers/<namespace>` of a path starts.
fn extension_at(parts: &[&str], namespace: &str) -> Option<usize> {
    (0..parts.len().saturating_sub(1))
        .rev()
        .find(|at| parts[*at] == "providers" && parts[at + 1] == namespace)
}

/// `{scope}/providers/Microsoft.Authorization/{type}[/{name}]`.
fn authorization(world: &mut World, call: &Call, access: &Access, at: usize) -> Answer {
    let (before, after) = call.segments.split_at(at);
    let kind = after.get(2).map(|part| part.to_lowercase()).unwrap_or_default();
    let name = after.get(3).map(String::as_str);
    let tenant = before.is_empty();
    if after.len() > 4 {
        return generic::answer(world, call, access);
    }
    match (kind.as_str(), name) {
        ("provideroperations", name) if tenant => operations::answer(call, name),
        ("elevateaccess", None) if tenant => elevate::answer(world, call, access),
        _ => match Scope::parse(before) {
            Some(scope) => match kind.as_str() {
                "roleassignments" => role_assignments::answer(world, call, access, &scope, name),
                "roledefinitions" => role_definitions::answer(world, call, access, &scope, name),
                "permissions" if name.is_none() => access.permissions(world, call, &scope),
                "denyassignments" => deny_assignments::answer(world, call, access, &scope, name),
                "roleeligibilityscheduleinstances" if name.is_none() => {
                    eligibility::answer(world, call, access, &scope)
                }
                _ => generic::answer(world, call, access),
            },
            None => generic::answer(world, call, access),
        },
    }
}
