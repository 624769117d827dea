//! Asks with one set of credentials.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use skybridge_plugin_http::pages;

use crate::credentials::{Credentials, Kept};
use crate::endpoints::Endpoints;
use crate::error::ClientError;
use crate::page::Page;
use crate::request::Request;
use crate::response::Response;
use crate::transport::Transport;
use crate::wire::WireRequest;

/// Pages of one list: 100 accounts or roles each, far above what any account may have.
const PAGES_MAX: usize = 1_000;

/// What a service calls credentials whose time is over.
const EXPIRED: [&str; 1] = ["ExpiredToken"];

/// Asks with one set of credentials.
#[derive(Clone)]
pub struct Client {
    endpoints: Endpoints,
    transport: Arc<dyn Transport>,
    credentials: Arc<Kept>,
}

impl Client {
    /// Asks over `transport` with what `credentials` has.
    #[must_use]
    pub fn new(
        endpoints: Endpoints,
        transport: Arc<dyn Transport>,
        credentials: Arc<Kept>,
    ) -> Self {
        Self { endpoints, transport, credentials }
    }

    /// Where services are.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The same way, with other credentials.
    #[must_use]
    pub fn with_credentials(&self, credentials: Arc<Kept>) -> Self {
        Self { credentials, ..self.clone() }
    }

    /// Makes sure that there are credentials, which may mean becoming a role; asks nothing else.
    ///
    /// # Errors
    /// When there are none.
    pub async fn sign_in(&self) -> Result<(), ClientError> {
        self.credentials.get().await.map(drop)
    }

    /// Asks once. The one exception: credentials whose time is over are fetched anew, once.
    ///
    /// # Errors
    /// When there is no answer, or a refusal.
    pub async fn send(&self, request: &Request) -> Result<Response, ClientError> {
        if request.unsigned {
            return self.exchange(request, None).await;
        }
        let credentials = self.credentials.get().await?;
        match self.exchange(request, Some(&credentials)).await {
            Err(error) if error.is(&EXPIRED) => {
                let others = self.credentials.replace(&credentials).await?;
                if others == credentials {
                    return Err(error);
                }
                self.exchange(request, Some(&others)).await
            }
            outcome => outcome,
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        credentials: Option<&Credentials>,
    ) -> Result<Response, ClientError> {
        let mut wire = WireRequest::new(request, &self.endpoints);
        if let Some(credentials) = credentials {
            wire.sign(credentials, &self.endpoints, Timestamp::now())?;
        }
        let response = self.transport.exchange(wire).await?;
        tracing::debug!(
            service = request.service.word(),
            action = request.action,
            status = response.status(),
            "asked"
        );
        match response.refusal(request) {
            Some(error) => Err(ClientError::Service(Box::new(error))),
            None => Ok(response),
        }
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// When there is no answer, a refusal, or one that cannot be read.
    pub async fn read<T: DeserializeOwned>(&self, request: &Request) -> Result<T, ClientError> {
        let response = self.send(request).await?;
        decode(request, &response)
    }

    /// Reads a whole list.
    ///
    /// # Errors
    /// When a page is not to be had, or there is no end of them.
    pub async fn list<P: Page>(&self, first: &Request) -> Result<Vec<P::Item>, ClientError> {
        let Request { service, operation, .. } = *first;
        let endless = ClientError::TooManyPages { service, operation, pages: PAGES_MAX };
        let page = async |request: Request| {
            let page: P = self.read(&request).await?;
            let (items, next) = page.split();
            let next = next.filter(|token| !token.is_empty());
            Ok((items, next.map(|token| first.clone().with(P::TOKEN, token))))
        };
        pages::all(first.clone(), PAGES_MAX, page, endless).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

/// Reads the answer to `request`.
///
/// # Errors
/// When it cannot be read.
pub fn decode<T: DeserializeOwned>(
    request: &Request,
    response: &Response,
) -> Result<T, ClientError> {
    response.decode(request).map_err(|message| ClientError::Decode {
        service: request.service,
        operation: request.operation,
        status: response.status(),
        message,
        request_id: response.request_id(),
    })
}
