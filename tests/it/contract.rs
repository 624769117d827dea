//! Plugins built against other versions of the interface: what may change, and what the two sides
//! then see of each other. The rules are `plugin-api/docs/evolving.md`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use skybridge_host::library::{Candidate, Library, Trust};
use skybridge_host::{Instance, NoVault, Progress, Services, Witness};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_protocol::onboard::{ApplyRequest, DescribeRequest, StepCall};
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_tests::{built, workspace};

/// One change of one file: what stands there, and what is put in its place.
type Edit = (&'static str, &'static str, &'static str);

const API: &str = "plugin-api/src/lib.rs";
const EXPORT: &str = "plugin-api/sdk/src/export.rs";

/// A later minor version: everything that may grow has grown.
const NEWER: [Edit; 8] = [
    ("plugin-api/Cargo.toml", "version = \"1.0.0\"", "version = \"1.1.0\""),
    (
        API,
        "fn record(&self, call: u64, what: u16, body: RSlice<'_, u8>);",
        "fn record(&self, call: u64, what: u16, body: RSlice<'_, u8>);
         /// New.
         fn moods(&self) -> u32 {
             7
         }",
    ),
    (
        API,
        "request: RSlice<'_, u8>) -> AbiResult<PluginBox>,\n}",
        "request: RSlice<'_, u8>) -> AbiResult<PluginBox>,\n    /// New.\n    pub health: extern \"C\" fn() -> u32,\n}",
    ),
    (EXPORT, "PluginModule { manifest, open }", "PluginModule { manifest, open, health }"),
    (
        EXPORT,
        "extern \"C\" fn loader()",
        "extern \"C\" fn health() -> u32 { 1 }\n            extern \"C\" fn loader()",
    ),
    (
        "plugin-api/sdk/src/host.rs",
        "pub fn now_unix_ms(&self) -> u64 {",
        "pub fn now_unix_ms(&self) -> u64 { u64::from(self.raw.moods()) }
         /// As it was.
         pub fn then_unix_ms(&self) -> u64 {",
    ),
    (
        "plugin-api/protocol/src/onboard.rs",
        "pub detail: Option<String>,\n}\n\n/// Asks whether dependents",
        "pub detail: Option<String>,\n    /// New.\n    pub mood: String,\n}\n\n/// Asks whether dependents",
    ),
    (
        "examples/hello-connector/src/lib.rs",
        "let done = |action: &str| Applied {",
        "let mood = format!(\"{} of the host\", ctx.host.now_unix_ms());
         let done = |action: &str| Applied {
             mood: mood.clone(),
             detail: Some(mood.clone()),",
    ),
];

/// An earlier minor version, as this host will one day find it: the last method is not there yet.
const OLDER: [Edit; 1] = [(
    API,
    "    /// A method this version of the interface does not know yet.
    fn extension(&self, _what: u16, _request: RSlice<'_, u8>) -> FfiFuture<AbiResult<RVec<u8>>> {
        async {
            RResult::RErr(AbiError {
                kind: kind::UNSUPPORTED,
                retry: retry::PERMANENT,
                retry_after_ms: 0,
                detail: RVec::new(),
            })
        }
        .into_ffi()
    }
",
    "",
)];

/// Not allowed: a field in the middle of a plain struct, and no new version.
const MIDDLE: [Edit; 2] = [
    (
        API,
        "    /// How many rows they hold.",
        "    /// New.\n    pub flags: u64,\n    /// How many rows they hold.",
    ),
    ("plugin-api/sdk/src/stream.rs", "BATCH_JSON, rows:", "BATCH_JSON, flags: 0, rows:"),
];

/// Another major version.
const MAJOR: [Edit; 2] = [
    ("plugin-api/Cargo.toml", "version = \"1.0.0\"", "version = \"2.0.0\""),
    (
        "Cargo.toml",
        "path = \"plugin-api\", version = \"1.0.0\"",
        "path = \"plugin-api\", version = \"2.0.0\"",
    ),
];

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

/// The workspace's manifest, for the interface and the smallest plugin alone.
fn manifest(from: &Path) -> String {
    let text = fs_err::read_to_string(from.join("Cargo.toml")).unwrap();
    let (head, rest) = text.split_once("members = [").unwrap();
    let (_, rest) = rest.split_once(']').unwrap();
    let members =
        "\"plugin-api\", \"plugin-api/protocol\", \"plugin-api/sdk\", \"examples/hello-connector\"";
    let rest = rest
        .lines()
        .filter(|line| !line.starts_with("exclude = ") && !line.starts_with("default-members = "));
    let rest: Vec<&str> = rest.collect();
    format!("{head}members = [{members}]{}\n", rest.join("\n"))
}

/// Builds the smallest plugin from the sources in `from` with some changes.
fn build(name: &str, from: &Path, edits: &[Edit]) -> PathBuf {
    let target = built().parent().unwrap().join("contract");
    let folder = target.join(name);
    drop(fs_err::remove_dir_all(&folder));
    for part in ["plugin-api", "examples/hello-connector"] {
        copy(&from.join(part), &folder.join(part));
    }
    // What it is tested with would need the whole host.
    let plugin = folder.join("examples/hello-connector/Cargo.toml");
    let text = fs_err::read_to_string(&plugin).unwrap();
    let (text, _) = text.split_once("[dev-dependencies]").unwrap_or((&text, ""));
    fs_err::write(&plugin, text).unwrap();
    fs_err::write(folder.join("Cargo.toml"), manifest(from)).unwrap();
    fs_err::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    for (file, old, new) in edits {
        let path = folder.join(file);
        let text = fs_err::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{name}: {file} no longer holds {old:?}");
        fs_err::write(&path, text.replacen(old, new, 1)).unwrap();
    }
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["build", "--offline", "--quiet", "-p", "hello-connector"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", target.join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let library = folder.join("libskybridge_plugin_hello.so");
    fs_err::copy(target.join("target/debug/libskybridge_plugin_hello.so"), &library).unwrap();
    library
}

struct Nobody;

impl Witness for Nobody {
    fn progress(&self, _: &str, _: Progress) {}
}

/// Opens the plugin, asks it for its steps, and lets it do one. What it says it did.
async fn use_it(library: &Library) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("a", Arc::new(NoVault), clock, Arc::new(Nobody), log);
    let settings = serde_json::json!({ "folder": folder.path(), "names": ["ada"] });
    let request = OpenRequest { settings: Some(settings), ..OpenRequest::default() };
    let instance = Instance::open(library, services, &request).unwrap();
    let description = instance.describe(&DescribeRequest::default()).await.unwrap();
    assert_eq!(description.steps.len(), 1);
    let step = StepCall {
        scope: Some("ada".into()),
        desired: serde_json::json!({ "text": "hello, ada" }),
        ..StepCall::default()
    };
    let request = ApplyRequest { step, ..ApplyRequest::default() };
    let applied = instance.apply(&request).await.unwrap();
    assert_eq!(fs_err::read_to_string(folder.path().join("ada.txt")).unwrap(), "hello, ada");
    applied.detail
}

fn load(file: &Path) -> Result<Library, String> {
    let candidate = Candidate::read(file, Trust::BesideHost).unwrap();
    candidate.load().map_err(|error| error.to_string())
}

// One after the other: they share what cargo built.
#[tokio::test(flavor = "multi_thread")]
async fn plugins_of_other_minor_versions_load_and_work() {
    let frozen = workspace().join("tests/contract/1.0");
    let library = load(&build("frozen-1.0", &frozen, &[])).unwrap();
    assert_eq!(library.api_version, "1.0.0");
    assert_eq!(use_it(&library).await, None);

    let library = load(&build("older", workspace(), &OLDER)).unwrap();
    assert_eq!(use_it(&library).await, None);

    // This host has no moods: the plugin's call meets the default its own interface gives.
    let library = load(&build("newer", workspace(), &NEWER)).unwrap();
    assert_eq!(library.api_version, "1.1.0");
    assert_eq!(use_it(&library).await.as_deref(), Some("7 of the host"));

    let refused = load(&build("middle", workspace(), &MIDDLE)).unwrap_err();
    assert!(
        refused.contains("the host has `rows: u64` where the plugin has `flags: u64`"),
        "{refused}"
    );
    assert!(refused.lines().count() <= 12 && refused.contains("\nhelp: "), "{refused}");

    let refused = load(&build("major", workspace(), &MAJOR)).unwrap_err();
    assert!(refused.contains("built for plugin-api 2.0.0, this host speaks 1.0.0"), "{refused}");
    assert!(refused.lines().count() <= 12 && refused.contains("\nhelp: "), "{refused}");
}
