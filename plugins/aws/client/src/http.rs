//! The transport over real sockets.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::error::{ClientError, TransportKind};
use crate::response::Response;
use crate::transport::Transport;
use crate::wire::WireRequest;

/// Connecting, TLS included: a service that takes longer is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Silence in the middle of an answer.
const READ_LIMIT: Duration = Duration::from_secs(60);
/// A whole exchange. AWS itself gives up on a backend after about a minute.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(120);
/// The largest answer that is read: a page of a thousand instances is about 8 MB.
const RESPONSE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Idle connections kept per host; a run keeps fewer steps in flight per service.
const IDLE_PER_HOST_MAX: usize = 32;

/// Whose certificates are believed.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those the machine believes.
    #[default]
    Platform,
    /// Only those of this certificate authority (PEM): services of one's own. Proxies are not used.
    Only(String),
}

/// How to send.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long a whole exchange may take; two minutes when nothing is said.
    pub limit: Option<Duration>,
}

/// Why a transport could not be made.
#[derive(Debug, Error)]
pub enum HttpSetupError {
    /// The certificate authority is not PEM, or the machine's certificates cannot be used.
    #[error("setting up TLS: {message}")]
    Tls {
        /// The cause.
        message: String,
    },
}

/// Sets the cryptography of TLS up for this process. Each plugin has its own copy of that static; a
/// second call finds it done. Whoever builds a `reqwest` client here calls it first.
pub fn provide_cryptography() {
    let _already_there = rustls::crypto::ring::default_provider().install_default().is_err();
}

/// Sends over HTTPS; in clear only to services on this machine.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    secure: reqwest::Client,
    /// For `http://127.0.0.1`, which `Endpoints` lets through: never by way of a proxy, which would
    /// read all of it.
    plain: reqwest::Client,
}

impl HttpTransport {
    /// Sets a transport up; nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates to believe cannot be used.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        provide_cryptography();
        let wrong = |error: reqwest::Error| HttpSetupError::Tls { message: chain(&error) };
        let mut secure = builder(options).https_only(true);
        if let Trust::Only(pem) = &options.trust {
            let authorities =
                reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
            secure = secure.tls_certs_only(authorities).no_proxy();
        }
        let plain = builder(options).no_proxy().build().map_err(wrong)?;
        Ok(Self { secure: secure.build().map_err(wrong)?, plain })
    }

    async fn read(
        request: &WireRequest,
        mut response: reqwest::Response,
    ) -> Result<Response, ClientError> {
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
            .collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| broken(request, &e))? {
            if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
                return Err(ClientError::Transport {
                    service: request.origin.service,
                    operation: request.origin.operation,
                    kind: TransportKind::TooLarge,
                    message: format!("the answer is larger than {RESPONSE_BYTES_MAX} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response::new(status, headers, body))
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError> {
        let http = if request.url.starts_with("http://") { &self.plain } else { &self.secure };
        let mut outgoing = match request.method {
            "GET" => http.get(&request.url),
            _ => http.post(&request.url).body(request.body.expose().to_owned()),
        };
        for (name, value) in &request.headers {
            outgoing = outgoing.header(name, value.expose());
        }
        let response = outgoing.send().await.map_err(|error| broken(&request, &error))?;
        Self::read(&request, response).await
    }
}

fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(READ_LIMIT)
        .timeout(options.limit.unwrap_or(EXCHANGE_LIMIT))
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .user_agent(concat!("skybridge/", env!("CARGO_PKG_VERSION")))
}

fn broken(request: &WireRequest, error: &reqwest::Error) -> ClientError {
    let kind = if error.is_connect() {
        TransportKind::Connect
    } else if error.is_timeout() {
        TransportKind::Timeout
    } else if error.is_builder() {
        TransportKind::Refused
    } else {
        TransportKind::Interrupted
    };
    ClientError::Transport {
        service: request.origin.service,
        operation: request.origin.operation,
        kind,
        message: chain(error),
    }
}

/// The causes one after the other. The outermost text of `reqwest` repeats the whole address, so
/// it is left out wherever there is a cause below it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}
