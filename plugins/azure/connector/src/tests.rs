//! What the modules promise together. The rehearsals need no network but loopback.

mod adoption;
mod classification;
mod consent;
mod credentials;
mod describing;
mod drift;
mod elevation;
mod faults;
mod names;
mod operators;
mod preflight;
mod refusals;
mod rehearsal;
mod rotation;
mod scopes;
mod settings;
mod support;
mod undoing;
