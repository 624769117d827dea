//! Every cap of the engine, with its reason. [`Limits`] holds the ones a caller may change.

use std::time::Duration;

/// Calls in flight over everything. One machine makes some 100,000 calls a second, and a hundred
/// subscriptions have quotas for 25,000 at once; but each call may be a connection, and systems give
/// a process 1,024 descriptors. With calls of 0.6 s they are 800 a second.
pub const IN_FLIGHT_MAX: u32 = 512;

/// Calls in flight within one throttle domain. With calls of 0.6 s they are a hundred a second, and
/// no bucket known is refilled faster for one caller.
pub const IN_FLIGHT_PER_DOMAIN_MAX: u32 = 64;

/// Calls in flight within a domain nothing is known of yet. A bucket refilled 10 to 25 times a second
/// with calls of about 0.6 s is kept empty by 16 at a time; more would first collect refusals.
pub const IN_FLIGHT_PER_DOMAIN_START: u32 = 16;

/// One part in so many of the places is kept for domains that have nothing in flight: so many hanging
/// domains can be met before others wait for them.
pub const IDLE_DOMAINS_PART: u32 = 4;

/// One part in so many of the places is kept for connectors that have nothing in flight, one for
/// each of the others at most.
pub const IDLE_CONNECTORS_PART: u32 = 8;

/// A domain that took longer for its latest answer is not given places kept for idle ones. The
/// slowest ordinary call takes some three seconds; three times that is a domain that is unwell.
pub const SLOW_ANSWER: Duration = Duration::from_secs(10);

/// Buckets of one domain that are remembered: reads, writes and deletes, for the caller and for
/// everybody, and two to spare. A plugin that reports more is not listened to beyond.
pub const BUCKETS_PER_DOMAIN_MAX: usize = 8;

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

/// The longest wait that may be injected: longer than any budget, so that each can be overrun.
pub const INJECTED_WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Buckets one answer may speak of: those of the few domains a step calls.
pub const TOLD_MAX: usize = 4 * BUCKETS_PER_DOMAIN_MAX;

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
    /// See [`IN_FLIGHT_PER_DOMAIN_MAX`]. At least one is always let through. How many are within that
    /// is found out from refusals, see [`IN_FLIGHT_PER_DOMAIN_START`].
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

impl Limits {
    /// With another time for which a service may be unwell, and as many attempts as fit into it.
    #[must_use]
    pub fn trying_for(self, budget: Duration) -> Self {
        // Waits are between half of the longest and all of it, but for the first few.
        let attempts = budget.as_secs() / (TRANSIENT_WAIT_MAX.as_secs() / 2);
        let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
        Self {
            transient_budget: budget,
            transient_attempts: attempts.max(TRANSIENT_ATTEMPTS_MAX),
            rate_limited_budget: self.rate_limited_budget.max(budget),
            ..self
        }
    }
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
