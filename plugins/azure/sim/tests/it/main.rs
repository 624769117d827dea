//! The simulator over real HTTPS sockets, one file per part of what it promises.

#![expect(clippy::unwrap_used, reason = "a test should fail at the step that failed")]

mod access;
mod checklist;
mod client;
mod clients;
mod credentials;
mod deletion;
mod directory;
mod faults;
mod graph;
mod hierarchy;
mod hostile;
mod login;
mod management;
mod persistence;
mod platform;
mod scale;
mod scenarios;
mod sign_in;
