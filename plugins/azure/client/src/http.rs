//! The transport over real sockets.

use async_trait::async_trait;
use jiff::Timestamp;
use skybridge_plugin_http::{Http, Outgoing};
pub use skybridge_plugin_http::{HttpOptions, HttpSetupError, Trust, provide_cryptography};

use crate::error::ClientError;
use crate::response::Response;
use crate::transport::{Transport, WireRequest};

const AGENT: &str = concat!("skybridge/", env!("CARGO_PKG_VERSION"));

/// Sends over HTTPS.
#[derive(Debug, Clone)]
pub struct HttpTransport(Http);

impl HttpTransport {
    /// Sets a transport up; nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates to believe cannot be used.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        Http::new(options, AGENT).map(Self)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError> {
        let mut headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend(request.body.iter().map(|(sort, _)| ("content-type", *sort)));
        let outgoing = Outgoing {
            method: request.method.as_str(),
            url: &request.url,
            headers,
            bearer: request.bearer.as_ref(),
            body: request.body.as_ref().map(|(_, body)| body),
        };
        let answer = self.0.exchange(&outgoing).await;
        let answer = answer.map_err(|broken| ClientError::Transport {
            service: request.origin.service,
            operation: request.origin.operation,
            kind: broken.kind,
            message: broken.message,
        })?;
        Ok(Response::new(answer.status, answer.headers, answer.body, Timestamp::now()))
    }
}
