//! What the services say about how much more they will take.

use std::collections::BTreeMap;
use std::time::Duration;

use skybridge_plugin_http::{limits, wait};

use crate::cloud::Service;
use crate::request::Request;
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

/// Whose calls a counter counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Those to one subscription, by its id.
    Subscription(String),
    /// Those to Resource Manager that are to no subscription.
    Tenant,
    /// Those to Graph.
    Graph,
}

/// Keeps what answers say of further calls.
pub type Notebook = limits::Notebook<Counted>;

/// Notes what an answer says of further calls.
pub(crate) fn note(notebook: &Notebook, request: &Request, response: &Response) {
    let refused = response.status() == 429;
    let mut counters = Throttle::of(response).remaining;
    if refused && counters.is_empty() {
        // Graph has no counters, and a refusal is worth knowing without one.
        counters.insert(String::new(), 0);
    }
    for (counter, left) in counters {
        if let Some(counted) = counted(request, &counter) {
            let wait = if refused && left == 0 { retry_after(response) } else { None };
            notebook.note(counted, counter, left, wait);
        }
    }
}

/// Whose calls `counter` counts in the answer to `request`; nothing for the login service, whose
/// limits are nobody's in particular.
fn counted(request: &Request, counter: &str) -> Option<Counted> {
    let subscription = || {
        let mut parts = request.path.split('/').skip(1);
        let first = parts.next()?;
        let id = parts.next().filter(|_| first.eq_ignore_ascii_case("subscriptions"))?;
        Some(Counted::Subscription(id.to_owned()))
    };
    match request.service {
        Service::Graph => Some(Counted::Graph),
        Service::ResourceManager if counter.starts_with("tenant-") => Some(Counted::Tenant),
        Service::ResourceManager if counter.starts_with("subscription-") => subscription(),
        Service::ResourceManager => Some(subscription().unwrap_or(Counted::Tenant)),
        Service::Login => None,
    }
}

/// How long the service asks to wait.
#[must_use]
pub fn retry_after(response: &Response) -> Option<Duration> {
    let (value, date) = (response.header("retry-after"), response.header("date"));
    wait::retry_after(value, date, response.received(), RETRY_AFTER_MAX)
}
