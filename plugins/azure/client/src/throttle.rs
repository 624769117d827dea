//! What the services say about how much more they will take.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crate::response::Response;

/// The longest wait that is believed; a longer one is a mistake of some intermediary.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// The counters of one answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Throttle {
    /// Resource Manager: calls left, by counter (`subscription-reads`, `tenant-writes`, …).
    pub remaining: BTreeMap<String, u64>,
    /// Graph: share of the limit that is used up, from 0.8 on.
    pub used: Option<f64>,
    /// Graph: what the request cost.
    pub cost: Option<u64>,
}

impl Throttle {
    /// Reads the counters of `response`.
    #[must_use]
    pub fn of(response: &Response) -> Self {
        let mut throttle = Self::default();
        for (name, value) in response.headers() {
            if let Some(counter) = name.strip_prefix("x-ms-ratelimit-remaining-")
                && let Ok(left) = value.trim().parse()
            {
                throttle.remaining.insert(counter.to_owned(), left);
            }
        }
        throttle.used =
            response.header("x-ms-throttle-limit-percentage").and_then(|v| v.trim().parse().ok());
        throttle.cost = response.header("x-ms-resource-unit").and_then(|v| v.trim().parse().ok());
        throttle
    }
}

/// How long the service asks to wait: seconds, or a date compared with the service's own clock so
/// that a wrong local clock does not matter.
#[must_use]
pub fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.header("retry-after")?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = http_date(value)?;
            let now = response.header("date").and_then(http_date).unwrap_or(response.received());
            Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}
