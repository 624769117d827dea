//! A state directory as an outsider reads it: journals line by line, plans and records as plain JSON.
//! Nothing of the program is used, for this is what it is judged by.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// A run's journal and plan.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    pub(super) run: String,
    /// `apply`, `rotate` or `offboard`.
    pub(super) kind: String,
    pub(super) records: Vec<Value>,
    /// The steps of its plan.
    pub(super) steps: Vec<Value>,
}

fn runs(state: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(state.join("runs")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.retain(|folder| folder.join("run.json").is_file());
    found.sort();
    found
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap()
}

impl Journal {
    /// Every run of a state directory, oldest first; or why one cannot be read.
    pub(super) fn all(state: &Path) -> Result<Vec<Self>, String> {
        runs(state).iter().map(|folder| Self::read(folder)).collect()
    }

    fn read(folder: &Path) -> Result<Self, String> {
        let run = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs_err::read_to_string(folder.join("journal")).unwrap();
        let mut records = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let mut fields = line.splitn(4, ' ');
            let (_, number, length) = (fields.next(), fields.next(), fields.next());
            let json = fields.next().unwrap_or_default();
            let whole = number == Some(at.to_string().as_str())
                && length == Some(json.len().to_string().as_str());
            let record = serde_json::from_str(json).ok().filter(|_| whole);
            records.push(record.ok_or_else(|| format!("run {run}, line {at}: {line}"))?);
        }
        records.drain(..records.len().min(1));
        let kind = json(&folder.join("run.json"))["kind"].as_str().unwrap().to_owned();
        let steps = json(&folder.join("plan.json"))["steps"].as_array().unwrap().clone();
        Ok(Self { run, kind, records, steps })
    }

    /// The newest journal and how long it is.
    pub(super) fn bytes(state: &Path) -> Option<(PathBuf, u64)> {
        let path = runs(state).pop()?.join("journal");
        let bytes = fs_err::metadata(&path).ok()?.len();
        Some((path, bytes))
    }

    /// Whether the last record about a step of a run is the intent of this attempt; nothing when
    /// the run is not written down.
    pub(super) fn intends(
        state: &Path,
        run: &str,
        address: &skybridge_model::Address,
        attempt: u32,
    ) -> Option<bool> {
        let path = state.join("runs").join(run).join("journal");
        let text = fs_err::read_to_string(path).ok()?;
        let about = format!("\"address\":\"{address}\"");
        let intent = format!("\"attempt\":{attempt},");
        let last = text.lines().rev().find(|line| line.contains(&about));
        Some(last.is_some_and(|last| {
            last.contains("\"event\":\"step-intended\"") && last.contains(&intent)
        }))
    }
}

/// Every file below a folder with its bytes.
pub(super) fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs_err::read_dir(folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs_err::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

/// The names of the connector's sealed secrets.
pub(super) fn sealed(state: &Path) -> Vec<String> {
    let vault = state.join("vault/contoso");
    let files = everything(&vault).into_iter();
    files
        .filter_map(|(path, _)| {
            let name = path.strip_prefix(&vault).ok()?.to_str()?;
            name.strip_suffix(".age").map(str::to_owned)
        })
        .collect()
}

/// The record of the connection, if there is one.
pub(super) fn connection(state: &Path) -> Option<Value> {
    let path = state.join("connections/contoso.json");
    path.is_file().then(|| json(&path))
}
