//! Chains of twelve steps, each chain a throttle domain: subscriptions that are onboarded, by a
//! cloud that answers at once.

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
use skybridge_journal::{AppendError, Event, FileStore, Store};
use skybridge_model::{Address, Clock};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Steps of one chain.
pub(crate) const CHAIN: usize = 12;

/// So many steps.
pub(crate) fn work(steps: usize) -> Result<Work, Box<dyn Error>> {
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
            part: false,
        });
    }
    let run = RunId::new(Uuid::from_u128(1));
    Ok(Work { run, plan: "bench".to_owned(), direction: Direction::Forward, steps: all })
}

/// Runs them through a journal in a file; how long it took, and how the file was written.
pub(crate) async fn run_all(
    work: Work,
    in_flight: u32,
    path: &Path,
) -> Result<(Duration, Vec<Batch>), Box<dyn Error>> {
    let batches: Arc<Mutex<Vec<Batch>>> = Arc::default();
    let context = Context {
        store: Box::new(Counting { file: FileStore::create(path)?, batches: Arc::clone(&batches) }),
        clock: Arc::new(WallClock),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits { in_flight, ..Limits::default() },
    };
    let began = Instant::now();
    let report = run(work, RunState::default(), Arc::new(Instantly), context).await?;
    let took = began.elapsed();
    if report.outcome != RunOutcome::Done {
        return Err(format!("the run ended as {:?}", report.outcome).into());
    }
    let batches = std::mem::take(&mut *batches.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((took, batches))
}

/// What a step leaves behind.
pub(crate) fn answer(key: Uuid) -> Applied {
    let id = serde_json::Value::from(key.to_string());
    let outputs = Map::from([("id".to_owned(), id.clone())]);
    Applied { action: "created".to_owned(), outputs, undo: id, ..Applied::default() }
}

struct Instantly;

impl Runner for Instantly {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        async move { Ok(answer(call.key)) }.boxed()
    }

    fn ready(&self, _call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        async { Ok(Ready { ready: true, ..Ready::default() }) }.boxed()
    }
}

/// The machine's clock.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// What was written with one sync.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
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

/// What the disk takes for the same bytes in the same batches, one write and one sync each, and
/// nothing else.
pub(crate) fn floor(path: &Path, batches: &[Batch]) -> Result<Duration, Box<dyn Error>> {
    let largest = batches.iter().map(|batch| batch.bytes).max().unwrap_or(0);
    let bytes = vec![b'x'; largest];
    let mut file = fs_err::File::create(path)?;
    let began = Instant::now();
    for batch in batches {
        file.write_all(bytes.get(..batch.bytes).unwrap_or_default())?;
        file.sync_data()?;
    }
    Ok(began.elapsed())
}
