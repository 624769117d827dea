//! One exchange over real sockets, within limits.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_plugin_sdk::{Error, kind};
use thiserror::Error as ThisError;

use crate::secret::Secret;
use crate::wait;

/// Connecting, TLS included: a service that takes longer is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Silence in the middle of an answer.
const READ_LIMIT: Duration = Duration::from_secs(60);
/// A whole exchange. Services themselves give up on a backend after about a minute.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(120);
/// The largest answer that is read: a page of a thousand machines is about 8 MB.
const RESPONSE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Idle connections kept per host; a run keeps fewer steps in flight per service.
const IDLE_PER_HOST_MAX: usize = 32;

/// Whose certificates are believed.
#[derive(Debug, Clone, Default)]
pub enum Trust {
    /// Those the machine believes.
    #[default]
    Platform,
    /// Only those of this certificate authority (PEM): a simulated cloud, or services of one's own.
    /// Proxies are not used.
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
#[derive(Debug, ThisError)]
pub enum HttpSetupError {
    /// The certificate authority is not PEM, or the machine's certificates cannot be used.
    #[error("setting up TLS: {message}")]
    Tls {
        /// The cause.
        message: String,
    },
}

/// Which way an exchange broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection: the request was certainly not acted on.
    Connect,
    /// A time limit passed; the service may have acted.
    Timeout,
    /// The connection broke; the service may have acted.
    Interrupted,
    /// The answer was larger than the cap.
    TooLarge,
    /// The request could not be put together or sent: a mistake of ours or of the surroundings.
    Refused,
}

/// An exchange that did not come about.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("{message}")]
pub struct Broken {
    /// Which way.
    pub kind: TransportKind,
    /// The causes, without addresses or secrets.
    pub message: String,
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        let kind = match broken.kind {
            TransportKind::Timeout => kind::TIMEOUT,
            TransportKind::Connect | TransportKind::Interrupted => kind::UNAVAILABLE,
            TransportKind::TooLarge => kind::CONTRACT_VIOLATION,
            TransportKind::Refused => kind::UNEXPECTED,
        };
        Self::new(kind, broken.message)
    }
}

/// A request with nothing left to decide.
#[derive(Default)]
pub struct Outgoing<'a> {
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// Headers, without the bearer token.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The bearer token.
    pub bearer: Option<&'a Secret>,
    /// The payload.
    pub body: Option<&'a Secret>,
}

/// Says nothing of headers or the payload, which carry secrets.
impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("method", &self.method).finish_non_exhaustive()
    }
}

/// An answer, read whole, whatever its status.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The payload.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// How long the service asks to wait, at most `longest`. The answer came at `now`, in milliseconds
    /// since 1970 (the host's clock says).
    #[must_use]
    pub fn retry_after(&self, now: u64, longest: Duration) -> Option<Duration> {
        let now = i64::try_from(now).ok().and_then(|now| Timestamp::from_millisecond(now).ok());
        let (value, date) = (self.header("retry-after"), self.header("date"));
        wait::retry_after(value, date, now.unwrap_or(Timestamp::MAX), longest)
    }
}

/// The address of `path` below `base`, with a query whose values may hold anything.
#[must_use]
pub fn address(base: &str, path: &str, query: &[(&str, &str)]) -> String {
    let mut address = format!("{base}{path}");
    if !query.is_empty() {
        let start = address.len() + 1;
        address.push('?');
        address =
            form_urlencoded::Serializer::for_suffix(address, start).extend_pairs(query).finish();
    }
    address
}

/// Says nothing of headers or the payload: an answer may carry a new secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Sets the cryptography of TLS up for this process. Each plugin has its own copy of that static; a
/// second call finds it done. Whoever builds a `reqwest` client calls it first.
pub fn provide_cryptography() {
    let _already_there = rustls::crypto::ring::default_provider().install_default().is_err();
}

/// Sends over HTTPS; in clear only where that was asked for.
#[derive(Debug, Clone)]
pub struct Http {
    secure: reqwest::Client,
    /// For `http://`: never by way of a proxy, which would read all of it.
    plain: Option<reqwest::Client>,
}

impl Http {
    /// Sends over HTTPS alone, as `agent`; nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates to believe cannot be used.
    pub fn new(options: &HttpOptions, agent: &str) -> Result<Self, HttpSetupError> {
        provide_cryptography();
        let mut secure = builder(options, agent).https_only(true);
        if let Trust::Only(pem) = &options.trust {
            let authorities =
                reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
            secure = secure.tls_certs_only(authorities).no_proxy();
        }
        Ok(Self { secure: secure.build().map_err(wrong)?, plain: None })
    }

    /// Sends in clear, too, to addresses that say `http://`. Which may is the caller's to decide: only
    /// those of this machine.
    ///
    /// # Errors
    /// As for [`Self::new`].
    pub fn with_plain(options: &HttpOptions, agent: &str) -> Result<Self, HttpSetupError> {
        let plain = builder(options, agent).no_proxy();
        let Self { secure, .. } = Self::new(options, agent)?;
        Ok(Self { secure, plain: Some(plain.build().map_err(wrong)?) })
    }

    /// One exchange, no second attempt.
    ///
    /// # Errors
    /// [`Broken`], when there is no whole answer.
    pub async fn exchange(&self, request: &Outgoing<'_>) -> Result<Answer, Broken> {
        let refused = |message: String| Broken { kind: TransportKind::Refused, message };
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| refused(error.to_string()))?;
        let http = match &self.plain {
            Some(plain) if request.url.starts_with("http://") => plain,
            _ => &self.secure,
        };
        let reads = method == reqwest::Method::GET;
        let mut outgoing = http.request(method, request.url);
        for (name, value) in &request.headers {
            outgoing = outgoing.header(*name, *value);
        }
        if let Some(token) = request.bearer {
            outgoing = outgoing.bearer_auth(token.expose());
        }
        outgoing = match request.body {
            Some(body) => outgoing.body(body.expose().to_owned()),
            // Services answer 411 to a POST that says nothing of its length.
            None if !reads => outgoing.header("content-length", "0"),
            None => outgoing,
        };
        read(outgoing.send().await.map_err(|error| broken(&error))?).await
    }
}

fn wrong(error: reqwest::Error) -> HttpSetupError {
    HttpSetupError::Tls { message: chain(&error) }
}

fn builder(options: &HttpOptions, agent: &str) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(READ_LIMIT)
        .timeout(options.limit.unwrap_or(EXCHANGE_LIMIT))
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
        .gzip(true)
        .user_agent(agent)
}

async fn read(mut response: reqwest::Response) -> Result<Answer, Broken> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
            let message = format!("the answer is larger than {RESPONSE_BYTES_MAX} bytes");
            return Err(Broken { kind: TransportKind::TooLarge, message });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

fn broken(error: &reqwest::Error) -> Broken {
    let kind = if error.is_connect() {
        TransportKind::Connect
    } else if error.is_timeout() {
        TransportKind::Timeout
    } else if error.is_builder() {
        TransportKind::Refused
    } else {
        TransportKind::Interrupted
    };
    Broken { kind, message: chain(error) }
}

/// The causes one after the other. The outermost text of `reqwest` repeats the whole address, so
/// it is left out wherever there is a cause below it.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_any_query() {
        assert_eq!(address("https://a.example", "/v1", &[]), "https://a.example/v1");
        let query = [("after", "a&b=c d/ü"), ("top", "7")];
        let expected = "https://a.example/v1?after=a%26b%3Dc+d%2F%C3%BC&top=7";
        assert_eq!(address("https://a.example", "/v1", &query), expected);
    }

    #[test]
    fn an_answer_says_how_long_to_wait() {
        let headers = |all: &[(&str, &str)]| {
            all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>()
        };
        let answer = |headers| Answer { status: 429, headers, body: Vec::new() };
        let longest = Duration::from_secs(60);
        let asked = answer(headers(&[("retry-after", "7")]));
        assert_eq!(asked.retry_after(0, longest), Some(Duration::from_secs(7)));
        let date = headers(&[("retry-after", "Thu, 01 Jan 1970 00:00:09 GMT")]);
        assert_eq!(answer(date).retry_after(4_000, longest), Some(Duration::from_secs(5)));
        assert_eq!(answer(Vec::new()).retry_after(0, longest), None);
    }
}
