//! Why a step did not work, as data that survives being written down.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use skybridge_plugin_protocol::error::ErrorDetail;

/// The numbers of [`StepError::kind`] that the host itself gives. They are the plugin interface's
/// numbers, repeated here so that the engine need not know the interface; a test compares the two.
pub mod kind {
    /// It took too long.
    pub const TIMEOUT: u16 = 11;
    /// One side broke the contract.
    pub const CONTRACT_VIOLATION: u16 = 13;
    /// The code that ran the step panicked.
    pub const PANICKED: u16 = 14;
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryClass {
    /// It cannot.
    Permanent,
    /// It may: the service was unwell.
    Transient,
    /// It will: the world has not caught up yet.
    Eventual,
    /// It will, after the time asked for; everything else of the same throttle domain waits too.
    RateLimited,
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepError {
    /// What went wrong, as a number of the plugin interface: an open set.
    pub kind: u16,
    /// Whether trying again can help.
    pub class: RetryClass,
    /// How long the other side asked to wait.
    #[serde(rename = "retry-after-ms", with = "millis", default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
    /// The words; boxed because errors travel in results beside small answers.
    pub detail: Box<ErrorDetail>,
}

impl StepError {
    /// An error with a kind, a class and one sentence.
    pub fn new(kind: u16, class: RetryClass, message: impl Into<String>) -> Self {
        let detail = ErrorDetail { message: message.into(), ..ErrorDetail::default() };
        Self::of(kind, class, detail)
    }

    /// An error with a kind, a class and all its words.
    #[must_use]
    pub fn of(kind: u16, class: RetryClass, detail: ErrorDetail) -> Self {
        Self { kind, class, retry_after: None, detail: Box::new(detail) }
    }

    /// With the time the other side asked to wait.
    #[must_use]
    pub fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.detail.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.detail.message)?;
        match &self.detail.code {
            Some(code) => write!(f, " ({code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StepError {}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let millis = value.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        millis.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
    }
}
