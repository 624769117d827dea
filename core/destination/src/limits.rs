//! Every cap of the crate, with its reason.

use std::time::Duration;

/// Connecting, TLS included: a service that takes longer is not there.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A whole exchange. Verifying credentials makes the platform call a cloud, which takes seconds.
pub const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);

/// The largest answer that is read: a platform's list of some hundred connectors is about 100 KB.
pub const RESPONSE_BYTES_MAX: usize = 4 << 20;

/// The largest body that is sent: a connection is a handful of ids and at most a certificate.
pub const REQUEST_BYTES_MAX: usize = 256 << 10;

/// Fields of one connection; the largest known has six.
pub const FIELDS_MAX: usize = 64;

/// An address longer than this is refused by many servers.
pub const URL_BYTES_MAX: usize = 2048;

/// The part of a credential's name that tells a secret from the next: a UUID or a vault name.
pub const KEY_CHARS_MAX: usize = 200;

/// What is quoted of somebody else's words: about two lines of a terminal.
pub const QUOTE_CHARS_MAX: usize = 200;

/// Names that are listed in an error before the rest is counted.
pub const LISTED_MAX: usize = 12;

/// The longest wait that is believed: the longest window of a rate limit is a day. A larger number
/// is a point in time or a mistake, and is passed over.
pub const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest id of a platform's that is taken for one; they are numbers, UUIDs and the like.
pub const ID_BYTES_MAX: usize = 200;
