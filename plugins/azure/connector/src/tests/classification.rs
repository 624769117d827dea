//! Every refusal the contract names: what it is, and whether trying again can help.

use jiff::Timestamp;
use serde_json::{Value, json};
use skybridge_azure_client::request::Path;
use skybridge_azure_client::{ClientError, Request, Response, Service, ServiceError};
use skybridge_plugin_sdk::{Error, Retry, kind};

use crate::errors::{Lag, classify};

fn refuse(service: Service, status: u16, headers: &[(&str, &str)], body: &Value) -> ClientError {
    let request = Request::get(service, Path::new(), "testing");
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let body = body.to_string().into_bytes();
    ServiceError::decode(&request, &Response::new(status, headers, body, Timestamp::UNIX_EPOCH))
        .into()
}

fn cloud(service: Service, status: u16, code: &str, message: &str, lag: Lag) -> Error {
    let body = json!({ "error": { "code": code, "message": message } });
    classify(refuse(service, status, &[], &body), lag)
}

fn login(status: u16, error: &str, code: u32, lag: Lag) -> Error {
    let body = json!({ "error": error, "error_description": "x", "error_codes": [code] });
    classify(refuse(Service::Login, status, &[], &body), lag)
}

#[rustfmt::skip]
#[test]
fn resource_manager() {
    use Lag::{Impossible as Old, Possible as New};
    use Retry::{Eventual, Permanent, RateLimited, Transient};
    let table = [
        (400, "PrincipalNotFound", New, kind::NOT_REPLICATED, Eventual, "AZ-RBAC-001"),
        (400, "PrincipalNotFound", Old, kind::NOT_FOUND, Permanent, "AZ-RBAC-001"),
        (409, "RoleAssignmentExists", Old, kind::ALREADY_EXISTS, Permanent, "AZ-RBAC-002"),
        (400, "RoleAssignmentUpdateNotPermitted", Old, kind::PRECONDITION, Permanent, "AZ-RBAC-003"),
        (403, "AuthorizationFailed", New, kind::PERMISSION_DENIED, Permanent, "AZ-RBAC-004"),
        (403, "LinkedAuthorizationFailed", Old, kind::PERMISSION_DENIED, Permanent, "AZ-RBAC-005"),
        (400, "RoleAssignmentLimitExceeded", Old, kind::QUOTA, Permanent, "AZ-RBAC-006"),
        (404, "RoleDefinitionDoesNotExist", New, kind::NOT_REPLICATED, Eventual, "AZ-ROLE-001"),
        (404, "RoleDefinitionDoesNotExist", Old, kind::NOT_FOUND, Permanent, "AZ-ROLE-001"),
        (409, "RoleDefinitionWithSameNameExists", Old, kind::ALREADY_EXISTS, Permanent, "AZ-ROLE-002"),
        (400, "InvalidActionOrNotAction", New, kind::INVALID_CONFIG, Permanent, "AZ-ROLE-003"),
        (400, "RoleDefinitionHasAssignments", New, kind::NOT_REPLICATED, Eventual, "AZ-ROLE-004"),
        (404, "SubscriptionNotFound", Old, kind::NOT_FOUND, Permanent, "AZ-SUB-001"),
        (401, "InvalidAuthenticationTokenTenant", Old, kind::UNAUTHENTICATED, Permanent, "AZ-OPERATOR-001"),
        (401, "ExpiredAuthenticationToken", Old, kind::UNAUTHENTICATED, Permanent, "AZ-AUTH-001"),
        (429, "TooManyRequests", Old, kind::RATE_LIMITED, RateLimited, "AZ-HTTP-429"),
        (503, "PrincipalNotFound", Old, kind::UNAVAILABLE, Transient, "AZ-HTTP-500"),
        (408, "", Old, kind::TIMEOUT, Transient, "AZ-HTTP-408"),
        (504, "GatewayTimeout", Old, kind::TIMEOUT, Transient, "AZ-HTTP-408"),
        (409, "Conflict", Old, kind::CONFLICT, Transient, "AZ-HTTP-409"),
        (400, "BadRequest", New, kind::PRECONDITION, Permanent, "AZ-HTTP-400"),
    ];
    for (status, code, lag, kind, retry, ours) in table {
        let error = cloud(Service::ResourceManager, status, code, "m", lag);
        let got = (error.kind, error.retry, error.detail.code.as_deref());
        assert_eq!(got, (kind, retry, Some(ours)), "{status} {code} {lag:?}");
    }
}

#[rustfmt::skip]
#[test]
fn graph() {
    use Lag::{Impossible as Old, Possible as New};
    use Retry::{Eventual, Permanent, Transient};
    let bad = "Request_BadRequest";
    let denied = "Authorization_RequestDenied";
    let no_app = "The appId 'x' of the service principal does not reference a valid application object.";
    let foreign = "When using this permission, the backing application of the service principal being created must in the local tenant";
    let taken = "Another object with the same value for property uniqueName already exists.";
    let table = [
        (404, "Request_ResourceNotFound", "m", New, kind::NOT_REPLICATED, Eventual, "AZ-GRAPH-001"),
        (404, "Request_ResourceNotFound", "m", Old, kind::NOT_FOUND, Permanent, "AZ-GRAPH-001"),
        (400, bad, no_app, New, kind::NOT_REPLICATED, Eventual, "AZ-SP-001"),
        (400, bad, no_app, Old, kind::NOT_FOUND, Permanent, "AZ-SP-001"),
        (403, denied, foreign, New, kind::NOT_REPLICATED, Eventual, "AZ-SP-001"),
        (403, denied, "Insufficient privileges to complete the operation.", New, kind::PERMISSION_DENIED, Permanent, "AZ-GRAPH-002"),
        (400, bad, "Not a valid reference update", New, kind::NOT_REPLICATED, Eventual, "AZ-SP-002"),
        (400, bad, taken, New, kind::ALREADY_EXISTS, Permanent, "AZ-APP-001"),
        (400, bad, "something else", New, kind::PRECONDITION, Permanent, "AZ-HTTP-400"),
        (400, bad, "Invalid value specified for property 'displayName' of resource 'Application'.", New, kind::INVALID_CONFIG, Permanent, "AZ-APP-008"),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", "m", New, kind::PRECONDITION, Permanent, "AZ-SECRET-001"),
        (400, bad, "Credential type not allowed as per assigned policy", New, kind::PRECONDITION, Permanent, "AZ-SECRET-002"),
        (409, "Directory_ConcurrencyViolation", "m", New, kind::CONFLICT, Transient, "AZ-GRAPH-004"),
        (409, "Request_Conflict", "m", New, kind::CONFLICT, Transient, "AZ-HTTP-409"),
        (403, "Directory_QuotaExceeded", "m", New, kind::QUOTA, Permanent, "AZ-GRAPH-003"),
        (424, "FailedDependency", "m", New, kind::UNAVAILABLE, Transient, "AZ-HTTP-500"),
    ];
    for (status, code, message, lag, kind, retry, ours) in table {
        let error = cloud(Service::Graph, status, code, message, lag);
        let got = (error.kind, error.retry, error.detail.code.as_deref());
        assert_eq!(got, (kind, retry, Some(ours)), "{status} {code} {message} {lag:?}");
    }
}

#[rustfmt::skip]
#[test]
fn tokens() {
    use Lag::{Impossible as Old, Possible as New};
    use Retry::{Eventual, Permanent, Transient};
    let table = [
        (401, "invalid_client", 7_000_215, New, kind::NOT_REPLICATED, Eventual, "AZ-LOGIN-001"),
        (401, "invalid_client", 7_000_215, Old, kind::UNAUTHENTICATED, Permanent, "AZ-LOGIN-001"),
        (401, "invalid_client", 7_000_222, Old, kind::UNAUTHENTICATED, Permanent, "AZ-LOGIN-002"),
        (400, "unauthorized_client", 700_016, New, kind::NOT_REPLICATED, Eventual, "AZ-LOGIN-003"),
        (400, "invalid_request", 90_002, New, kind::INVALID_CONFIG, Permanent, "AZ-LOGIN-004"),
        (400, "invalid_request", 900_382, New, kind::INVALID_CONFIG, Permanent, "AZ-LOGIN-005"),
        (400, "invalid_resource", 500_011, New, kind::NOT_FOUND, Permanent, "AZ-LOGIN-006"),
        (400, "invalid_scope", 70_011, New, kind::UNEXPECTED, Permanent, "AZ-LOGIN-007"),
        (400, "interaction_required", 50_076, New, kind::UNAUTHENTICATED, Permanent, "AZ-LOGIN-008"),
        (400, "temporarily_unavailable", 90_033, New, kind::UNAVAILABLE, Transient, "AZ-LOGIN-009"),
        (401, "invalid_client", 1, New, kind::UNAUTHENTICATED, Permanent, "AZ-LOGIN-010"),
    ];
    for (status, word, code, lag, kind, retry, ours) in table {
        let error = login(status, word, code, lag);
        let got = (error.kind, error.retry, error.detail.code.as_deref());
        assert_eq!(got, (kind, retry, Some(ours)), "{word} {code} {lag:?}");
    }
}

#[test]
fn waits_are_taken_over_in_seconds_and_as_dates() {
    let body = json!({});
    let seconds = refuse(Service::Graph, 429, &[("Retry-After", "7")], &body);
    assert_eq!(classify(seconds, Lag::Impossible).retry_after.unwrap().as_secs(), 7);
    let headers = [
        ("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"),
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let date = refuse(Service::ResourceManager, 503, &headers, &body);
    assert_eq!(classify(date, Lag::Impossible).retry_after.unwrap().as_secs(), 10);
}

#[test]
fn a_claims_challenge_is_for_a_person() {
    let headers = [("WWW-Authenticate", "Bearer error=\"insufficient_claims\", claims=\"eyJ9\"")];
    let error = classify(refuse(Service::Graph, 401, &headers, &json!({})), Lag::Possible);
    assert_eq!(
        (error.retry, error.detail.code.as_deref()),
        (Retry::Permanent, Some("AZ-AUTH-002"))
    );
}

#[test]
fn facts_come_along() {
    let body = json!({ "error": { "code": "C", "message": "m.", "innerError": {
        "request-id": "r-1", "client-request-id": "c-1" } } });
    let error = classify(refuse(Service::Graph, 400, &[], &body), Lag::Impossible);
    let context: Vec<_> = error.detail.context.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(context, ["status=400", "cloud-code=C", "request-id=r-1", "correlation-id=c-1"]);
    assert_eq!(error.detail.message, "Microsoft Graph answered 400 C: m");
}
