//! Refusals of Resource Manager.

use serde_json::json;
use uuid::Uuid;

use super::deny_assignments::Denial;
use crate::caller::{BadToken, Caller};
use crate::clock::login_time;
use crate::http::Reply;
use crate::world::World;

/// A refusal with Resource Manager's shape.
pub(super) fn refuse(status: u16, code: &str, message: impl Into<String>) -> Reply {
    Reply::json(status, json!({"error": {"code": code, "message": message.into()}}))
}

/// The caller may not do this here.
pub(super) fn forbidden(caller: &Caller, action: &str, scope: &str) -> Reply {
    let (name, id) = (caller.name(), caller.object_id);
    refuse(
        403,
        "AuthorizationFailed",
        format!(
            "The client '{name}' with object id '{id}' does not have authorization to perform \
             action '{action}' over scope '{scope}' or the scope is invalid. If access was \
             recently granted, please refresh your credentials."
        ),
    )
}

/// The caller may do this here, but not to this.
pub(super) fn condition_not_met(caller: &Caller, action: &str, scope: &str) -> Reply {
    let (name, id) = (caller.name(), caller.object_id);
    refuse(
        403,
        "AuthorizationFailed",
        format!(
            "The client '{name}' with object id '{id}' does not have authorization or an ABAC \
             condition not fulfilled to perform action '{action}' over scope '{scope}' or the \
             scope is invalid. If access was recently granted, please refresh your credentials."
        ),
    )
}

/// The caller's roles allow it, and a deny assignment does not.
pub(super) fn denied(caller: &Caller, action: &str, scope: &str, denial: &Denial) -> Reply {
    let (name, id) = (caller.name(), caller.object_id);
    let (deny, deny_id, at) = (&denial.name, denial.id.simple(), &denial.scope);
    refuse(
        403,
        "DenyAssignmentAuthorizationFailed",
        format!(
            "The client '{name}' with object id '{id}' has permission to perform action '{action}' \
             on scope '{scope}'; however, the access is denied because of the deny assignment with \
             name '{deny}' and Id '{deny_id}' at scope '{at}'."
        ),
    )
}

/// The caller may do this here, but not at another scope the request is about.
pub(super) fn linked_forbidden(caller: &Caller, action: &str, scope: &str, linked: &str) -> Reply {
    let (name, id) = (caller.name(), caller.object_id);
    refuse(
        403,
        "LinkedAuthorizationFailed",
        format!(
            "The client '{name}' with object id '{id}' has permission to perform action \
             '{action}' on scope '{scope}'; however, it does not have permission to perform \
             action '{action}' on the linked scope(s) '{linked}' or the linked scope(s) are \
             invalid."
        ),
    )
}

/// The body is not what this operation takes.
pub(super) fn bad_content(reason: impl std::fmt::Display) -> Reply {
    refuse(
        400,
        "InvalidRequestContent",
        format!("The request content was invalid and could not be deserialized: '{reason}'."),
    )
}

/// Nothing answers at this address.
pub(super) fn not_found(path: &str) -> Reply {
    refuse(404, "ResourceNotFound", format!("The resource '{path}' was not found."))
}

/// The address exists, the method does not.
pub(super) fn wrong_method(method: &str, path: &str) -> Reply {
    let text = format!("The requested resource '{path}' does not support http method '{method}'.");
    refuse(405, "MethodNotAllowed", text)
}

/// A bucket is empty: the subscription's, or the tenant's.
pub(super) fn throttled(
    caller: &Caller,
    tenant: Uuid,
    subscription: Option<&str>,
    kind: &str,
    seconds: u64,
) -> Reply {
    let (code, of) = match subscription {
        Some(id) => {
            let shown: String = id.chars().take(100).collect();
            ("SubscriptionRequestsThrottled", format!("subscription '{shown}'"))
        }
        None => ("TenantRequestsThrottled", format!("tenant '{tenant}'")),
    };
    let actor = caller.object_id;
    let message = format!(
        "Number of '{kind}' requests for {of} actor '{actor}' exceeded. Please try again after \
         '{seconds}' seconds after additional tokens are available. Refer to \
         https://aka.ms/arm-throttling for additional information."
    );
    refuse(429, code, message).with("retry-after", seconds.to_string())
}

/// The token is missing or not good for this service.
pub(super) fn unauthenticated(world: &World, bad: &BadToken) -> Reply {
    let ours = world.scenario.tenant.id;
    let (code, message) = match bad {
        BadToken::Missing => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.".to_owned(),
        ),
        BadToken::Malformed => {
            ("InvalidAuthenticationToken", "The access token is invalid.".to_owned())
        }
        BadToken::Expired { at } => (
            "ExpiredAuthenticationToken",
            format!("The access token expiry UTC time '{}' has passed.", login_time(*at)),
        ),
        BadToken::WrongTenant { tenant } => (
            "InvalidAuthenticationTokenTenant",
            format!("The access token is from the wrong issuer: tenant '{tenant}', not '{ours}'."),
        ),
        BadToken::WrongAudience { audience } => (
            "InvalidAuthenticationTokenAudience",
            format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. \
                 It should be one of the resources of this service."
            ),
        ),
    };
    let description: String = message.chars().filter(|c| *c != '"' && c.is_ascii()).collect();
    let authority = format!("{}/{ours}", world.endpoints.login);
    refuse(401, code, message).with(
        "www-authenticate",
        format!(
            "Bearer authorization_uri=\"{authority}\", error=\"invalid_token\", \
             error_description=\"{description}\""
        ),
    )
}
