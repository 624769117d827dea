//! The login service: tokens for an application that knows a secret or shows an assertion, and for
//! a person who signs in on another device.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{decide, decode, exchange};
use crate::cloud::{Endpoints, Service};
use crate::error::ClientError;
use crate::request::{Body, Method, Path, Request};
use crate::token::{AccessToken, TokenSource};
use crate::transport::{Transport, WireRequest};
use skybridge_plugin_http::Secret;

mod assertion;
pub mod device_code;

pub use assertion::{ClientAssertionSource, MakeAssertion, client_assertion_request};

/// The answer to every request for a token.
#[derive(Debug, Clone, Deserialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: Secret,
    /// Seconds it works for.
    pub expires_in: i64,
    /// What another token can be had with, when a person signed in.
    #[serde(default)]
    pub refresh_token: Option<Secret>,
}

impl TokenResponse {
    /// The token, answered at `now`, with the moment it stops working.
    #[must_use]
    pub fn into_token(self, now: Timestamp) -> AccessToken {
        let lifetime = SignedDuration::from_secs(self.expires_in.max(0));
        let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        AccessToken { secret: self.access_token, expires }
    }
}

/// Sends a request for a token.
///
/// # Errors
/// When the login service refused or could not be asked.
pub async fn ask_for_token(
    endpoints: &Endpoints,
    transport: &dyn Transport,
    request: &Request,
) -> Result<TokenResponse, ClientError> {
    ask(endpoints, transport, request).await
}

/// Sends a request that takes no token to the login service.
///
/// # Errors
/// As [`ask_for_token`].
pub async fn ask<T: DeserializeOwned>(
    endpoints: &Endpoints,
    transport: &dyn Transport,
    request: &Request,
) -> Result<T, ClientError> {
    let wire = WireRequest::new(request, endpoints);
    decode(request, &decide(request, exchange(transport, wire).await?)?)
}

/// Asks for a token for `scope` (one resource, ending in `/.default`) as the application.
#[must_use]
pub fn client_credentials_request(
    tenant: &str,
    client_id: &str,
    secret: &Secret,
    scope: &str,
) -> Request {
    let path = Path::new().segment(tenant).then("/oauth2/v2.0/token");
    let mut request =
        Request::new(Service::Login, Method::Post, path, "asking for a token").reading();
    request.body = Body::Form(vec![
        ("client_id", Secret::new(client_id)),
        ("client_secret", secret.clone()),
        ("grant_type", Secret::new("client_credentials")),
        ("scope", Secret::new(scope)),
    ]);
    request
}

/// The address that issues tokens, which is also what an assertion must be meant for.
#[must_use]
pub fn token_address(endpoints: &Endpoints, tenant: &str) -> String {
    let path = Path::new().segment(tenant).then("/oauth2/v2.0/token");
    let request = Request::get(Service::Login, path, "");
    format!("{}{}", endpoints.base(Service::Login), request.target())
}

/// Where to send somebody who may consent for the whole tenant, when the operator may not.
#[must_use]
pub fn admin_consent_address(endpoints: &Endpoints, tenant: &str, client_id: &str) -> String {
    let path = Path::new().segment(tenant).then("/adminconsent");
    let request = Request::get(Service::Login, path, "").query("client_id", client_id);
    format!("{}{}", endpoints.base(Service::Login), request.target())
}

/// An application with a client secret, as a source of tokens.
pub struct ClientSecretSource {
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    tenant: String,
    client_id: String,
    secret: Secret,
}

impl ClientSecretSource {
    /// The application `client_id` of `tenant`.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        secret: Secret,
    ) -> Self {
        Self { endpoints, transport, tenant: tenant.into(), client_id: client_id.into(), secret }
    }
}

#[async_trait]
impl TokenSource for ClientSecretSource {
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError> {
        let request =
            client_credentials_request(&self.tenant, &self.client_id, &self.secret, scope);
        let answer = ask_for_token(&self.endpoints, self.transport.as_ref(), &request).await?;
        Ok(answer.into_token(self.transport.now()))
    }
}
