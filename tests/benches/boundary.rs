//! What the plugin boundary costs: a call through the shared library beside the same call made
//! directly, and the parts in between.
//!
//! Read it as: the first line is the floor, each further line adds one thing. A cloud call takes
//! about 100 ms; what matters is that the boundary stays thousands of times below that.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when it cannot go on"
)]

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use skybridge_host::library::{Candidate, Trust};
use skybridge_host::{Instance, NoVault, NoWitness, Services};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_protocol::onboard::{Ready, ReadyRequest, StepCall};
use skybridge_plugin_protocol::open::OpenRequest;

const CALLS: u32 = 20_000;
const ROUNDS: usize = 7;

/// What the plugin does for `ready`, without a plugin.
#[async_trait]
trait Direct: Send + Sync {
    async fn ready(&self, request: ReadyRequest) -> Ready;
}

struct InThisProcess(PathBuf);

#[async_trait]
impl Direct for InThisProcess {
    async fn ready(&self, request: ReadyRequest) -> Ready {
        let file = self.0.join(format!("{}.txt", request.step.scope.unwrap_or_default()));
        Ready { ready: file.exists(), reason: None }
    }
}

fn request() -> ReadyRequest {
    let step = StepCall {
        address: "greetings.greeting@ada".into(),
        kind: "greeting".into(),
        scope: Some("ada".into()),
        ..StepCall::default()
    };
    ReadyRequest { step, ..ReadyRequest::default() }
}

/// The best of some rounds, a call.
async fn measure<F: Future>(mut call: impl FnMut() -> F) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..CALLS {
            std::hint::black_box(call().await);
        }
        best = best.min(started.elapsed() / CALLS);
    }
    best
}

fn show(what: &str, took: Duration, floor: Duration) {
    let more = took.saturating_sub(floor);
    println!("{what:62} {:>9.0} ns {:>+10.0} ns", nanos(took), nanos(more));
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let exe = std::env::current_exe().unwrap();
    let built = exe.ancestors().nth(2).unwrap();
    let file = built.join("libskybridge_plugin_hello.so");
    assert!(file.exists(), "build it first: cargo build --release -p hello-connector");
    let started = Instant::now();
    let library = Candidate::read(&file, Trust::BesideHost).unwrap().load().unwrap();
    let loaded = started.elapsed();
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("greetings", Arc::new(NoVault), clock, Arc::new(NoWitness), log);
    let settings = serde_json::json!({ "folder": "/tmp", "names": ["ada"] });
    let open = OpenRequest { settings: Some(settings), ..OpenRequest::default() };
    let instance = Instance::open(&library, services, &open).unwrap();

    let direct: Box<dyn Direct> = Box::new(InThisProcess("/tmp".into()));
    let floor = measure(|| direct.ready(request())).await;
    println!(
        "{:62} {:>12} {:>13}",
        "one call of `ready` (looks whether a file exists)", "a call", "more"
    );
    show("a trait in this process", floor, floor);
    let spawned = measure(|| async {
        let direct = InThisProcess("/tmp".into());
        tokio::spawn(async move { direct.ready(request()).await }).await.unwrap()
    })
    .await;
    show("the same on another task of this runtime", spawned, floor);
    let json = measure(|| async {
        let bytes = serde_json::to_vec(&request()).unwrap();
        let answer = direct.ready(serde_json::from_slice(&bytes).unwrap()).await;
        let bytes = serde_json::to_vec(&answer).unwrap();
        serde_json::from_slice::<Ready>(&bytes).unwrap()
    })
    .await;
    show("the same through JSON, both ways", json, floor);
    let wrong =
        measure(|| instance.call_raw(999, "bench", Vec::new(), Duration::from_secs(9))).await;
    show("through the library: an unknown method (the boundary alone)", wrong, floor);
    let request = request();
    let plugin = measure(|| instance.ready(&request)).await;
    show("through the library: the same call", plugin, floor);
    println!("\nloading the library (read, check, hash, link, compare layouts): {loaded:.1?}");
}
