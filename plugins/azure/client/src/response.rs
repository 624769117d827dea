//! What a service answered.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

/// An answer, read whole.
#[derive(Clone)]
pub struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    received: Timestamp,
}

impl Response {
    /// Puts an answer together; header names are lowered.
    #[must_use]
    pub fn new(
        status: u16,
        headers: impl IntoIterator<Item = (String, String)>,
        body: Vec<u8>,
        received: Timestamp,
    ) -> Self {
        let headers = headers.into_iter().map(|(n, v)| (n.to_ascii_lowercase(), v)).collect();
        Self { status, headers, body, received }
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of the 200s.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// All headers, in order of their names.
    #[must_use]
    pub const fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    /// The payload.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// When it was received, by the local clock.
    #[must_use]
    pub const fn received(&self) -> Timestamp {
        self.received
    }

    /// The id the service knows the request by.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.header("x-ms-request-id").or_else(|| self.header("request-id"))
    }

    /// The id that ties several services' work on the request together.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.header("x-ms-correlation-request-id")
            .or_else(|| self.header("client-request-id"))
            .or_else(|| self.header("x-ms-client-request-id"))
    }
}

/// Says nothing of the payload or of header values: an answer may carry a new secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
