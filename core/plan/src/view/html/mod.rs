//! The plan as one page for a browser.

use std::io;

use crate::plan::Plan;

/// Writes the page.
///
/// # Errors
/// When writing fails.
pub fn write(plan: &Plan, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}", plan.len())
}
