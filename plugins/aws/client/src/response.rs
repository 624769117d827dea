//! What came back, and reading it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use skybridge_plugin_http::wait;

use crate::endpoints::Service;
use crate::error::ServiceError;
use crate::request::{Payload, Request};

/// The longest part of a service's own message that is kept.
const MESSAGE_CHARS_MAX: usize = 600;

/// The longest wait that is believed when a service asks for one.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(15 * 60);

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    /// From its parts; header names in small letters.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// What the service knows the request by.
    #[must_use]
    pub fn request_id(&self) -> Option<String> {
        let named = ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|n| self.header(n));
        named.map(str::to_owned).or_else(|| {
            let envelope: Envelope = quick_xml::de::from_str(self.text()).ok()?;
            envelope.request_id.or_else(|| envelope.metadata.and_then(|it| it.request_id))
        })
    }

    /// The body, in the way the service of `request` speaks.
    ///
    /// # Errors
    /// When it is something else.
    pub fn decode<T: DeserializeOwned>(&self, request: &Request) -> Result<T, String> {
        if speaks_json(request) {
            serde_json::from_slice(&self.body).map_err(|error| error.to_string())
        } else {
            quick_xml::de::from_str(self.text()).map_err(|error| error.to_string())
        }
    }

    /// The refusal in it; nothing when it is none.
    #[must_use]
    pub fn refusal(&self, request: &Request) -> Option<ServiceError> {
        if (200..300).contains(&self.status) {
            return None;
        }
        let (code, message) =
            if speaks_json(request) { self.json_error() } else { self.xml_error() };
        Some(ServiceError {
            service: request.service,
            operation: request.operation,
            action: request.action,
            status: self.status,
            code: code.unwrap_or_default(),
            message: message.unwrap_or_default().chars().take(MESSAGE_CHARS_MAX).collect(),
            request_id: self.request_id(),
            retry_after: wait::retry_after(
                self.header("retry-after"),
                self.header("date"),
                Timestamp::now(),
                RETRY_AFTER_MAX,
            ),
        })
    }

    fn json_error(&self) -> (Option<String>, Option<String>) {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let code = text("__type")
            .or_else(|| text("code"))
            .or_else(|| self.header("x-amzn-errortype").map(str::to_owned));
        // `com.amazonaws.organizations#AccessDeniedException`, `NotFound:http://…`
        let bare = |code: String| {
            let last = code.rsplit('#').next().unwrap_or_default();
            last.split(':').next().unwrap_or_default().to_owned()
        };
        (code.map(bare), text("message").or_else(|| text("Message")))
    }

    fn xml_error(&self) -> (Option<String>, Option<String>) {
        let Ok(envelope) = quick_xml::de::from_str::<Envelope>(self.text()) else {
            return (None, None);
        };
        let inner = envelope.error.or_else(|| envelope.errors.and_then(|errors| errors.error));
        match inner {
            Some(inner) => (inner.code, inner.message),
            None => (envelope.code, envelope.message),
        }
    }
}

fn speaks_json(request: &Request) -> bool {
    match request.payload {
        Payload::Json(_) => true,
        Payload::Query(_) => false,
        Payload::Get { .. } => request.service == Service::Eks,
    }
}

/// What the three forms of errors in XML have in common: those of IAM and STS, of EC2, and of S3.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    error: Option<Inner>,
    errors: Option<Errors>,
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "RequestID", alias = "requestId")]
    request_id: Option<String>,
    #[serde(rename = "ResponseMetadata")]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Errors {
    error: Option<Inner>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inner {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    request_id: Option<String>,
}
