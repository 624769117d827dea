//! Small helpers for writing step templates.

use skybridge_plugin_sdk::protocol::onboard::{Call, Readiness, Undo};

/// Milliseconds between two probes: longer than an answer takes, short enough not to be noticed.
const INTERVAL_MS: u64 = 500;

/// A minute.
pub(crate) const MINUTE_MS: u64 = 60_000;

/// One call of a service that speaks in actions, at `base`; it needs the permission of its name.
pub(crate) fn call(base: &str, service: &str, action: &str) -> Call {
    Call {
        method: "POST".into(),
        url: format!("{base}/?Action={action}"),
        permission: Some(format!("{service}:{action}")),
    }
}

/// One call that everybody may make.
pub(crate) fn free_call(base: &str, action: &str) -> Call {
    Call { method: "POST".into(), url: format!("{base}/?Action={action}"), permission: None }
}

/// How a step is undone.
pub(crate) fn undo(title: &str, calls: Vec<Call>) -> Option<Undo> {
    Some(Undo { title: title.into(), calls })
}

/// What is waited for.
pub(crate) fn wait(waits_for: &str, successes: u32, budget_ms: u64) -> Option<Readiness> {
    Some(Readiness { waits_for: waits_for.into(), successes, interval_ms: INTERVAL_MS, budget_ms })
}

/// Owned copies of words.
pub(crate) fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
