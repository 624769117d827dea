//! The client: one attempt per call.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::cloud::{Endpoints, Service};
use crate::error::{ClientError, ServiceError};
use crate::request::Request;
use crate::response::Response;
use crate::throttle::{self, Notebook, Throttle};
use crate::token::{AccessToken, TokenCache, TokenSource};
use crate::transport::{Transport, WireRequest};

/// Asks the services of one cloud in the name of one identity. Cloning shares tokens and
/// connections.
#[derive(Clone)]
pub struct Client {
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    tokens: Arc<TokenCache>,
    notebook: Option<Arc<Notebook>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the identity behind `tokens`.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        tokens: Arc<dyn TokenSource>,
    ) -> Self {
        Self { endpoints, transport, tokens: Arc::new(TokenCache::new(tokens)), notebook: None }
    }

    /// This client, noting what answers say of further calls.
    #[must_use]
    pub fn noting(&self, notebook: &Arc<Notebook>) -> Self {
        Self { notebook: Some(Arc::clone(notebook)), ..self.clone() }
    }

    /// Where it asks.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Sends `request` and gives the answer if the service agreed.
    ///
    /// # Errors
    /// When the service refused or could not be asked. A token that went stale is replaced and the
    /// request repeated once; nothing else is tried twice.
    pub async fn send(&self, request: &Request) -> Result<Response, ClientError> {
        let Some(scope) = self.endpoints.token_scope(request.service) else {
            return decide(request, self.exchange(request, None).await?);
        };
        let token = self.tokens.get(&scope, self.transport.now()).await?;
        let response = self.exchange(request, Some(&token)).await?;
        if !is_stale_token(request, &response) {
            return decide(request, response);
        }
        let token = self.tokens.replace(&scope, &token).await?;
        decide(request, self.exchange(request, Some(&token)).await?)
    }

    /// Sends `request` and reads the answer as `T`.
    ///
    /// # Errors
    /// As [`Client::send`], and when the answer is not a `T`.
    pub async fn json<T: DeserializeOwned>(&self, request: &Request) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        decode(request, &response)
    }

    /// Like [`Client::json`], with 404 as nothing.
    ///
    /// # Errors
    /// As [`Client::json`], except for 404.
    pub async fn find<T: DeserializeOwned>(
        &self,
        request: &Request,
    ) -> Result<Option<T>, ClientError> {
        match self.json(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_status(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A token for `service` issued now, so that grants made a moment ago are in it. Later requests
    /// of this client use it.
    ///
    /// # Errors
    /// When the identity gets no token, or `service` takes none.
    pub async fn fresh_token(&self, service: Service) -> Result<AccessToken, ClientError> {
        match self.endpoints.token_scope(service) {
            Some(scope) => self.tokens.fresh(&scope).await,
            None => Err(ClientError::Credential { message: format!("{service} takes no tokens") }),
        }
    }

    /// A token for `service` as requests of this client carry it, to see who asks.
    ///
    /// # Errors
    /// When the identity gets no token, or `service` takes none.
    pub async fn token(&self, service: Service) -> Result<AccessToken, ClientError> {
        match self.endpoints.token_scope(service) {
            Some(scope) => self.tokens.get(&scope, self.transport.now()).await,
            None => Err(ClientError::Credential { message: format!("{service} takes no tokens") }),
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        token: Option<&AccessToken>,
    ) -> Result<Response, ClientError> {
        let mut wire = WireRequest::new(request, &self.endpoints);
        wire.bearer = token.map(|token| token.secret.clone());
        let response = exchange(self.transport.as_ref(), wire).await?;
        if let Some(notebook) = &self.notebook {
            throttle::note(notebook, request, &response);
        }
        Ok(response)
    }
}

/// Names the request, sends it and notes what came back. The login flow uses it without a token.
pub(crate) async fn exchange(
    transport: &dyn Transport,
    mut wire: WireRequest,
) -> Result<Response, ClientError> {
    let id = Uuid::new_v4().to_string();
    match wire.origin.service {
        Service::ResourceManager => {
            wire.headers.push(("x-ms-client-request-id", id.clone()));
            wire.headers.push(("x-ms-return-client-request-id", "true".to_owned()));
        }
        Service::Graph | Service::Login => {
            wire.headers.push(("client-request-id", id.clone()));
            wire.headers.push(("return-client-request-id", "true".to_owned()));
        }
    }
    let (method, path) = (wire.method, wire.origin.path.clone());
    let service = wire.origin.service;
    let span = tracing::debug_span!(
        "exchange",
        %service,
        %method,
        path,
        status = tracing::field::Empty,
        client_request_id = id,
        request_id = tracing::field::Empty,
        otel.kind = "client",
    );
    let response = transport.exchange(wire).instrument(span.clone()).await?;
    span.record("status", response.status());
    if let Some(id) = response.request_id() {
        span.record("request_id", id);
    }
    drop(span);
    tracing::debug!(
        %service,
        %method,
        path,
        status = response.status(),
        client_request_id = id,
        request_id = response.request_id(),
        throttle = ?Throttle::of(&response),
        "exchanged"
    );
    Ok(response)
}

/// Reads the answer to `request` as `T`.
///
/// # Errors
/// When the answer is not a `T`.
pub fn decode<T: DeserializeOwned>(
    request: &Request,
    response: &Response,
) -> Result<T, ClientError> {
    serde_json::from_slice(response.body()).map_err(|error| ClientError::Decode {
        service: request.service,
        operation: request.operation,
        status: response.status(),
        // serde_json quotes values in type errors; where and which category is enough.
        message: format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ),
        request_id: response.request_id().map(str::to_owned),
    })
}

/// The answer when the service agreed, its refusal otherwise.
pub(crate) fn decide(request: &Request, response: Response) -> Result<Response, ClientError> {
    if response.is_success() {
        Ok(response)
    } else {
        Err(ServiceError::decode(request, &response).into())
    }
}

/// A 401 that a new token can cure. A challenge for more proof cannot: a person has to sign in.
fn is_stale_token(request: &Request, response: &Response) -> bool {
    response.status() == 401 && !ServiceError::decode(request, response).claims_challenge
}
