//! Signing in on another device: a person enters a code there, and this side asks until it is done.

use serde::Deserialize;

use crate::cloud::Service;
use crate::request::{Body, Method, Path, Request};
use skybridge_plugin_http::Secret;

/// The answer to [`device_code_request`].
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceCode {
    /// What this side proves itself with.
    pub device_code: Secret,
    /// What the person enters.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// Seconds the codes work for.
    pub expires_in: u64,
    /// Seconds between two questions; 5 when it is not said.
    #[serde(default = "five")]
    pub interval: u64,
}

const fn five() -> u64 {
    5
}

/// Asks for codes to sign in with, to the public client application `client_id`.
#[must_use]
pub fn device_code_request(tenant: &str, client_id: &str, scope: &str) -> Request {
    let path = Path::new().segment(tenant).then("/oauth2/v2.0/devicecode");
    let mut request =
        Request::new(Service::Login, Method::Post, path, "asking for a device code").reading();
    request.body =
        Body::Form(vec![("client_id", Secret::new(client_id)), ("scope", Secret::new(scope))]);
    request
}

/// Asks whether the person has signed in.
#[must_use]
pub fn redeem_request(tenant: &str, client_id: &str, code: &Secret) -> Request {
    token_request(
        tenant,
        vec![
            ("client_id", Secret::new(client_id)),
            ("grant_type", Secret::new("urn:ietf:params:oauth:grant-type:device_code")),
            ("device_code", code.clone()),
        ],
    )
}

/// Asks for a token for `scope` with what an earlier sign-in left.
#[must_use]
pub fn refresh_request(tenant: &str, client_id: &str, refresh: &Secret, scope: &str) -> Request {
    token_request(
        tenant,
        vec![
            ("client_id", Secret::new(client_id)),
            ("grant_type", Secret::new("refresh_token")),
            ("refresh_token", refresh.clone()),
            ("scope", Secret::new(scope)),
        ],
    )
}

fn token_request(tenant: &str, fields: Vec<(&'static str, Secret)>) -> Request {
    let path = Path::new().segment(tenant).then("/oauth2/v2.0/token");
    let mut request =
        Request::new(Service::Login, Method::Post, path, "asking for a token").reading();
    request.body = Body::Form(fields);
    request
}
