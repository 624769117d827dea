//! The error a plugin answers with.

use std::fmt;
use std::time::Duration;

use skybridge_plugin_api::{AbiError, kind, retry};
use skybridge_plugin_protocol::error::ErrorDetail;

/// What the SDK's functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It cannot.
    Permanent,
    /// It may: the service was unwell.
    Transient,
    /// It will: the world has not caught up yet.
    Eventual,
    /// It will, after the time asked for.
    RateLimited,
}

/// Why something did not work, by what can be done about it.
#[derive(Debug, Clone)]
pub struct Error {
    /// A number of [`crate::kind`].
    pub kind: u16,
    /// Whether trying again can help.
    pub retry: Retry,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// The sentence, and everything a person needs with it.
    pub detail: Box<ErrorDetail>,
}

impl Error {
    /// An error of a kind; whether it may be retried follows from the kind.
    pub fn new(kind: u16, message: impl Into<String>) -> Self {
        let retry = match kind {
            kind::RATE_LIMITED => Retry::RateLimited,
            kind::UNAVAILABLE | kind::TIMEOUT | kind::CONFLICT => Retry::Transient,
            kind::NOT_REPLICATED => Retry::Eventual,
            _ => Retry::Permanent,
        };
        let detail = Box::new(ErrorDetail { message: message.into(), ..ErrorDetail::default() });
        Self { kind, retry, retry_after: None, detail }
    }

    /// With the plugin's stable code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.detail.code = Some(code.into());
        self
    }

    /// With what was being done.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.detail.operation = Some(operation.into());
        self
    }

    /// With what a person can do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.detail.help = Some(help.into());
        self
    }

    /// With one more fact.
    #[must_use]
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.detail.context.push((key.into(), value.into()));
        self
    }

    /// With another retry class than the kind suggests.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// With the time the service asked to wait.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// With the JSON pointer of the setting concerned.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.detail.pointer = Some(pointer.into());
        self
    }

    pub(crate) fn panicked(text: String) -> Self {
        Self::new(kind::PANICKED, text).help("this is a bug of the plugin; report it to its author")
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(kind::CANCELLED, "stopped because the host asked for it")
    }

    pub(crate) fn contract(what: &str, error: &serde_json::Error) -> Self {
        Self::new(
            kind::CONTRACT_VIOLATION,
            format!("{what} is not what the contract says: {error}"),
        )
    }

    pub(crate) fn unsupported(what: &str) -> Self {
        Self::new(kind::UNSUPPORTED, format!("this plugin does not {what}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.detail.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.detail.message)
    }
}

impl std::error::Error for Error {}

impl From<Error> for AbiError {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind,
            retry: match error.retry {
                Retry::Permanent => retry::PERMANENT,
                Retry::Transient => retry::TRANSIENT,
                Retry::Eventual => retry::EVENTUAL,
                Retry::RateLimited => retry::RATE_LIMITED,
            },
            retry_after_ms: error
                .retry_after
                .map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            detail: serde_json::to_vec(&error.detail).unwrap_or_default().into(),
        }
    }
}

impl From<AbiError> for Error {
    fn from(error: AbiError) -> Self {
        let detail = serde_json::from_slice(&error.detail).unwrap_or_default();
        Self {
            kind: error.kind,
            retry: match error.retry {
                retry::TRANSIENT => Retry::Transient,
                retry::EVENTUAL => Retry::Eventual,
                retry::RATE_LIMITED => Retry::RateLimited,
                _ => Retry::Permanent,
            },
            retry_after: (error.retry_after_ms > 0)
                .then(|| Duration::from_millis(error.retry_after_ms)),
            detail,
        }
    }
}
