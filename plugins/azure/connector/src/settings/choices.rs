//! What is done where there is more than one way: the root management group, the consent, and a
//! deleted application that holds the name.

use serde::Deserialize;

/// What is done about the role at the root management group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RootManagementGroup {
    /// It is assigned; the operator has the right.
    #[default]
    Assign,
    /// It is assigned; the operator takes the right for that time if there is need to.
    Elevate,
    /// It is not assigned.
    Skip,
}

/// Who consents to the Graph permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Consent {
    /// The operator.
    #[default]
    Grant,
    /// The operator if allowed to, else a person who is asked and waited for.
    HandOff,
}

/// What is done about a deleted application that holds our unique name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DeletedApplication {
    /// It is brought back.
    #[default]
    Restore,
    /// It is removed for good and a new one is made.
    Purge,
    /// Nothing: a person decides.
    Refuse,
}

/// How long a person is waited for, written `90s`, `30m`, `1h` or `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Wait(pub(crate) u64);

/// A week: a run that waits longer is better started again.
const SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

impl Default for Wait {
    fn default() -> Self {
        Self(60 * 60)
    }
}

impl Wait {
    pub(crate) const fn milliseconds(self) -> u64 {
        self.0 * 1_000
    }
}

impl TryFrom<String> for Wait {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)]
            .into_iter()
            .find_map(|(unit, seconds)| {
                let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
                number.checked_mul(seconds)
            })
            .filter(|seconds| (1..=SECONDS_MAX).contains(seconds))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no time such as `30m` or `1h`, at most `7d`"))
    }
}
