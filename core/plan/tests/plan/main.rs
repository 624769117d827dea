//! The planner and its views, from the outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod check;
mod diff;
mod errors;
mod exhaustive;
mod fixture;
mod formats;
mod hostile;
mod late;
mod observations;
mod parts;
mod selection;
mod take_back;
mod views;
