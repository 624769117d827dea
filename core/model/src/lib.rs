//! The vocabulary every other crate of the host shares: where a thing stands in a plan, what went
//! wrong and where, what must never be printed, and how large anything may grow.
//!
//! This crate does no input or output and knows no cloud. Start reading at [`address`].

pub mod address;
pub mod clock;
pub mod diagnostic;
pub mod limits;
pub mod nearest;
pub mod secret;

pub use address::{Address, AddressError};
pub use clock::{Clock, Entropy, Timestamp};
pub use diagnostic::{Diagnostic, Diagnostics, Position, Severity, Span};
pub use secret::Secret;
