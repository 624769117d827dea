//! How long the other side asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;

use crate::limits::WAIT_MAX;

/// What `Retry-After` says: seconds, or a date compared with the other side's own clock so that a
/// wrong local clock does not matter.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
    if let Some(wait) = seconds(value) {
        return Some(wait);
    }
    let at = http_date(value)?;
    let now = text(headers, "date").and_then(http_date).unwrap_or(now);
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO);
    (wait <= WAIT_MAX).then_some(wait)
}

/// What `RateLimit-Reset` says, in seconds.
pub(crate) fn reset(headers: &HeaderMap) -> Option<Duration> {
    text(headers, "ratelimit-reset").and_then(seconds)
}

/// Whether the other side says that no call is left.
pub(crate) fn used_up(headers: &HeaderMap) -> bool {
    text(headers, "ratelimit-remaining").is_some_and(|left| left.parse() == Ok(0_u64))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn seconds(value: &str) -> Option<Duration> {
    let wait = Duration::from_secs(value.parse().ok()?);
    (wait <= WAIT_MAX).then_some(wait)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn waits_are_read_in_every_form_and_believed_up_to_a_day() {
        let now = Timestamp::UNIX_EPOCH;
        let after = |value| retry_after(&headers(&[("retry-after", value)]), now);
        assert_eq!(after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(after("Thu, 01 Jan 1970 00:02:00 GMT"), Some(Duration::from_mins(2)));
        assert_eq!(after("86401"), None);
        assert_eq!(after("soon"), None);
        let dated = headers(&[
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:07 GMT"),
        ]);
        assert_eq!(retry_after(&dated, now), Some(Duration::from_secs(30)));
        let spent = headers(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "31")]);
        assert!(used_up(&spent) && !used_up(&headers(&[("ratelimit-remaining", "10")])));
        assert_eq!(reset(&spent), Some(Duration::from_secs(31)));
        assert_eq!(reset(&headers(&[("ratelimit-reset", "1799999999")])), None);
    }
}
