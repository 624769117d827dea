//! Every cap of the engine, with its reason. [`Limits`] holds the ones a caller may change.

use std::time::Duration;

/// Calls in flight over everything. One machine makes some 100,000 calls a second; what limits is
/// the cloud, and 256 calls of 0.6 s each are 400 a second, more than any quota of one tenant.
pub const IN_FLIGHT_MAX: u32 = 256;

/// Calls in flight within one throttle domain. A bucket refilled 10 to 25 times a second with calls
/// of about 0.6 s is kept empty by 16 at a time; more would only collect refusals.
pub const IN_FLIGHT_PER_DOMAIN_MAX: u32 = 16;

/// One call of a runner. The slowest single call known, purging a deleted application, takes under
/// two minutes; after five the answer is not coming.
pub const CALL_DEADLINE: Duration = Duration::from_secs(5 * 60);

/// First wait when a service is unwell: shorter ones hit the same hiccup.
pub const TRANSIENT_WAIT_MIN: Duration = Duration::from_millis(500);

/// Longest wait when a service is unwell: longer ones make people think that nothing happens.
pub const TRANSIENT_WAIT_MAX: Duration = Duration::from_secs(30);

/// Attempts that may fail because something is unwell, over all processes of a run: what fits into
/// [`TRANSIENT_BUDGET`], and an end for a run that is resumed over and over.
pub const TRANSIENT_ATTEMPTS_MAX: u32 = 25;

/// How long a service may be unwell: most incidents that end by themselves end within ten minutes.
pub const TRANSIENT_BUDGET: Duration = Duration::from_secs(10 * 60);

/// First wait for the world to catch up: most replicas have within a second.
pub const EVENTUAL_WAIT_MIN: Duration = Duration::from_millis(250);

/// Longest wait between two looks whether the world has caught up: what was waited for is seen at
/// most this much after it is there, and a minute of it is sixty calls, far below any quota.
pub const EVENTUAL_WAIT_MAX: Duration = Duration::from_secs(1);

/// How long the world may take to catch up, for steps that name no budget: directories promise
/// minutes, and a mistake should not look like patience for longer than this.
pub const EVENTUAL_BUDGET: Duration = Duration::from_secs(10 * 60);

/// How long one step may be held off by rate limits. The oldest regime counts by the hour, so an
/// honest answer may be "in an hour"; after two something else is wrong.
pub const RATE_LIMITED_BUDGET: Duration = Duration::from_secs(2 * 60 * 60);

/// Between two probes, whatever a plugin asks for: an interval of zero would be a busy loop.
pub const PROBE_INTERVAL_MIN: Duration = Duration::from_millis(20);

/// How long a step may be waited for, whatever a plugin asks for: the slowest thing known, a
/// person's consent, either comes within a working day or the run had better be resumed later.
pub const READY_BUDGET_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Steps of one run; the plan has the same cap.
pub const STEPS_MAX: usize = skybridge_model::limits::PLAN_STEPS_MAX;

/// Progress events that wait for a slow observer before further ones are dropped. Final events
/// have places of their own.
pub const PROGRESS_QUEUE: usize = 1024;

/// The caps a caller may change; [`Limits::default`] gives the constants of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// See [`IN_FLIGHT_MAX`]. At least one is always let through.
    pub in_flight: u32,
    /// See [`IN_FLIGHT_PER_DOMAIN_MAX`]. At least one is always let through.
    pub in_flight_per_domain: u32,
    /// See [`CALL_DEADLINE`].
    pub call_deadline: Duration,
    /// See [`TRANSIENT_ATTEMPTS_MAX`].
    pub transient_attempts: u32,
    /// See [`TRANSIENT_BUDGET`].
    pub transient_budget: Duration,
    /// See [`EVENTUAL_BUDGET`].
    pub eventual_budget: Duration,
    /// See [`RATE_LIMITED_BUDGET`].
    pub rate_limited_budget: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: IN_FLIGHT_MAX,
            in_flight_per_domain: IN_FLIGHT_PER_DOMAIN_MAX,
            call_deadline: CALL_DEADLINE,
            transient_attempts: TRANSIENT_ATTEMPTS_MAX,
            transient_budget: TRANSIENT_BUDGET,
            eventual_budget: EVENTUAL_BUDGET,
            rate_limited_budget: RATE_LIMITED_BUDGET,
        }
    }
}
