//! A simulated Azure that refuses what Azure refuses.
//!
//! [`Simulator::start`] serves a token service, Resource Manager and Microsoft Graph over HTTPS on
//! this machine, with a certificate authority of its own. Tokens are signed and checked, grants are
//! evaluated on every call, replication lags and flaps, lists come in small pages, and what is
//! acknowledged survives the process. A scenario (TOML) says what the tenant looks like and what
//! goes wrong in it.
//!
//! It knows nothing of the connector that is rehearsed on it: no type and no line is shared.
//!
//! Start reading at [`simulator`](self) → `world.rs`, the one value that answers every call; then
//! `login.rs`, `arm.rs` and `graph.rs`, one service each.

mod arm;
mod caller;
mod calls;
mod certificates;
mod chance;
mod clock;
mod control;
mod error;
mod faults;
mod founding;
mod graph;
mod http;
mod limits;
mod login;
mod platform;
mod ready;
mod scenario;
mod signing;
mod simulator;
mod store;
mod throttle;
mod traffic;
mod world;
mod x509;

pub use error::SimulatorError;
pub use ready::{Ready, ReadyEndpoints, ReadyIdentity, ReadyOperator, ReadyPlatform};
pub use simulator::{Simulator, SimulatorOptions};

/// The scenario that is used when none is given: a full example of every key.
pub const DEFAULT_SCENARIO: &str = scenario::DEFAULT;
