//! One file a command.

pub(crate) mod apply;
pub(crate) mod apply_plan;
pub(crate) mod audit;
pub(crate) mod dev;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod offboard;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod resume;
pub(crate) mod rotate;
pub(crate) mod schema;
pub(crate) mod simulator;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod verify;
