//! Refusals of the directory.

use serde_json::json;

use crate::caller::BadToken;
use crate::clock::error_time;
use crate::http::{Call, Reply};

/// A refusal with the directory's shape.
pub(super) fn refuse(call: &Call, status: u16, code: &str, message: impl Into<String>) -> Reply {
    let id = call.request_id.to_string();
    let client = call.header("client-request-id").unwrap_or(&id);
    Reply::json(
        status,
        json!({"error": {
            "code": code,
            "message": message.into(),
            "innerError": {
                "date": error_time(call.now),
                "request-id": id,
                "client-request-id": client,
            },
        }}),
    )
}

/// The request is wrong in itself.
pub(super) fn bad_request(call: &Call, message: impl Into<String>) -> Reply {
    refuse(call, 400, "Request_BadRequest", message)
}

/// Nobody has heard of this object, or not every replica has.
pub(super) fn no_such_object(call: &Call, id: &str) -> Reply {
    let shown: String = id.chars().take(150).collect();
    let text = format!(
        "Resource '{shown}' does not exist or one of its queried reference-property objects are \
         not present."
    );
    refuse(call, 404, "Request_ResourceNotFound", text)
}

/// The token does not carry a permission this operation needs.
pub(super) fn forbidden(call: &Call) -> Reply {
    let text = "Insufficient privileges to complete the operation.";
    refuse(call, 403, "Authorization_RequestDenied", text)
}

/// The token does not carry any of the scopes that privileged identity management asks for.
pub(super) fn scope_not_granted(call: &Call, any_of: &[&str]) -> Reply {
    let inner = json!({
        "errorCode": "PermissionScopeNotGranted",
        "message": format!(
            "Authorization failed due to missing permission scope {}.",
            any_of.join(",")
        ),
        "instanceAnnotations": [],
    });
    // That service words its refusals in JSON, and the directory passes them on as a text.
    refuse(call, 403, "UnknownError", inner.to_string())
}

/// The address does not start with a version.
pub(super) fn no_such_version(call: &Call) -> Reply {
    refuse(call, 400, "BadRequest", "Invalid version.")
}

/// The address means nothing.
pub(super) fn no_such_path(call: &Call) -> Reply {
    let segment: String =
        call.segments.get(1).map_or("", String::as_str).chars().take(100).collect();
    let text = format!("Resource not found for the segment '{segment}'.");
    refuse(call, 400, "BadRequest", text)
}

/// The address exists, the method does not.
pub(super) fn wrong_method(call: &Call) -> Reply {
    refuse(
        call,
        405,
        "Request_BadRequest",
        "Specified HTTP method is not allowed for the request target.",
    )
}

/// A replica is behind: the change would be lost.
pub(super) fn conflict(call: &Call) -> Reply {
    let text = "The object is in an inconsistent state; retry after it has been replicated.";
    refuse(call, 409, "Directory_ConcurrencyViolation", text)
}

/// The token is missing or not good for this service.
pub(super) fn unauthenticated(call: &Call, bad: &BadToken) -> Reply {
    let message = match bad {
        BadToken::Missing => "Access token is empty.",
        BadToken::Malformed => "Access token validation failure. Invalid signature or content.",
        BadToken::Expired { .. } => "Lifetime validation failed, the token is expired.",
        BadToken::WrongTenant { .. } => "Access token validation failure. Invalid issuer.",
        BadToken::WrongAudience { .. } => "Access token validation failure. Invalid audience.",
    };
    refuse(call, 401, "InvalidAuthenticationToken", message)
        .with("www-authenticate", "Bearer realm=\"\", error=\"invalid_token\"")
}
