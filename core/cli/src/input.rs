//! What a command line names where a manifest or a saved plan will do: told apart by content, not by
//! name. A plan is JSON; no manifest begins with a brace.

use std::io::Read as _;
use std::path::Path;

use skybridge_model::Diagnostic;
use skybridge_model::limits::{MANIFEST_BYTES_MAX, PLAN_STEPS_MAX};
use skybridge_plan::Plan;

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// A saved plan larger than this has more steps than a plan may have: each takes about half a KiB.
const PLAN_BYTES_MAX: u64 = PLAN_STEPS_MAX as u64 * 1024;

/// What was named.
pub(crate) enum Input {
    /// A manifest's bytes, unchecked.
    Manifest(Vec<u8>),
    /// A plan that was saved.
    Plan(Box<Plan>),
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read(path: &Path) -> Outcome<Input> {
    let failed = |error: std::io::Error| {
        let diagnostic = Diagnostic::error("SKY-CLI-003", error.to_string()).help(
            "name a manifest, a saved plan where the command takes one, or - for standard input",
        );
        Failure::new(Exit::Usage, diagnostic)
    };
    let mut file: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(fs_err::File::open(path).map_err(failed)?)
    };
    let mut bytes = Vec::new();
    file.by_ref().take(MANIFEST_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Ok(Input::Manifest(bytes));
    }
    file.take(PLAN_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let plan = Plan::from_json(&bytes).map_err(|error| {
        Failure::usage(
            format!("reading {}: {error}", path.display()),
            "`skybridge plan MANIFEST --out FILE` saves a plan; a manifest is TOML",
        )
    })?;
    Ok(Input::Plan(Box::new(plan)))
}
