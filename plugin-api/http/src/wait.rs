//! How long a service asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Reads `Retry-After`: seconds, or a date that is compared with the service's own clock (its header
/// `Date`), so that a wrong local clock does not matter. A longer wait than `longest` is a mistake of some
/// intermediary.
#[must_use]
pub fn retry_after(
    value: Option<&str>,
    date: Option<&str>,
    received: Timestamp,
    longest: Duration,
) -> Option<Duration> {
    let value = value?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = date.and_then(http_date).unwrap_or(received);
            Duration::try_from(http_date(value)?.duration_since(now)).unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(longest))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_bounded() {
        const LONGEST: Duration = Duration::from_secs(60);
        let at = |second: u32| format!("Sun, 06 Nov 1994 08:49:{second:02} GMT");
        let read = |value: &str, date: Option<&str>| {
            retry_after(Some(value), date, Timestamp::UNIX_EPOCH, LONGEST)
        };
        assert_eq!(read(" 7 ", None), Some(Duration::from_secs(7)));
        assert_eq!(read("86400", None), Some(LONGEST));
        assert_eq!(read(&at(40), Some(&at(37))), Some(Duration::from_secs(3)));
        assert_eq!(read(&at(30), Some(&at(37))), Some(Duration::ZERO));
        assert_eq!(read(&at(30), None), Some(LONGEST), "against the clock of the epoch");
        assert_eq!(read("soon", None), None);
        assert_eq!(retry_after(None, None, Timestamp::UNIX_EPOCH, LONGEST), None);
    }
}
