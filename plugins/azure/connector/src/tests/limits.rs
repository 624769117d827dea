//! What the cloud says of further calls reaches the host, by throttle domain.

use skybridge_plugin_sdk::Retry;
use skybridge_plugin_sdk::protocol::rate_limit::RateLimit;

use super::support::{Rehearsal, SUBSCRIPTION};
use crate::steps;

/// One look at the subscription, and what is passed on of it.
async fn look(rehearsal: &Rehearsal) -> (Option<Retry>, Vec<RateLimit>) {
    let call = rehearsal.call(rehearsal.find("subscription"));
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let seen = steps::family(&call.kind).unwrap().observe(&session, &call).await;
    session.tell_limits();
    let told = std::mem::take(&mut *rehearsal.host.limits.lock().unwrap());
    (seen.err().map(|error| error.retry), told)
}

/// Counters go to the domain that the plan names for the subscription's steps; a refusal says how
/// long its bucket is empty.
#[tokio::test]
async fn counters_are_passed_on_by_domain() {
    let scenario = "[throttle.resource-manager]\nreads = { bucket = 6, per-second = 1 }\n";
    let rehearsal = Rehearsal::new(Some(scenario)).await;
    let (mut looks, mut last) = (0, u64::MAX);
    loop {
        let (error, told) = look(&rehearsal).await;
        let domain = format!("arm/{SUBSCRIPTION}");
        let ours = told.iter().find(|limit| limit.domain.as_deref() == Some(&domain));
        let ours = ours.unwrap_or_else(|| panic!("nothing of {domain}: {told:?}"));
        assert_eq!(ours.bucket, "subscription-reads");
        assert!(ours.calls >= 1 && ours.remaining <= last, "{ours:?}");
        last = ours.remaining;
        looks += 1;
        match error {
            None => assert!(looks < 20, "the bucket does not empty: {ours:?}"),
            Some(retry) => {
                assert_eq!(retry, Retry::RateLimited);
                assert_eq!(ours.remaining, 0);
                assert!(ours.resets_in_ms.is_some_and(|ms| ms >= 1000), "{ours:?}");
                return;
            }
        }
    }
}
