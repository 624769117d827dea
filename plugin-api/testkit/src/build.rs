//! Building the library of the package under test.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Builds the plugin of the package in `folder` (`env!("CARGO_MANIFEST_DIR")`) and gives its library:
/// cargo builds no `cdylib` for a package's own tests.
///
/// # Errors
/// What cargo says.
pub fn build(folder: &str) -> Result<PathBuf, String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(Path::new(folder).join("Cargo.toml"))
        .output()
        .map_err(|error| format!("starting cargo: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let is_plugin = |message: &Value| {
        let of = message["manifest_path"].as_str().unwrap_or_default();
        let kinds = message["target"]["kind"].as_array().cloned().unwrap_or_default();
        Path::new(of).parent() == Some(Path::new(folder)) && kinds.contains(&"cdylib".into())
    };
    let artifact = messages.rfind(is_plugin);
    artifact
        .and_then(|message| message["filenames"][0].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("{folder} is no package with crate-type = [\"cdylib\"]"))
}
