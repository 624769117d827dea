//! What a million assets cost on their way through the plugin boundary, in this process and from one
//! of its own, beside the floor: the same assets written to JSON and read back with no boundary.
//!
//! `CPU` is processor time of both sides together, the plugin's process included once it has ended.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when it cannot go on"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use skybridge_host::runner::Limits;
use skybridge_host::{Candidate, Instance, Library, NoVault, NoWitness, Runner, Services, Trust};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_protocol::collect::{Batch, CollectRequest};
use skybridge_plugin_protocol::open::OpenRequest;

const BATCHES: u64 = 1_000;
const ROWS: u64 = 1_000;
const ASSETS: u64 = BATCHES * ROWS;

/// Processor time of this process and of its children that have ended, in clock ticks of 10 ms.
fn processor_time() -> Duration {
    let stat = fs_err::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11..15].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The most memory this process has held, in MB.
fn peak() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

fn show(what: &str, took: Duration, cpu: Duration) {
    let rate = Duration::from_secs(ASSETS).div_duration_f64(took);
    let each = cpu.as_secs_f64() * 1e6 / Duration::from_secs(ASSETS).as_secs_f64();
    println!("{what:44} {rate:>10.0}/s {each:>9.2} µs CPU each {:>8} MB at most", peak());
}

fn open(library: &Library) -> Instance {
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("many", Arc::new(NoVault), clock, Arc::new(NoWitness), log);
    let settings = Some(serde_json::json!({ "batches": BATCHES, "rows": ROWS }));
    Instance::open(library, services, &OpenRequest { settings, ..OpenRequest::default() }).unwrap()
}

/// Reads all of it; the first batch, for the floor.
async fn stream(library: &Library, what: &str) -> Batch {
    let (began, before) = (Instant::now(), processor_time());
    let instance = open(library);
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    let (mut seen, mut first) = (0, None);
    while let Some(batch) = batches.next().await {
        let batch = batch.unwrap();
        seen += batch.assets.len() as u64;
        first.get_or_insert(batch);
    }
    assert_eq!(seen, ASSETS);
    let took = began.elapsed();
    drop((batches, instance));
    // Its processor time is known once it has ended and was reaped.
    tokio::time::sleep(Duration::from_millis(500)).await;
    show(what, took, processor_time().saturating_sub(before));
    first.unwrap()
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let exe = std::env::current_exe().unwrap();
    let built = exe.ancestors().nth(2).unwrap();
    let file = built.join("examples/libstreams.so");
    assert!(
        file.exists(),
        "build it first: cargo build --release --workspace --lib --bins --examples"
    );
    let program = built.join("skybridge");
    assert!(program.exists(), "build it first: cargo build --release");
    println!("{ASSETS} assets in batches of {ROWS}");
    let library = Candidate::read(Path::new(&file), Trust::BesideHost).unwrap().load().unwrap();
    let first = stream(&library, "through the library").await;
    let runner = Runner {
        program,
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits: Limits::default(),
    };
    let apart = Candidate::read(&file, Trust::BesideHost).unwrap().probe(&runner).unwrap();
    stream(&apart, "from a process of its own").await;
    let (began, before) = (Instant::now(), processor_time());
    for _ in 0..BATCHES {
        let bytes = serde_json::to_vec(&first).unwrap();
        std::hint::black_box(serde_json::from_slice::<Batch>(&bytes).unwrap());
    }
    let cpu = processor_time().saturating_sub(before);
    show("floor: to JSON and back, here", began.elapsed(), cpu);
}
