//! What the modules promise together. The rehearsals need no network but loopback.

mod adoption;
mod classification;
mod consent;
mod credentials;
mod describing;
mod drift;
mod elevation;
mod faults;
mod limits;
mod names;
mod operators;
mod parts;
mod preflight;
mod refusals;
mod rehearsal;
mod rotation;
mod scopes;
mod settings;
mod sharing;
mod support;
mod undoing;
