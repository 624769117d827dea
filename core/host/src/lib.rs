//! Finds, checks, loads and calls plugins. The only crate of the host with hand-written `unsafe`.
//!
//! What happens to a file before its code runs stands in [`library`]; what a plugin gets from the
//! host in [`services`]; how it is called in [`instance`]. This crate knows no cloud.

pub mod elf;
pub mod error;
pub mod instance;
mod layout;
pub mod library;
mod relog;
pub mod search;
pub mod services;

pub use error::{LoadError, PluginError, Retry};
pub use instance::{Batches, Instance};
pub use library::Library;
pub use services::{NoVault, NoWitness, Progress, Services, Vault, VaultError, Witness};
