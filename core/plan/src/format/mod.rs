//! The JSON form of plans: written one step at a time, read back for `apply PLAN`.

mod read;
pub mod v1;
mod write;

pub use read::ReadError;
pub(crate) use write::{connector, digest, step_record, write};

/// The JSON Schema of the newest version.
#[must_use]
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(v1::Document).into()
}
