//! Why a simulator could not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a simulator could not start or stop cleanly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulatorError {
    /// The listen address is reachable from other machines.
    #[error("listening on {0}: the simulator serves loopback addresses only")]
    NotLoopback(SocketAddr),
    /// The port leaves no room for the service ports above it.
    #[error("listening on port {0}: four more ports above it are needed")]
    PortTooHigh(u16),
    /// A port could not be bound.
    #[error("binding {address}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The scenario text is wrong; the text names the line and column.
    #[error("reading the scenario: {0}")]
    Scenario(String),
    /// A file of the state directory could not be read or written.
    #[error("using the state directory")]
    State(#[source] std::io::Error),
    /// Another simulator holds the state directory.
    #[error("using {0}: another simulator holds this state directory")]
    StateInUse(PathBuf),
    /// The state directory belongs to another tenant than the scenario's.
    #[error("using the state of tenant {found}: the scenario is about tenant {expected}")]
    OtherTenant {
        /// Tenant of the state directory.
        found: String,
        /// Tenant of the scenario.
        expected: String,
    },
    /// The change log is damaged before its last line.
    #[error("replaying the change log: line {line} is damaged: {reason}")]
    DamagedLog {
        /// The first damaged line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate or a key could not be made or read.
    #[error("preparing {what}: {reason}")]
    Key {
        /// Which one.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl From<std::io::Error> for SimulatorError {
    fn from(source: std::io::Error) -> Self {
        Self::State(source)
    }
}

impl SimulatorError {
    pub(crate) fn key(what: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Key { what, reason: reason.to_string() }
    }
}
