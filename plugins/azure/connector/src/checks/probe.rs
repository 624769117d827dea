//! One thing that was tried, and what its outcome means.

use skybridge_azure_client::ClientError;
use skybridge_plugin_sdk::protocol::verify::{Check, check_status};
use skybridge_plugin_sdk::{Error, Retry};

use crate::errors::{Lag, classify, is_credential_lag};

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

/// When a service had no time for the question.
const BUSY_HELP: &str = "the service was busy or unwell at every attempt; verify again later";

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
        let mut probe = Self::new(scope, what, check_status::FAILED, detail.into(), help, verdict);
        probe.check.code = Some("AZ-VERIFY-001".into());
        probe
    }

    /// It was not tried, because `detail`.
    pub(crate) fn skipped(scope: &str, what: &str, detail: &str) -> Self {
        let status = check_status::SKIPPED;
        Self::new(scope, what, status, detail.to_owned(), None, Verdict::Skipped)
    }

    /// It cannot work, whatever is waited for.
    pub(crate) fn refused(scope: &str, what: &str, error: Error) -> Self {
        let help = error.detail.help.clone();
        let check = refusal(scope, what, &error, help);
        Self { check, verdict: Verdict::Refused(Box::new(error)) }
    }

    /// It did not work. Without a role, Azure answers 403 or hides the thing behind a 404; both are
    /// what a grant on its way looks like.
    pub(crate) fn failed(scope: &str, what: &str, error: ClientError, help: &str) -> Self {
        let is_credential = is_credential_lag(&error);
        let hidden =
            is_credential || error.service().is_some_and(|error| matches!(error.status, 403 | 404));
        // What it means if it stays: whoever reads a report is not waiting for anything.
        let lasting = classify(error.clone(), Lag::Impossible);
        let error = classify(error, Lag::Possible);
        let help = match lasting.retry {
            Retry::Transient | Retry::RateLimited => BUSY_HELP.to_owned(),
            _ if hidden && !is_credential => help.to_owned(),
            _ => lasting.detail.help.clone().unwrap_or_else(|| help.to_owned()),
        };
        let check = refusal(scope, what, &lasting, Some(help));
        let verdict = match error.retry {
            _ if hidden => Verdict::NotYet(Some(Box::new(error))),
            Retry::Eventual => Verdict::NotYet(Some(Box::new(error))),
            Retry::Transient | Retry::RateLimited => Verdict::Busy(Box::new(error)),
            Retry::Permanent => Verdict::Refused(Box::new(error)),
        };
        Self { check, verdict }
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

/// What is reported of something that a service refused.
fn refusal(scope: &str, what: &str, error: &Error, help: Option<String>) -> Check {
    Check {
        scope: scope.to_owned(),
        what: what.to_owned(),
        status: check_status::FAILED.into(),
        detail: error.detail.message.clone(),
        help,
        code: error.detail.code.clone(),
        context: error.detail.context.clone(),
    }
}
