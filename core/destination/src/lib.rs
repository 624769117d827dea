//! Hands one connection over to a platform: a webhook, or OX Security.
//!
//! [`Courier::deliver`] makes one attempt and says of an error whether another can help; the engine
//! owns retries, waits and deadlines. A delivery may be repeated at any time: after an error, after
//! an answer that was lost, after the process was killed between any two calls. Doing it twice
//! leaves behind what doing it once does.
//!
//! Secrets are opened at the moment of sending and go to the receiver alone. Only https is spoken.
//! What a platform says is quoted in errors without control characters, without our own secrets,
//! and cut.
//!
//! # Webhook
//!
//! One POST of JSON:
//!
//! ```json
//! { "format": "skybridge-connection", "version": 1, "event": "connected",
//!   "delivery": "UUID", "connector": "contoso", "plugin": "NAME",
//!   "fields": { "client-id": "…", "client-secret": "…" } }
//! ```
//!
//! `event` is `connected`, `rotated` or `removed`; the last carries no secret. The header
//! `Skybridge-Delivery` repeats the delivery's id, which is the same at every attempt (the UUIDv5 of
//! the event's word in the step's key): a receiver that has seen it answers 2xx and does nothing.
//! `Skybridge-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of `SECONDS.BODY`; [`verify`] is how a
//! receiver checks it. A connection with a secret is never sent unsigned: a receiver that takes
//! credentials from anybody can be made to watch over somebody else's account.
//!
//! | answer | meaning |
//! |---|---|
//! | 2xx | taken |
//! | 408, 425, 5xx | transient; `Retry-After` is kept |
//! | 429 | rate-limited; `Retry-After` is kept |
//! | anything else | permanent; the beginning of the answer is quoted |
//!
//! # OX Security
//!
//! GraphQL, the key in `Authorization` as it is. Every attempt looks first:
//!
//! 1. `getConnectorsByFamily`; exactly one connector must have one of the plugin's names for it, and
//!    accept the plugin's type of credentials. Where it takes one set only, it must have none that
//!    is not ours: adding could overwrite it.
//! 2. Credentials named `skybridge CONNECTOR KEY` are looked for, and added when there are none. The
//!    key tells the secret from the one before it, so a rotation adds, and a repetition finds.
//! 3. `verifySingleConnectorCredentials` must say that they work. When it does not, the error is
//!    eventual: a new secret takes a while to be known everywhere.
//! 4. Only then are other credentials whose name begins with `skybridge CONNECTOR ` removed.
//!
//! [`Courier::withdraw`] removes all that begin so. No field that could bear a secret is ever
//! selected. A 200 with `errors` is an error. When the platform says that no call is left, the next
//! one is not made: the error carries the time to wait.
//!
//! The name is all there is to tell credentials by, so two state directories that hand over
//! connectors of the same name to the same OX organization would take each other's away.
//!
//! The plugin's words for the platform ([`Connection::platform`]) are:
//!
//! ```json
//! { "connector-names": ["Example Cloud"], "credentials-type": "ExampleCloud",
//!   "fields": { "client-id": "clientId", "client-secret": "clientSecret" } }
//! ```
//!
//! and, where the defaults do not fit, `credentials-object`, the GraphQL type that such credentials
//! are listed as (the credentials type followed by `Credentials`), and `key-field`, the field that
//! tells one secret from the next (`key-id`; when the connection has no such field, the name that
//! its secret has in the vault).
//!
//! The crate knows no cloud, no engine and no file. Start reading at [`Courier`].

mod codes;
mod connection;
mod courier;
mod error;
mod http;
pub mod limits;
mod ox;
mod quote;
mod signature;
mod wait;
mod webhook;

pub use codes::{EXPLANATIONS, Explanation, explain};
pub use connection::{Connection, Field, SecretError, Secrets};
pub use courier::{Courier, Delivered, Event, Target, Trust, Withdrawn};
pub use error::{DeliveryError, Retry, kind};
pub use signature::{SIGNATURE_AGE_MAX, SignatureError, sign, verify};
