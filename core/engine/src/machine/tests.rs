//! The machine, driven by hand: no clock, no runtime, no sleeping.

mod exhaustive;
mod random;
mod resuming;
mod scheduling;
mod timing;
mod world;
