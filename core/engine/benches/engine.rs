//! How many durable steps a second the engine runs, beside what the disk alone would allow.
//!
//! Steps answer at once, so that everything measured is the engine, its journal and the disk. The
//! floor writes the same bytes in the same batches with one sync each and nothing else.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use skybridge_engine::{
    Applied, ApplyCall, Context, Direction, Limits, Map, Ready, ReadyCall, RunId, RunOutcome,
    RunState, Runner, StepError, Work, WorkStep, run,
};
use skybridge_journal::{AppendError, Event, FileStore, Store, load};
use skybridge_model::{Address, Clock};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CHAIN: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    println!(
        "steps      in flight   steps/s    syncs  records/sync  bytes/step   floor steps/s  of floor  replay"
    );
    for (steps, in_flight) in
        [(1_000, 256), (10_000, 256), (10_000, 2048), (100_000, 256), (100_000, 2048)]
    {
        let path = scratch.path().join(format!("{steps}-{in_flight}/journal"));
        let batches = Arc::default();
        let took = runtime.block_on(measured(steps, in_flight, &path, &batches))?;
        let batches = std::mem::take(&mut *batches.lock().unwrap_or_else(PoisonError::into_inner));
        let floor = floor(&scratch.path().join("floor"), &batches)?;
        let began = Instant::now();
        let (state, _) = load(&path)?;
        let replayed = began.elapsed();
        assert_eq!(state.steps.len(), steps, "the journal knows every step");
        let rate = |took: Duration| steps as f64 / took.as_secs_f64();
        let bytes: usize = batches.iter().map(|batch| batch.bytes).sum();
        let records: usize = batches.iter().map(|batch| batch.records).sum();
        println!(
            "{steps:<10} {in_flight:<9} {:>9.0} {:>8} {:>13.1} {:>11.0} {:>15.0} {:>8.0}% {:>6.0} ms",
            rate(took),
            batches.len(),
            records as f64 / batches.len() as f64,
            bytes as f64 / steps as f64,
            rate(floor),
            100.0 * floor.as_secs_f64() / took.as_secs_f64(),
            replayed.as_secs_f64() * 1000.0,
        );
    }
    Ok(())
}

async fn measured(
    steps: usize,
    in_flight: u32,
    path: &Path,
    batches: &Arc<Mutex<Vec<Batch>>>,
) -> Result<Duration, Box<dyn Error>> {
    let work = chains(steps)?;
    let context = Context {
        store: Box::new(Counting { file: FileStore::create(path)?, batches: Arc::clone(batches) }),
        clock: Arc::new(WallClock),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits { in_flight, ..Limits::default() },
    };
    let began = Instant::now();
    let report = run(work, RunState::default(), Arc::new(Instantly), context).await?;
    let took = began.elapsed();
    assert_eq!(report.outcome, RunOutcome::Done);
    Ok(took)
}

/// Chains of twelve steps, each chain a throttle domain: subscriptions that are onboarded.
fn chains(steps: usize) -> Result<Work, Box<dyn Error>> {
    let mut all = Vec::with_capacity(steps);
    for at in 0..steps {
        let (chain, link) = (at / CHAIN, at % CHAIN);
        let scope = format!("00000000-0000-4000-8000-{chain:012}");
        let name = format!("role-{link}");
        all.push(WorkStep {
            address: Address::build("contoso", "role-assignment", Some(&name), Some(&scope))?,
            title: "assign a role".into(),
            needs: if link == 0 { Vec::new() } else { vec![u32::try_from(at - 1)?] },
            domain: format!("arm/{scope}").into(),
            readiness: None,
            settled: None,
            always: false,
        });
    }
    let run = RunId::new(Uuid::from_u128(1));
    Ok(Work { run, plan: "bench".to_owned(), direction: Direction::Forward, steps: all })
}

struct Instantly;

impl Runner for Instantly {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let id = serde_json::Value::from(call.key.to_string());
        let outputs = Map::from([("id".to_owned(), id.clone())]);
        async { Ok(Applied { action: "created".to_owned(), outputs, undo: id, detail: None }) }
            .boxed()
    }

    fn ready(&self, _call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        async { Ok(Ready { ready: true, reason: None }) }.boxed()
    }
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[derive(Clone, Copy)]
struct Batch {
    records: usize,
    bytes: usize,
}

/// A file that remembers how large its batches were. Each is one write and one sync.
struct Counting {
    file: FileStore,
    batches: Arc<Mutex<Vec<Batch>>>,
}

impl Store for Counting {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        let before = self.file.durable_bytes();
        self.file.append(batch)?;
        let bytes = usize::try_from(self.file.durable_bytes() - before).unwrap_or(usize::MAX);
        let mut batches = self.batches.lock().unwrap_or_else(PoisonError::into_inner);
        batches.push(Batch { records: batch.len(), bytes });
        Ok(())
    }
}

/// What the disk takes for the same bytes in the same batches.
fn floor(path: &Path, batches: &[Batch]) -> Result<Duration, Box<dyn Error>> {
    let largest = batches.iter().map(|batch| batch.bytes).max().unwrap_or(0);
    let bytes = vec![b'x'; largest];
    let mut file = std::fs::File::create(path)?;
    let began = Instant::now();
    for batch in batches {
        file.write_all(bytes.get(..batch.bytes).unwrap_or_default())?;
        file.sync_data()?;
    }
    Ok(began.elapsed())
}
