//! What plugins for clouds with an HTTP API have in common, whichever cloud it is.
//!
//! [`Http`] sends one exchange within limits and says which way it broke; [`Kept`] keeps tokens until
//! shortly before they expire and asks for each once, however many wait for it; [`wait::retry_after`]
//! reads how long a service asks to wait; [`pages::all`] reads a list to its end; [`Secret`] is never
//! printed.
//!
//! What this crate refuses to do is to try again: a plugin makes one attempt, and the host owns every
//! retry with its budget and its jitter.

#![forbid(unsafe_code)]

mod http;
mod kept;
pub mod pages;
mod secret;
pub mod wait;

pub use http::{Answer, Broken, Http, HttpOptions, HttpSetupError, Outgoing, TransportKind, Trust};
pub use http::{chain, provide_cryptography};
pub use kept::{Kept, Perishable};
pub use secret::Secret;
