//! What plugins for clouds with an HTTP API have in common, whichever cloud it is.
//!
//! [`Http`] sends one exchange within limits and says which way it broke; [`Kept`] keeps tokens until
//! shortly before they expire and asks for each once, however many wait for it; [`wait::retry_after`]
//! reads how long a service asks to wait, and [`limits::Notebook`] keeps what it says of further calls
//! for the host; [`pages::all`] reads a list to its end; [`polling::Rhythm`] follows an operation that
//! goes on after its answer; [`Secret`] is never printed.
//!
//! The host owns every retry of a step with its budget and its jitter, and a plugin makes one attempt.
//! What the host cannot ask again, the questions inside a report or a stream, [`patience`] asks again.

#![forbid(unsafe_code)]

mod http;
mod kept;
pub mod limits;
pub mod pages;
pub mod patience;
pub mod polling;
mod secret;
pub mod wait;

pub use http::{Answer, Broken, Http, HttpOptions, HttpSetupError, Outgoing, TransportKind, Trust};
pub use http::{address, chain, provide_cryptography};
pub use kept::{Kept, Perishable};
pub use secret::Secret;
