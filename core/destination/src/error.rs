//! Why a connection was not handed over.

use std::fmt;
use std::time::Duration;

use skybridge_plugin_protocol::error::ErrorDetail;

use crate::codes;

/// The numbers of [`DeliveryError::kind`]. They are the plugin interface's numbers, repeated here so
/// that this crate need not know the interface; a test compares the two.
pub mod kind {
    /// The settings are wrong.
    pub const INVALID_CONFIG: u16 = 1;
    /// The key was not accepted.
    pub const UNAUTHENTICATED: u16 = 2;
    /// The thing is not there.
    pub const NOT_FOUND: u16 = 4;
    /// The thing is there already and is not ours to use.
    pub const ALREADY_EXISTS: u16 = 5;
    /// Something that must be true first is not.
    pub const PRECONDITION: u16 = 7;
    /// Asked too often.
    pub const RATE_LIMITED: u16 = 8;
    /// The service or the network did not answer.
    pub const UNAVAILABLE: u16 = 10;
    /// It took too long.
    pub const TIMEOUT: u16 = 11;
    /// One side broke the contract.
    pub const CONTRACT_VIOLATION: u16 = 13;
    /// Anything else.
    pub const UNEXPECTED: u16 = 15;
    /// It exists, but not everywhere yet.
    pub const NOT_REPLICATED: u16 = 17;
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot.
    Permanent,
    /// It may.
    Transient,
    /// It will, once the world has caught up.
    Eventual,
    /// It will, after the time asked for.
    RateLimited,
}

/// Why a connection was not handed over. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryError {
    /// A number of [`kind`].
    pub kind: u16,
    /// Whether trying again can help.
    pub retry: Retry,
    /// How long the other side asked to wait.
    pub retry_after: Option<Duration>,
    /// The sentence, its code, and everything a person needs with it.
    pub detail: Box<ErrorDetail>,
}

pub(crate) type Result<T> = std::result::Result<T, DeliveryError>;

impl DeliveryError {
    /// An error with a code and one sentence; what to do is what the code's explanation says.
    pub(crate) fn new(
        code: &'static str,
        kind: u16,
        retry: Retry,
        message: impl Into<String>,
    ) -> Self {
        let help = codes::explain(code).map(|explanation| explanation.fix.to_owned());
        let detail = ErrorDetail {
            message: message.into(),
            code: Some(code.to_owned()),
            help,
            ..ErrorDetail::default()
        };
        Self { kind, retry, retry_after: None, detail: Box::new(detail) }
    }

    /// One that trying again does not change.
    pub(crate) fn permanent(code: &'static str, kind: u16, message: impl Into<String>) -> Self {
        Self::new(code, kind, Retry::Permanent, message)
    }

    /// With what was being done.
    pub(crate) fn during(mut self, operation: &str) -> Self {
        self.detail.operation.get_or_insert_with(|| operation.to_owned());
        self
    }

    /// With the time the other side asked to wait.
    pub(crate) fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// With what a person can do about just this.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.detail.help = Some(help.into());
        self
    }

    /// With a fact.
    pub(crate) fn fact(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.detail.context.push((name.to_owned(), value.to_string()));
        self
    }

    /// The stable code, such as `SKY-DEST-008`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.detail.code.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.detail.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{} ({})", self.detail.message, self.code())
    }
}

impl std::error::Error for DeliveryError {}
