//! What the plugin boundary costs: a call through the shared library, in this process and in one of
//! its own, beside the same call made directly, and the parts in between.
//!
//! Read it as: the first line is the floor, each further line adds one thing. A cloud call takes
//! about 100 ms; what matters is that the boundary stays thousands of times below that.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when it cannot go on"
)]

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use skybridge_host::runner::Limits;
use skybridge_host::{Candidate, Instance, Library, NoVault, NoWitness, Runner, Services, Trust};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_protocol::onboard::{Ready, ReadyRequest, StepCall};
use skybridge_plugin_protocol::open::OpenRequest;

const CALLS: u32 = 20_000;
const ROUNDS: usize = 7;
const STARTS: usize = 10;

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
        Ready { ready: file.exists(), ..Ready::default() }
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

#[expect(
    clippy::too_many_lines,
    reason = "one measurement after the other, each beside the one it is compared with"
)]
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let exe = std::env::current_exe().unwrap();
    let built = exe.ancestors().nth(2).unwrap();
    let file = built.join("libskybridge_plugin_hello.so");
    assert!(file.exists(), "build it first: cargo build --release -p hello-connector");
    let program = built.join("skybridge");
    assert!(program.exists(), "build it first: cargo build --release");
    let started = Instant::now();
    let library = Candidate::read(&file, Trust::BesideHost).unwrap().load().unwrap();
    let loaded = started.elapsed();
    let instance = open(&library);

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
    let runner = Runner {
        program,
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits: Limits::default(),
    };
    let started = Instant::now();
    let apart = Candidate::read(&file, Trust::BesideHost).unwrap().probe(&runner).unwrap();
    let tried = started.elapsed();
    let mut best_start = Duration::MAX;
    for _ in 0..STARTS {
        let started = Instant::now();
        drop(open(&apart));
        best_start = best_start.min(started.elapsed());
    }
    let there = open(&apart);
    let (mut near, mut far) = UnixStream::pair().unwrap();
    std::thread::spawn(move || {
        let mut byte = [0];
        while far.read_exact(&mut byte).is_ok() && far.write_all(&byte).is_ok() {}
    });
    let socket = measure(|| {
        near.write_all(b"x").unwrap();
        near.read_exact(&mut [0]).unwrap();
        std::future::ready(())
    })
    .await;
    show("a byte to another thread and back, over such a socket", socket, floor);
    let wrong = measure(|| there.call_raw(999, "bench", Vec::new(), Duration::from_secs(9))).await;
    show("in a process of its own: an unknown method (the boundary alone)", wrong, floor);
    let plugin = measure(|| there.ready(&request)).await;
    show("in a process of its own: the same call", plugin, floor);
    println!("\nloading the library (read, check, hash, link, compare layouts): {loaded:.1?}");
    println!("the same in a process of its own, which then ends: {tried:.1?}");
    println!("starting a process and opening an instance in it: {best_start:.1?}");
}

fn open(library: &Library) -> Instance {
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("greetings", Arc::new(NoVault), clock, Arc::new(NoWitness), log);
    let settings = serde_json::json!({ "folder": "/tmp", "names": ["ada"] });
    let open = OpenRequest { settings: Some(settings), ..OpenRequest::default() };
    Instance::open(library, services, &open).unwrap()
}
