//! The AWS connector: the role a vendor becomes to watch over an account, and how it comes to exist.
//!
//! [`Aws`] describes the steps offline, then observes, applies, awaits and undoes them one at a time
//! as the host asks. Each family of steps is one module under `steps` with the same rooms. It makes
//! one attempt and says exactly what went wrong; waiting, trying again and remembering are the
//! host's.
//!
//! Start reading at `describe`, then any module of `steps`.

#![forbid(unsafe_code)]

mod aws;
mod catalogue;
mod checks;
mod collect;
mod describe;
mod errors;
mod external_id;
mod needs;
mod operator;
mod outcome;
mod policies;
mod preflight;
mod rehearsal;
mod schema;
mod session;
mod settings;
mod steps;
mod surroundings;
mod survey;
mod template;
mod trust_policy;

#[cfg(test)]
mod tests;

pub use aws::Aws;
