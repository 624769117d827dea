//! An application that proves itself with a signed assertion in place of a secret: one it signs with
//! the key of its certificate, or one that somebody it federates with has signed.

use std::sync::Arc;

use async_trait::async_trait;

use super::{ask_for_token, client_credentials_request, token_address};
use crate::certificate::Certificate;
use crate::cloud::Endpoints;
use crate::error::ClientError;
use crate::request::{Body, Request};
use crate::token::{AccessToken, TokenSource};
use crate::transport::Transport;
use skybridge_plugin_http::Secret;

/// How an assertion says that it is a JSON web token.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks for a token for `scope` as the application that `assertion` is a proof of being: a JSON web
/// token signed with a certificate's key, or by an issuer the application trusts.
#[must_use]
pub fn client_assertion_request(
    tenant: &str,
    client_id: &str,
    assertion: &Secret,
    scope: &str,
) -> Request {
    let mut request = client_credentials_request(tenant, client_id, assertion, scope);
    request.body = Body::Form(vec![
        ("client_id", Secret::new(client_id)),
        ("client_assertion_type", Secret::new(JWT_BEARER)),
        ("client_assertion", assertion.clone()),
        ("grant_type", Secret::new("client_credentials")),
        ("scope", Secret::new(scope)),
    ]);
    request
}

/// Gives a new assertion for the token address it is told.
pub type MakeAssertion = dyn Fn(&str) -> Result<Secret, ClientError> + Send + Sync;

/// An application that shows an assertion, as a source of tokens.
pub struct ClientAssertionSource {
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    tenant: String,
    client_id: String,
    make: Arc<MakeAssertion>,
}

impl ClientAssertionSource {
    /// The application `client_id` of `tenant`; `make` is asked for each token anew.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        make: Arc<MakeAssertion>,
    ) -> Self {
        Self { endpoints, transport, tenant: tenant.into(), client_id: client_id.into(), make }
    }

    /// The application `client_id` of `tenant`, which lists `certificate`.
    #[must_use]
    pub fn with_certificate(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        certificate: Arc<Certificate>,
    ) -> Self {
        let client_id = client_id.into();
        let (bearer, time) = (client_id.clone(), Arc::clone(&transport));
        let make = Arc::new(move |audience: &str| {
            certificate
                .assertion(&bearer, audience, time.now())
                .map_err(|error| ClientError::Credential { message: error.to_string() })
        });
        Self::new(endpoints, transport, tenant, client_id, make)
    }
}

#[async_trait]
impl TokenSource for ClientAssertionSource {
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError> {
        let assertion = (self.make)(&token_address(&self.endpoints, &self.tenant))?;
        let request = client_assertion_request(&self.tenant, &self.client_id, &assertion, scope);
        let answer = ask_for_token(&self.endpoints, self.transport.as_ref(), &request).await?;
        Ok(answer.into_token(self.transport.now()))
    }
}
