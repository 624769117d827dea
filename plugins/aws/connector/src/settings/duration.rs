//! `session-duration`: how long whoever becomes the role stays it.

use serde::Deserialize;

/// IAM's bounds of a role's longest session.
const SECONDS_MIN: u32 = 60 * 60;
const SECONDS_MAX: u32 = 12 * 60 * 60;

/// The longest session, written `1h` or `90m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct SessionDuration(u32);

impl SessionDuration {
    pub(crate) const fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for SessionDuration {
    fn default() -> Self {
        Self(SECONDS_MIN)
    }
}

impl TryFrom<String> for SessionDuration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        [("h", 60 * 60), ("m", 60)]
            .into_iter()
            .find_map(|(unit, seconds)| {
                text.strip_suffix(unit)?.parse::<u32>().ok()?.checked_mul(seconds)
            })
            .filter(|seconds| (SECONDS_MIN..=SECONDS_MAX).contains(seconds))
            .map(Self)
            .ok_or_else(|| format!("`{text}` is no time from `1h` to `12h`"))
    }
}
