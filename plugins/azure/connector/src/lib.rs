//! The Azure connector: what has to exist in a tenant for somebody to watch over it, and how it
//! comes to exist.
//!
//! [`Azure`] describes the steps offline, then observes, applies, awaits and undoes them one at a
//! time as the host asks. Each family of steps is one module under `steps` with the same rooms:
//! templates, observe, apply, ready, undo. It makes one attempt and says exactly what went wrong;
//! waiting, trying again and remembering are the host's.
//!
//! Start reading at `describe`, then any module of `steps`.

#![forbid(unsafe_code)]

mod azure;
mod catalogue;
mod checks;
mod describe;
mod errors;
mod grants;
mod names;
mod operator;
mod outcome;
mod preflight;
mod proof;
mod roles;
mod rotation;
mod schema;
mod session;
mod settings;
mod steps;
mod surroundings;
mod survey;
mod template;

#[cfg(test)]
mod tests;

pub use azure::Azure;
