//! Compares two layouts of the interface, and says in a few lines where they differ.
//!
//! abi_stable demands that a plugin has at least what the host knows, so the day the host's interface
//! grows it would refuse every older plugin. Versions of the interface are linear, hence a plugin is
//! good when either side extends the other. Its own report of a difference has up to 1,500 lines.

use std::fmt::Write as _;

use abi_stable::abi_stability::abi_checking::{
    AbiInstability, AbiInstabilityErrors, check_layout_compatibility,
};
use abi_stable::type_layout::TypeLayout;

/// Lines shown of a difference; the rest follows from the first.
const LINES_MAX: usize = 6;

/// Whether the plugin's layout and the host's can work together; if not, where they differ.
pub(crate) fn compare(
    ours: &'static TypeLayout,
    theirs: &'static TypeLayout,
) -> Result<(), String> {
    match check_layout_compatibility(ours, theirs) {
        Ok(()) => Ok(()),
        Err(_) if check_layout_compatibility(theirs, ours).is_ok() => Ok(()),
        Err(errors) => Err(describe(&errors)),
    }
}

fn describe(errors: &AbiInstabilityErrors) -> String {
    let mut lines: Vec<String> = Vec::new();
    for error in errors.errors.iter() {
        let place = error.stack_trace.last().map(|at| at.found.to_string());
        let place = place.as_deref().map_or("the root module", type_name);
        for found in error.errs.iter() {
            let line = format!("  {place}: {}", one_line(found));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    // Types of our own interface explain the differences of the containers around them.
    lines.sort_by_key(|line| !line.contains("Abi") && !line.contains("Log"));
    let mut text = lines.iter().take(LINES_MAX).cloned().collect::<Vec<_>>().join("\n");
    if lines.len() > LINES_MAX {
        let _unfailing = write!(text, "\n  and {} more", lines.len() - LINES_MAX);
    }
    text
}

/// The type's name in abi_stable's description of a place, which holds a line `type:NAME`.
fn type_name(place: &str) -> &str {
    let named = place.lines().map(str::trim).find_map(|line| line.strip_prefix("type:"));
    named.or_else(|| place.lines().next()).unwrap_or("a type").trim()
}

fn one_line(found: &AbiInstability) -> String {
    match found {
        AbiInstability::Size(v) => {
            format!("{} bytes in the host, {} in the plugin", v.expected, v.found)
        }
        AbiInstability::FieldCountMismatch(v) => {
            format!("{} fields in the host, {} in the plugin", v.expected, v.found)
        }
        AbiInstability::UnexpectedField(v) => format!(
            "the host has `{}: {}` where the plugin has `{}: {}`",
            v.expected.name(),
            v.expected.full_type(),
            v.found.name(),
            v.found.full_type()
        ),
        AbiInstability::MismatchedPrefixSize(v) => {
            format!("a frozen part of {} fields in the host, {} in the plugin", v.expected, v.found)
        }
        other => format!("{other:?}").chars().take(100).collect(),
    }
}
