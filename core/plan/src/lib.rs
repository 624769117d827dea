//! The plan: from what plugins describe to an immutable graph of steps behind stable addresses, and
//! the views of it.
//!
//! This crate decides and shows; it does nothing. It knows no clock, environment, file system,
//! network or randomness, and the same input gives the same bytes. Start reading at [`plan()`] and
//! [`Plan`], then [`view`].

mod action;
mod build;
pub mod codes;
mod cycle;
mod digest;
mod format;
mod graph;
mod input;
mod language;
mod order;
mod plan;
mod reduce;
mod resolve;
mod scopes;
mod selector;
mod step;
mod step_call;
mod take_back;
pub mod view;

pub use action::{Action, Counts, Performer};
pub use build::plan;
pub use format::{ReadError, json_schema, v1};
pub use graph::{Graph, Visited};
pub use input::{ConnectorInput, Dependency, PlanOptions};
pub use plan::{Connector, Note, Plan, Planned};
pub use resolve::{Unresolved, resolve};
pub use selector::{Selector, SelectorError};
pub use step::PlannedStep;
pub use take_back::{TakeBack, Undoing, take_back};

/// The kind of the step with which the host ends every connector.
pub const HAND_OVER: &str = "hand-over";
