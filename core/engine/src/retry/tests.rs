//! How patience is spread. How it is used is tested with the machine.

use std::time::Duration;

use uuid::Uuid;

use super::backoff;

/// Steps that failed together come back at different times, each always at its own.
#[test]
fn spreads_steps_that_failed_together() {
    let (min, max) = (Duration::from_secs(8), Duration::from_secs(30));
    let waits: Vec<u128> =
        (0..1000).map(|key| backoff(min, max, 0, Uuid::from_u128(key)).as_millis()).collect();
    let again: Vec<u128> =
        (0..1000).map(|key| backoff(min, max, 0, Uuid::from_u128(key)).as_millis()).collect();
    assert_eq!(waits, again);
    for tenth in 0_u128..10 {
        let from = 4000 + tenth * 400;
        let count = waits.iter().filter(|wait| (from..from + 400).contains(*wait)).count();
        assert!((50..=150).contains(&count), "{count} of 1000 in tenth {tenth}");
    }
}

/// However often something failed, the wait stays within its bounds.
#[test]
fn stays_within_bounds() {
    let (min, max) = (Duration::from_millis(500), Duration::from_secs(30));
    for count in [0, 1, 6, 7, 100, u32::MAX] {
        let wait = backoff(min, max, count, Uuid::nil());
        assert!((min / 2..=max).contains(&wait), "{count}: {wait:?}");
    }
}
