//! What the modules promise together. The rehearsals need no network but loopback.

mod classification;
mod credentials;
mod describing;
mod names;
mod rehearsal;
mod rotation;
mod settings;
mod support;
