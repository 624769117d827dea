//! The transport over real sockets.

use async_trait::async_trait;
use skybridge_plugin_http::{Http, Outgoing};
pub use skybridge_plugin_http::{HttpOptions, HttpSetupError, Trust, provide_cryptography};

use crate::error::ClientError;
use crate::response::Response;
use crate::transport::Transport;
use crate::wire::WireRequest;

const AGENT: &str = concat!("skybridge/", env!("CARGO_PKG_VERSION"));

/// Sends over HTTPS; in clear only to services on this machine, which `Endpoints` lets through.
#[derive(Debug, Clone)]
pub struct HttpTransport(Http);

impl HttpTransport {
    /// Sets a transport up; nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates to believe cannot be used.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        Http::with_plain(options, AGENT).map(Self)
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError> {
        let headers = request.headers.iter();
        let outgoing = Outgoing {
            method: request.method,
            url: &request.url,
            headers: headers.map(|(name, value)| (name.as_str(), value.expose())).collect(),
            bearer: None,
            body: (request.method != "GET").then_some(&request.body),
        };
        let answer = self.0.exchange(&outgoing).await;
        let answer = answer.map_err(|broken| ClientError::Transport {
            service: request.origin.service,
            operation: request.origin.operation,
            kind: broken.kind,
            message: broken.message,
        })?;
        Ok(Response::new(answer.status, answer.headers, answer.body))
    }
}
