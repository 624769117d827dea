//! Finds, checks, loads and calls plugins. The only crate of the host with hand-written `unsafe`.
//!
//! What happens to a file before its code runs stands in [`candidate`] and [`lock`]; what a plugin
//! gets from the host in [`services`]; how it is called in [`instance`]; how it is kept apart in
//! [`runner`]. This crate knows no cloud.

pub mod access;
mod bucket;
pub mod candidate;
pub mod elf;
pub mod error;
pub mod instance;
mod layout;
pub mod library;
mod load;
pub mod lock;
mod opening;
mod relog;
pub mod runner;
pub mod search;
pub mod services;
pub mod trust;

pub use access::Permit;
pub use candidate::Candidate;
pub use error::{LoadError, PluginError, Retry};
pub use instance::{Batches, Instance};
pub use library::{Isolation, Library};
pub use lock::Lock;
pub use runner::Runner;
pub use services::{NoVault, NoWitness, Progress, Services, Vault, VaultError, Witness};
pub use trust::Trust;
