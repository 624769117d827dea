//! One thing that was tried, and what its outcome means.

use skybridge_aws_client::ClientError;
use skybridge_plugin_sdk::protocol::verify::{Check, check_status};
use skybridge_plugin_sdk::{Error, Retry};

use crate::errors::{Lag, classify};

/// What an outcome means for somebody who could try again.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It works.
    Works,
    /// It does not, as it would not if a grant had yet to take effect.
    ///
    /// With the error, when a service refused.
    NotYet(Option<Box<Error>>),
    /// The service is unwell or busy.
    Busy(Box<Error>),
    /// It does not work, and waiting will not help.
    Refused(Box<Error>),
    /// It was not tried.
    Skipped,
}

/// One thing that was tried.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) check: Check,
    pub(crate) verdict: Verdict,
}

impl Probe {
    /// It works.
    pub(crate) fn works(scope: &str, what: &str, detail: impl Into<String>) -> Self {
        Self::new(scope, what, check_status::OK, detail.into(), None, Verdict::Works)
    }

    /// It does not work as far as is known, and may soon.
    pub(crate) fn not_yet(scope: &str, what: &str, detail: impl Into<String>, help: &str) -> Self {
        let help = Some(help.to_owned());
        let verdict = Verdict::NotYet(None);
        Self::new(scope, what, check_status::FAILED, detail.into(), help, verdict)
    }

    /// It was not tried, because `detail`.
    pub(crate) fn skipped(scope: &str, what: &str, detail: &str) -> Self {
        let status = check_status::SKIPPED;
        Self::new(scope, what, status, detail.to_owned(), None, Verdict::Skipped)
    }

    /// It cannot work, whatever is waited for.
    pub(crate) fn refused(scope: &str, what: &str, error: Error) -> Self {
        let (detail, help) = (error.detail.message.clone(), error.detail.help.clone());
        let verdict = Verdict::Refused(Box::new(error));
        Self::new(scope, what, check_status::FAILED, detail, help, verdict)
    }

    /// It did not work, as `error` says.
    pub(crate) fn of_error(scope: &str, what: &str, error: Error) -> Self {
        let (detail, help) = (error.detail.message.clone(), error.detail.help.clone());
        let verdict = match error.retry {
            Retry::Eventual => Verdict::NotYet(Some(Box::new(error))),
            Retry::Transient | Retry::RateLimited => Verdict::Busy(Box::new(error)),
            Retry::Permanent => Verdict::Refused(Box::new(error)),
        };
        Self::new(scope, what, check_status::FAILED, detail, help, verdict)
    }

    /// It did not work: for good, for a moment, or as something new does not work yet.
    pub(crate) fn failed(scope: &str, what: &str, error: ClientError, lag: Lag) -> Self {
        Self::of_error(scope, what, classify(error, lag))
    }

    fn new(
        scope: &str,
        what: &str,
        status: &str,
        detail: String,
        help: Option<String>,
        verdict: Verdict,
    ) -> Self {
        let check = Check {
            scope: scope.to_owned(),
            what: what.to_owned(),
            status: status.to_owned(),
            detail,
            help,
            ..Check::default()
        };
        Self { check, verdict }
    }
}
