//! An application that proves itself with a signed assertion in place of a secret: one it signs with
//! the key of its certificate, or one that somebody it federates with has signed.

use std::sync::Arc;

use async_trait::async_trait;

use super::ask_for_token;
use crate::cloud::{Endpoints, Service};
use crate::error::ClientError;
use crate::request::{Body, Method, Path, Request};
use crate::secret::Secret;
use crate::token::{AccessToken, TokenSource};
use crate::transport::Transport;

/// Makes the assertion for one request; it is given the audience, the token endpoint's address.
pub type MakeAssertion = Arc<dyn Fn(&str) -> Result<Secret, ClientError> + Send + Sync>;

/// Asks for a token for `scope` as the application that `assertion` speaks for.
#[must_use]
pub fn client_assertion_request(
    tenant: &str,
    client_id: &str,
    assertion: Secret,
    scope: &str,
) -> Request {
    let path = Path::new().segment(tenant).then("/oauth2/v2.0/token");
    let mut request =
        Request::new(Service::Login, Method::Post, path, "asking for a token").reading();
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    request.body = Body::Form(vec![
        ("client_id", Secret::new(client_id)),
        ("client_assertion_type", Secret::new(kind)),
        ("client_assertion", assertion),
        ("grant_type", Secret::new("client_credentials")),
        ("scope", Secret::new(scope)),
    ]);
    request
}

/// An application with assertions, as a source of tokens.
pub struct ClientAssertionSource {
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    tenant: String,
    client_id: String,
    make: MakeAssertion,
}

impl ClientAssertionSource {
    /// The application `client_id` of `tenant`, with a new assertion for each token.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        make: MakeAssertion,
    ) -> Self {
        Self { endpoints, transport, tenant: tenant.into(), client_id: client_id.into(), make }
    }
}

#[async_trait]
impl TokenSource for ClientAssertionSource {
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError> {
        let login = self.endpoints.base(Service::Login);
        let assertion = (self.make)(&format!("{login}/{}/oauth2/v2.0/token", self.tenant))?;
        let request = client_assertion_request(&self.tenant, &self.client_id, assertion, scope);
        let answer = ask_for_token(&self.endpoints, self.transport.as_ref(), &request).await?;
        Ok(answer.into_token())
    }
}
