//! Everything that can go wrong between asking and knowing.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
pub use skybridge_plugin_http::TransportKind;
use thiserror::Error;

use crate::cloud::Service;
use crate::request::Request;
use crate::response::Response;
use crate::throttle;

/// The longest message of a service that is kept.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// A service refused, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{operation}: {service} answered {status} {code}: {message}")]
pub struct ServiceError {
    /// Who refused.
    pub service: Service,
    /// What was being done.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// `AuthorizationFailed`, `Request_ResourceNotFound`, `invalid_client`; empty when the body
    /// was no error document.
    pub code: String,
    /// The message, shortened.
    pub message: String,
    /// Numbers of the login service: 7000215 for `AADSTS7000215`.
    pub login_codes: Vec<u32>,
    /// Codes and messages of the details below the error.
    pub inner: Vec<(String, String)>,
    /// The id the service knows the request by.
    pub request_id: Option<String>,
    /// The id that ties several services' work together.
    pub correlation_id: Option<String>,
    /// How long the service asks to wait.
    pub retry_after: Option<Duration>,
    /// The service wants the person to sign in again with more proof.
    pub claims_challenge: bool,
}

impl ServiceError {
    /// Whether the code is `code`; services do not agree on capitals.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
    }

    /// Whether the message holds `part`, whatever the capitals.
    #[must_use]
    pub fn says(&self, part: &str) -> bool {
        self.message.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
    }

    /// Decodes the refusal of `request` in `response`, whichever service it came from.
    #[must_use]
    pub fn decode(request: &Request, response: &Response) -> Self {
        let document: Document = serde_json::from_slice(response.body()).unwrap_or_default();
        let mut error = Self {
            service: request.service,
            operation: request.operation,
            status: response.status(),
            code: String::new(),
            message: String::new(),
            login_codes: document.error_codes,
            inner: Vec::new(),
            request_id: response.request_id().map(str::to_owned),
            correlation_id: response.correlation_id().map(str::to_owned),
            retry_after: throttle::retry_after(response),
            claims_challenge: response
                .header("www-authenticate")
                .is_some_and(|challenge| challenge.contains("claims=")),
        };
        match document.error {
            // The login service: a word, with the text beside it.
            Some(Value::String(code)) => {
                error.code = code;
                error.message = shorten(&document.error_description.unwrap_or_default());
                error.request_id = error.request_id.or(document.trace_id);
                error.correlation_id = error.correlation_id.or(document.correlation_id);
            }
            // Resource Manager and Graph: an object.
            Some(object) => error.fill(serde_json::from_value(object).unwrap_or_default()),
            None => error.message = describe_unknown(response),
        }
        error
    }

    fn fill(&mut self, body: ErrorBody) {
        self.code = body.code.unwrap_or_default();
        self.message = shorten(&body.message.unwrap_or_default());
        self.inner = body
            .details
            .unwrap_or_default()
            .into_iter()
            .map(|d| (d.code.unwrap_or_default(), shorten(&d.message.unwrap_or_default())))
            .collect();
        if let Some(inner) = body.inner_error {
            self.request_id = self.request_id.take().or(inner.request_id);
            self.correlation_id = self.correlation_id.take().or(inner.client_request_id);
        }
    }
}

/// Why [`Client`](crate::Client) has no answer.
#[derive(Debug, Clone, Error)]
pub enum ClientError {
    /// The service refused.
    #[error(transparent)]
    Service(Box<ServiceError>),
    /// The exchange did not come about.
    #[error("{operation}: {service} could not be asked: {message}")]
    Transport {
        /// Who was asked.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// Which way it broke.
        kind: TransportKind,
        /// The cause, without addresses or secrets.
        message: String,
    },
    /// The credential of whoever asks gave no token.
    #[error("asking for a token: {message}")]
    Credential {
        /// The cause in the credential's own words.
        message: String,
    },
    /// A person was asked to sign in on another device, and did not.
    #[error("waiting for a person to sign in: {message}")]
    NotSignedIn {
        /// What came of it.
        message: String,
    },
    /// The credential works, for another tenant than the one that is meant.
    #[error("the token is one of tenant {found}, and {wanted} is meant")]
    WrongTenant {
        /// The tenant of the token.
        found: String,
        /// The tenant that is meant.
        wanted: String,
    },
    /// The answer was not what the service documents.
    #[error("{operation}: {service} answered {status} with a body that cannot be read: {message}")]
    Decode {
        /// Who answered.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// What did not fit.
        message: String,
        /// The id the service knows the request by.
        request_id: Option<String>,
    },
    /// A list pointed to a next page elsewhere; the bearer token must not go there.
    #[error("{operation}: {service} points to a next page outside its own address")]
    ForeignNextLink {
        /// Who answered.
        service: Service,
        /// What was being done.
        operation: &'static str,
    },
    /// A list did not end.
    #[error("{operation}: {service} sent {pages} pages and no end")]
    TooManyPages {
        /// Who answered.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// How many were read.
        pages: usize,
    },
}

impl ClientError {
    /// The refusal, when a service refused.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a service answered `status`.
    #[must_use]
    pub fn is_status(&self, status: u16) -> bool {
        self.service().is_some_and(|error| error.status == status)
    }
}

impl From<ServiceError> for ClientError {
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

/// The union of the three services' error documents.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    error: Option<Value>,
    error_description: Option<String>,
    error_codes: Vec<u32>,
    trace_id: Option<String>,
    correlation_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    details: Option<Vec<Self>>,
    #[serde(rename = "innerError", alias = "innererror")]
    inner_error: Option<InnerError>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct InnerError {
    request_id: Option<String>,
    client_request_id: Option<String>,
}

/// One line of bounded length, without control characters: it may end up on a terminal.
fn shorten(text: &str) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MESSAGE_CHARS_MAX {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

fn describe_unknown(response: &Response) -> String {
    let kind = response.header("content-type").unwrap_or("an unnamed type");
    format!("no error document, {} bytes of {kind}", response.body().len())
}
