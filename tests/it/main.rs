//! Whole-system tests: the built program, its real plugins, real sockets, real files.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod contract;
mod disk;
mod drift;
mod explain;
mod hello;
mod journal;
mod manifest;
mod misbehaving;
mod offboard;
mod plan;
mod platforms;
mod recovery;
mod rehearsal;
mod rotate;
mod secrets;
mod tidy;
mod verify;
