//! The simulator over real HTTPS sockets, one file per part of what it promises.

#![expect(clippy::unwrap_used, reason = "a test should fail at the step that failed")]

mod access;
mod client;
mod deletion;
mod faults;
mod graph;
mod hierarchy;
mod hostile;
mod login;
mod management;
mod persistence;
mod sign_in;
