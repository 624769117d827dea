//! The plan for programs: JSON, versioned, one step a line.

use std::io;

use crate::plan::Plan;

/// Writes the plan. [`Plan::from_json`] reads it back.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    crate::format::write(plan, out)
}
