//! Why there is no answer, or not the one that was asked for.

use std::time::Duration;

pub use skybridge_plugin_http::TransportKind;
use thiserror::Error;

use crate::endpoints::Service;

/// A refusal in the service's own words.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{service} answered {status} {code}: {message}")]
pub struct ServiceError {
    /// Who refused.
    pub service: Service,
    /// What was being done.
    pub operation: &'static str,
    /// AWS's own word for it.
    pub action: &'static str,
    /// The status.
    pub status: u16,
    /// The service's code: `NoSuchEntity`.
    pub code: String,
    /// Its message.
    pub message: String,
    /// What the service knows the request by.
    pub request_id: Option<String>,
    /// How long it asked to wait.
    pub retry_after: Option<Duration>,
}

impl ServiceError {
    /// Whether the service's code is one of `codes`; `Exception` at the end does not matter.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        let bare = |code: &str| code.strip_suffix("Exception").unwrap_or(code).to_owned();
        codes.iter().any(|code| bare(code) == bare(&self.code))
    }

    /// Whether its message holds `text`, in whatever letters.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        self.message.to_lowercase().contains(&text.to_lowercase())
    }
}

/// Why there is no answer that could be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The service refused.
    #[error(transparent)]
    Service(Box<ServiceError>),
    /// No whole answer came.
    #[error("{service} could not be asked: {message}")]
    Transport {
        /// Who was asked.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// What happened.
        kind: TransportKind,
        /// The causes.
        message: String,
    },
    /// There is nothing to sign with.
    #[error("{message}")]
    Credential {
        /// Why.
        message: String,
        /// Whether it may be there when asked again.
        transient: bool,
    },
    /// The request could not be signed.
    #[error("signing the request to {service}: {message}")]
    Signing {
        /// Who would be asked.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// Why.
        message: String,
    },
    /// The answer cannot be read.
    #[error("{service} answered {status} with a body that cannot be read: {message}")]
    Decode {
        /// Who answered.
        service: Service,
        /// What was being done.
        operation: &'static str,
        /// The status.
        status: u16,
        /// Why.
        message: String,
        /// What the service knows the request by.
        request_id: Option<String>,
    },
    /// A list without an end.
    #[error("{service} sent {pages} pages and no end")]
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
    /// The refusal, when it is one.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the service refused with one of `codes`.
    #[must_use]
    pub fn is(&self, codes: &[&str]) -> bool {
        self.service().is_some_and(|error| error.is(codes))
    }

    /// Whether the thing asked for is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.is(&["NoSuchEntity"])
    }

    /// Whether whoever asked may not: as a role that is new looks like, too.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.is(&["AccessDenied", "UnauthorizedOperation"])
    }
}
