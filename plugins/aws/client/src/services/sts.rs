//! The Security Token Service: who somebody is, and becoming somebody else.

use jiff::Timestamp;
use serde::Deserialize;

use crate::credentials::Credentials;
use crate::endpoints::Service;
use crate::request::Request;
use skybridge_plugin_http::Secret;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The user, role or session.
    pub arn: String,
    /// Unique, and never used again.
    pub user_id: String,
}

/// The answer to [`caller_request`].
#[derive(Debug, Deserialize)]
pub struct Caller {
    /// Who asks.
    #[serde(rename = "GetCallerIdentityResult")]
    pub identity: Identity,
}

/// Asks who one is. Everybody may.
#[must_use]
pub fn caller_request() -> Request {
    Request::query(Service::Sts, "GetCallerIdentity", "asking who the credentials belong to")
}

/// The answer to [`assume_request`].
#[derive(Debug, Deserialize)]
pub struct Assumed {
    #[serde(rename = "AssumeRoleResult")]
    result: AssumedResult,
}

/// The answer to [`assume_with_web_identity_request`].
#[derive(Debug, Deserialize)]
pub struct AssumedWithWebIdentity {
    #[serde(rename = "AssumeRoleWithWebIdentityResult")]
    result: AssumedResult,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedResult {
    credentials: Temporary,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Temporary {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    expiration: String,
}

impl From<Temporary> for Credentials {
    fn from(of: Temporary) -> Self {
        Self {
            access_key_id: of.access_key_id,
            secret_access_key: of.secret_access_key,
            session_token: Some(of.session_token),
            expires: of.expiration.parse::<Timestamp>().ok(),
        }
    }
}

impl From<Assumed> for Credentials {
    fn from(answer: Assumed) -> Self {
        answer.result.credentials.into()
    }
}

impl From<AssumedWithWebIdentity> for Credentials {
    fn from(answer: AssumedWithWebIdentity) -> Self {
        answer.result.credentials.into()
    }
}

/// Asks to become `role`. Nothing of the account changes, and so it counts as reading.
#[must_use]
pub fn assume_request(role: &str, session: &str, external_id: Option<&str>) -> Request {
    let request = Request::query(Service::Sts, "AssumeRole", "assuming role")
        .with("RoleArn", role)
        .with("RoleSessionName", session);
    match external_id {
        Some(id) => request.with("ExternalId", id),
        None => request,
    }
}

/// Asks to become `role` with a token of somebody the role trusts.
#[must_use]
pub fn assume_with_web_identity_request(role: &str, session: &str, token: &Secret) -> Request {
    let request = Request::query(
        Service::Sts,
        "AssumeRoleWithWebIdentity",
        "signing in as the operator with a web identity",
    );
    let mut request = request
        .with("RoleArn", role)
        .with("RoleSessionName", session)
        .with("WebIdentityToken", token.expose());
    request.unsigned = true;
    request
}
