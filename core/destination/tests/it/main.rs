//! A courier against real receivers on loopback, over TLS.

#![expect(clippy::unwrap_used, reason = "a test should fail at the step that failed")]

mod codes;
mod failures;
mod gateway;
mod ox;
mod ox_refusals;
mod secrets;
mod server;
mod webhook;
mod world;
