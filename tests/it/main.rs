//! Whole-system tests: the built program, its real plugins, real sockets, real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod authors;
mod aws;
mod contract;
mod disk;
mod drift;
mod elevation;
mod events;
mod explain;
mod hello;
mod hostile_files;
mod hundred;
mod inject;
mod isolation;
mod journal;
mod locking;
mod manifest;
mod misbehaving;
mod misbehaviour;
mod offboard;
mod people;
mod permissions;
mod plan;
mod platforms;
mod recovery;
mod refused;
mod rehearsal;
mod rotate;
mod saved;
mod scopes;
mod secrets;
mod sharing;
mod tidy;
mod verify;
mod watching;
