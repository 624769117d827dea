//! The login service: tokens for an application that knows a secret.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::client::{decide, decode, exchange};
use crate::cloud::{Endpoints, Service};
use crate::error::ClientError;
use crate::request::{Body, Method, Path, Request};
use crate::secret::Secret;
use crate::token::{AccessToken, TokenSource};
use crate::transport::{Transport, WireRequest};

/// The answer to [`client_credentials_request`].
#[derive(Debug, Clone, Deserialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: Secret,
    /// Seconds it works for.
    pub expires_in: i64,
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
        let wire = WireRequest::new(&request, &self.endpoints);
        let response = decide(&request, exchange(self.transport.as_ref(), wire).await?)?;
        let token: TokenResponse = decode(&request, &response)?;
        let lifetime = SignedDuration::from_secs(token.expires_in.max(0));
        let expires = Timestamp::now().checked_add(lifetime).unwrap_or(Timestamp::MAX);
        Ok(AccessToken { secret: token.access_token, expires })
    }
}
