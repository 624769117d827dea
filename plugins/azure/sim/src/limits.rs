//! Every cap of the simulator, with its reason.

use std::time::Duration;

/// Largest request body read: no request of the simulated APIs comes near it.
pub(crate) const REQUEST_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Longest request target: long filters fit, an attack on memory does not.
pub(crate) const REQUEST_TARGET_BYTES_MAX: usize = 16 * 1024;
/// Deepest path: a nested resource with an assignment below it has about 20 segments.
pub(crate) const PATH_SEGMENTS_MAX: usize = 64;
/// Open connections per endpoint: a client with 100 calls in flight and two pools fits four times.
pub(crate) const CONNECTIONS_MAX: usize = 1024;
/// Requests in flight on one HTTP/2 connection: more than any client of ours opens.
pub(crate) const STREAMS_MAX: u32 = 256;
/// Headers of one HTTP/2 request: the longest target, a token and room to spare, so that a target
/// that is too long gets an answer of its service and not of the protocol.
pub(crate) const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
/// Pause after a failed accept: time for connections to end and give their descriptors back.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(20);
/// Time for a TLS handshake: a silent peer must not hold a connection slot.
pub(crate) const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Time for a request body to arrive.
pub(crate) const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Time for open connections to finish when the simulator stops.
pub(crate) const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);
/// Exchanges kept in memory: a rehearsal of 1,000 subscriptions makes about this many.
pub(crate) const TRAFFIC_KEPT_MAX: usize = 20_000;
/// Kinds of calls counted apart; whatever comes beyond is counted together.
pub(crate) const CALL_SHAPES_MAX: usize = 1_000;
/// Largest scenario text.
pub(crate) const SCENARIO_BYTES_MAX: usize = 1024 * 1024;
/// Most subscriptions a scenario may name or generate: one tenant of 10,000 is a normal plan.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 20_000;
/// Most management groups (the service's own limit).
pub(crate) const MANAGEMENT_GROUPS_MAX: usize = 10_000;
/// Deepest management group below the root (the service's own limit).
pub(crate) const MANAGEMENT_GROUP_DEPTH_MAX: usize = 6;
/// Most clusters, users and fault rules of a scenario: they are written by hand.
pub(crate) const SCENARIO_ENTRIES_MAX: usize = 1_000;
/// Largest page any list may be asked for (`$top` of the directory).
pub(crate) const PAGE_SIZE_MAX: usize = 999;
/// Applications and service principals a tenant may hold, so that a runaway client is told.
pub(crate) const DIRECTORY_OBJECTS_MAX: usize = 50_000;
/// App role assignments a tenant may hold.
pub(crate) const APP_ROLE_ASSIGNMENTS_MAX: usize = 50_000;
/// Federated identity credentials on one application (the service's own limit).
pub(crate) const FEDERATED_CREDENTIALS_MAX: usize = 20;
/// Longest name of one (the service's own limit).
pub(crate) const FEDERATED_NAME_CHARS_MAX: usize = 120;
/// Certificates on one application.
pub(crate) const CERTIFICATES_MAX: usize = 100;
/// Largest certificate, as DER: RSA with 16,384 bits and a page of extensions fits.
pub(crate) const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;
/// Largest assertion: a certificate chain in its header fits.
pub(crate) const ASSERTION_BYTES_MAX: usize = 64 * 1024;
/// Device codes that wait at once.
pub(crate) const DEVICE_CODES_MAX: usize = 1_000;
/// Longest life of a refresh token, in seconds.
pub(crate) const REFRESH_TOKEN_SECONDS: i64 = 90 * 86_400;
/// Credentials the platform keeps.
pub(crate) const PLATFORM_CREDENTIALS_MAX: usize = 10_000;
/// Deliveries the platform remembers.
pub(crate) const WEBHOOK_DELIVERIES_MAX: usize = 10_000;
/// Age of a signed delivery, either way, in milliseconds.
pub(crate) const WEBHOOK_AGE_MAX: i64 = 300_000;
/// Levels of brackets in a query of the platform: the deepest sensible one has eight.
pub(crate) const QUERY_NESTING_MAX: usize = 32;
/// Passwords on one application.
pub(crate) const PASSWORDS_MAX: usize = 100;
/// Tags on one application or service principal, and elements of any list property.
pub(crate) const LIST_PROPERTY_MAX: usize = 400;
/// Actions of one role definition.
pub(crate) const ROLE_ACTIONS_MAX: usize = 2_048;
/// Scopes a role definition may be assignable at (the service's own limit is in the thousands).
pub(crate) const ASSIGNABLE_SCOPES_MAX: usize = 2_000;
/// Distinct callers whose throttle buckets are remembered.
pub(crate) const BUCKETS_MAX: usize = 10_000;
/// Objects whose flapping reads are counted; beyond it the oldest ids start again at zero.
pub(crate) const FLAPPING_OBJECTS_MAX: usize = 100_000;
/// Deleted objects that some replicas still show; beyond it the oldest are gone at once.
pub(crate) const DEPARTED_MAX: usize = 10_000;
/// How long an access token is good for, in seconds, as the token endpoint says it.
pub(crate) const TOKEN_SECONDS: i64 = 3_599;
/// Longest display name of a role definition.
pub(crate) const ROLE_NAME_CHARS_MAX: usize = 512;
/// Longest description of a role definition or assignment.
pub(crate) const DESCRIPTION_CHARS_MAX: usize = 1_024;
/// Longest condition of a role assignment (the service's own limit).
pub(crate) const CONDITION_CHARS_MAX: usize = 8 * 1024;
/// Brackets and negations open at once in a condition: those people write have five.
pub(crate) const CONDITION_DEPTH_MAX: usize = 64;
/// Longest display name in the directory.
pub(crate) const DISPLAY_NAME_CHARS_MAX: usize = 256;

/// Levels of brackets in a scenario: the deepest legal one has three.
pub(crate) const NESTING_MAX: usize = 32;
