//! The simulated cloud of a seed: the plugin's own, over real HTTPS, by the seed's clock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::Value;
use skybridge_host::search::SearchPath;
use skybridge_host::{Instance, Library, NoVault, NoWitness};
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_plugin_protocol::simulate::{SimulateReply, SimulateRequest};
use tracing_subscriber::filter::Targets;

use super::time::VirtualClock;
use crate::connect::Surroundings;

/// Longer than any call of the control address takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who issues tokens that a federated credential trusts, where a tenant has one.
pub(super) const ISSUER: &str = "https://token.actions.example";
/// To whom.
pub(super) const SUBJECT: &str = "repo:contoso/watcher:ref:refs/heads/main";

/// What a simulated cloud has for a lifetime, made once: keys take longer than a seed.
const KEYS: [&str; 3] = ["ca.pem", "ca-key.pem", "signing-key.pem"];

/// The plugins beside the program, as cargo built them; each is loaded once a process.
pub(super) fn search() -> &'static SearchPath {
    static SEARCH: OnceLock<SearchPath> = OnceLock::new();
    SEARCH.get_or_init(|| {
        let exe = std::env::current_exe().unwrap();
        let built = exe.parent().and_then(Path::parent).unwrap().to_owned();
        SearchPath { beside_host: Some(built), ..SearchPath::default() }
    })
}

fn library() -> Library {
    let built = "build the plugins first: cargo build --workspace";
    search().load("azure").unwrap_or_else(|error| panic!("{error}\n{built}"))
}

/// A folder whose files are forgotten at once when nobody needs them: in memory where there is such
/// a place, for a thousand seeds write a great many small files through.
pub(super) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("skybridge-simulation-");
    let made = if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() };
    made.unwrap()
}

/// A running simulated cloud.
pub(super) struct Cloud {
    instance: Instance,
    reply: SimulateReply,
    http: reqwest::Client,
}

impl Cloud {
    /// Starts one with its state in `folder`.
    pub(super) async fn start(
        clock: &Arc<VirtualClock>,
        folder: PathBuf,
        scenario: String,
    ) -> Self {
        fs_err::create_dir_all(&folder).unwrap();
        for key in KEYS {
            fs_err::copy(keys().await.join(key), folder.join(key)).unwrap();
        }
        let (instance, reply) = start(Arc::clone(clock), folder, Some(scenario)).await;
        let http = reqwest::Client::builder().timeout(PATIENCE).tls_certs_only([]).no_proxy();
        let http = http.build().unwrap();
        Self { instance, reply, http }
    }

    /// Its control address.
    pub(super) fn url(&self) -> &str {
        &self.reply.url
    }

    /// Every object, without lag, secrets in clear.
    pub(super) async fn state(&self) -> Value {
        let url = format!("{}/_simulator/state?secrets=clear", self.url());
        let answer = self.http.get(url).send().await.unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }

    /// What goes wrong from now on, in the place of what went wrong before.
    pub(super) async fn faults(&self, rules: String) {
        let url = format!("{}/_simulator/faults", self.url());
        let answer = self.http.post(url).body(rules.clone()).send().await.unwrap();
        assert!(answer.status().is_success(), "{rules}\n{}", answer.text().await.unwrap());
    }

    /// A token of the issuer's.
    pub(super) async fn token(&self) -> String {
        let url = format!("{}/_simulator/assertions", self.url());
        let body = serde_json::json!({ "issuer": ISSUER, "subject": SUBJECT });
        let answer = self.http.post(url).body(body.to_string()).send().await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        answer["assertion"].as_str().unwrap().to_owned()
    }

    /// Keys the platform was told in clear: they must stand nowhere.
    pub(super) fn secrets(&self) -> Vec<String> {
        let operator = self.reply.operator.get("client-secret");
        let platform = self.reply.more.get("platform");
        let keys = ["ox-key", "webhook-key"].map(|key| platform.and_then(|all| all.get(key)));
        let all = std::iter::once(operator).chain(keys);
        all.flatten().filter_map(|secret| secret.as_str().map(str::to_owned)).collect()
    }

    pub(super) async fn stop(self) {
        self.instance.stop_simulation().await.unwrap();
    }
}

async fn start(
    clock: Arc<VirtualClock>,
    folder: PathBuf,
    scenario: Option<String>,
) -> (Instance, SimulateReply) {
    let surroundings = Surroundings {
        vault: Arc::new(NoVault),
        clock,
        witness: Arc::new(NoWitness),
        log: Targets::new(),
    };
    let services = surroundings.services("simulator");
    let instance = Instance::open(&library(), services, &OpenRequest::default()).unwrap();
    let request = SimulateRequest {
        listen: "127.0.0.1:0".to_owned(),
        state_dir: Some(folder.display().to_string()),
        scenario,
        record: None,
    };
    let reply = instance.simulate(&request).await.unwrap();
    (instance, reply)
}

/// A folder with keys.
async fn keys() -> &'static Path {
    static MADE: tokio::sync::OnceCell<tempfile::TempDir> = tokio::sync::OnceCell::const_new();
    let make = || async {
        let made = folder();
        let (instance, _) = start(Arc::new(VirtualClock::new()), made.path().into(), None).await;
        instance.stop_simulation().await.unwrap();
        made
    };
    MADE.get_or_init(make).await.path()
}
