//! One simulated cloud for all journeys, its rules of faults, and what was said on its wires.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use skybridge_azure_client::http::provide_cryptography;
use skybridge_azure_sim::{Simulator, SimulatorOptions};
use tempfile::TempDir;

use crate::operator::Operator;
use crate::tests::support::{NO_LAG, PATIENCE, Rehearsal, SUBSCRIPTION, settings};

/// A Global Administrator who owns the subscription, and has no right above it.
pub(super) const ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// How she signs in.
pub(super) const ADMIN_NAME: &str = "ada@contoso.example";
/// With what.
pub(super) const ADMIN_PASSWORD: &str = "rehearsal only";
/// A client that may change applications and may not consent for others.
pub(super) const CLIENT: &str = "0f0f0f0f-0000-4000-8000-00000000000c";
/// Who issues the tokens of a federated credential.
pub(super) const ISSUER: &str = "https://token.actions.example";

/// How long nothing is said before it is given up: answers over loopback take milliseconds, and an
/// attempt that is given up for nothing is only made again.
const SILENCE: Duration = Duration::from_millis(700);

/// What one connector can leave behind.
const KINDS: [&str; 6] = [
    "applications",
    "servicePrincipals",
    "appRoleAssignments",
    "roleAssignments",
    "roleDefinitions",
    "deletedItems",
];

/// A simulated cloud that many connectors come to, one after the other.
pub(super) struct Cloud {
    pub(super) simulator: Arc<Simulator>,
    pub(super) folder: TempDir,
    /// Where everything that is said is written down.
    record: PathBuf,
    http: reqwest::Client,
    connectors: AtomicU32,
}

impl Cloud {
    pub(super) async fn start() -> Self {
        provide_cryptography();
        let folder = tempfile::tempdir().unwrap();
        let record = wished().unwrap_or_else(|| folder.path().join("traffic.ndjson"));
        let options = SimulatorOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            state_dir: None,
            scenario: Some(scenario()),
            record: Some(record.clone()),
        };
        Self {
            simulator: Arc::new(Simulator::start(options).await.unwrap()),
            folder,
            record,
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            connectors: AtomicU32::new(0),
        }
    }

    /// A connector nobody has seen before: its display name makes it another one.
    pub(super) fn connector(&self, more: &Value) -> Rehearsal {
        let number = self.connectors.fetch_add(1, Ordering::Relaxed);
        self.connector_called(&format!("connector-{number}"), more)
    }

    /// The connector of this display name, in a process that knows nothing of an earlier one.
    pub(super) fn connector_called(&self, name: &str, more: &Value) -> Rehearsal {
        let mut settings = settings();
        settings["display-name"] = json!(name);
        for (key, value) in more.as_object().unwrap() {
            settings[key] = value.clone();
        }
        let mut rehearsal = Rehearsal::on(Arc::clone(&self.simulator), settings);
        rehearsal.pace = Duration::from_millis(5);
        let operator = Operator::simulated(rehearsal.ready["operator"].clone()).unwrap();
        rehearsal.azure.give_up_after(SILENCE, operator);
        rehearsal
    }

    /// Exchanges the rules of faults; how often the old ones struck.
    pub(super) async fn arm(&self, rules: &str) -> u64 {
        let url = self.address("_simulator/faults");
        let old = self.look("_simulator/faults").await;
        let reply = self.http.post(&url).body(rules.to_owned()).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{rules}");
        let struck = |rule: &Value| rule["struck"].as_u64().unwrap();
        old["faults"].as_array().unwrap().iter().map(struck).sum()
    }

    /// Everything there is, without any lag, of the kinds a connector makes.
    pub(super) async fn tenant(&self) -> Value {
        let state = self.look("_simulator/state").await;
        KINDS.iter().map(|kind| ((*kind).to_owned(), state[*kind].clone())).collect()
    }

    async fn look(&self, path: &str) -> Value {
        self.http.get(self.address(path)).send().await.unwrap().json().await.unwrap()
    }

    fn address(&self, path: &str) -> String {
        format!("{}/{path}", self.simulator.ready().url.trim_end_matches('/'))
    }

    /// How much was said so far.
    pub(super) fn said(&self) -> u64 {
        fs_err::metadata(&self.record).unwrap().len()
    }

    /// The calls since then.
    pub(super) fn calls_since(&self, said: u64) -> Vec<Call> {
        let mut file = fs_err::File::open(&self.record).unwrap();
        file.seek(SeekFrom::Start(said)).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let exchanges = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        exchanges.map(|exchange| Call::of(&exchange)).collect()
    }
}

/// Where somebody wants the recording: `tests/clients/run.sh` has it judged.
fn wished() -> Option<PathBuf> {
    std::env::var_os("SKYBRIDGE_RECORDING").map(PathBuf::from)
}

fn scenario() -> String {
    let plenty = "{ bucket = 1000000, per-second = 100000 }";
    format!(
        "page-size = {{ resource-manager = 200, graph = 200 }}\n\
         throttle.resource-manager = {{ reads = {plenty}, writes = {plenty}, deletes = {plenty} }}\n\
         throttle.graph = {{ reads = {plenty}, writes = {plenty} }}\n\
         throttle.login = {{ tokens = {plenty} }}\n\
         [[issuers]]\nurl = \"{ISSUER}\"\n\
         [[clients]]\nclient-id = \"{CLIENT}\"\nname = \"narrow\"\nresource-manager = true\n\
         graph-scopes = [\"Application.ReadWrite.All\", \"Directory.Read.All\"]\n\
         [[users]]\nid = \"{ADMIN}\"\nname = \"Ada\"\nprincipal-name = \"{ADMIN_NAME}\"\n\
         password = \"{ADMIN_PASSWORD}\"\ndirectory-roles = [\"Global Administrator\"]\n\
         assignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" }}]\n{NO_LAG}"
    )
}

/// One call, without what names one thing of many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) service: String,
    pub(super) method: String,
    pub(super) shape: String,
}

impl Call {
    fn of(exchange: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            service: text(&exchange["service"]),
            method: text(&exchange["request"]["method"]),
            shape: shape(exchange["request"]["url"].as_str().unwrap()),
        }
    }
}

/// The path with braces for ids.
fn shape(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path).split('?').next().unwrap();
    let mut after_case_sensitive_id = false;
    let parts = path.split('/').map(|part| {
        let is_id = part.len() == 36 && part.matches('-').count() == 4;
        let opaque = std::mem::replace(
            &mut after_case_sensitive_id,
            part.starts_with("appRoleAssign") || part == "federatedIdentityCredentials",
        );
        let keyed = part.split_once('(').map(|(name, _)| format!("{name}({{}})"));
        if is_id || opaque { "{}".to_owned() } else { keyed.unwrap_or_else(|| part.to_owned()) }
    });
    parts.collect::<Vec<_>>().join("/")
}
