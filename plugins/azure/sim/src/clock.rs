//! Time: read once per call and handed down, so that everything below is a function of it.

use jiff::Timestamp;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// Milliseconds of a day.
pub(crate) const DAY: Millis = 86_400_000;

/// The only place that reads the wall clock.
pub(crate) fn now() -> Millis {
    Timestamp::now().as_millisecond()
}

fn text(time: Millis, format: &str) -> String {
    let stamp = Timestamp::from_millisecond(time).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime(format).to_string()
}

/// `2026-11-22T10:11:12.3450000Z`: Resource Manager prints seven digits.
pub(crate) fn arm_time(time: Millis) -> String {
    format!("{}.{:03}0000Z", text(time, "%Y-%m-%dT%H:%M:%S"), time.rem_euclid(1000))
}

/// `2026-11-22T10:11:12Z`: the directory prints whole seconds.
pub(crate) fn graph_time(time: Millis) -> String {
    text(time, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2026-11-22 10:11:12Z`: the token endpoint's errors.
pub(crate) fn login_time(time: Millis) -> String {
    text(time, "%Y-%m-%d %H:%M:%SZ")
}

/// `2026-11-22T10:11:12`: inside the directory's errors.
pub(crate) fn error_time(time: Millis) -> String {
    text(time, "%Y-%m-%dT%H:%M:%S")
}

/// `20261122T101112Z`: inside routing request ids.
pub(crate) fn routing_time(time: Millis) -> String {
    text(time, "%Y%m%dT%H%M%SZ")
}

/// Reads an RFC 3339 time.
pub(crate) fn parse_time(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(|stamp| stamp.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_each_service_prints_them() {
        let time = parse_time("2026-11-22T10:11:12.345Z").unwrap();
        assert_eq!(arm_time(time), "2026-11-22T10:11:12.3450000Z");
        assert_eq!(graph_time(time), "2026-11-22T10:11:12Z");
        assert_eq!(login_time(time), "2026-11-22 10:11:12Z");
        assert_eq!(parse_time("yesterday"), None);
    }
}
