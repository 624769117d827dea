//! Carries out what the machine decides, on tokio.
//!
//! The loop waits for nothing but its four sources: the journal's writer, the runner's tasks, the
//! clock and the wish to stop. Everything that takes time is a task; were the loop to wait for one
//! of them anywhere else, that task could be waiting for the loop.

mod call;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use skybridge_journal::{AppendError, Event, RunState, Store};
use skybridge_model::Clock;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::machine::{Effect, Input, Machine, StartError};
use crate::observer::Observer;
use crate::outbox::Outbox;
use crate::report::RunReport;
use crate::runner::Runner;
use crate::work::Work;

/// Where a run happens.
pub struct Context {
    /// Where records go. It continues the journal whose state the run is taken up with.
    pub store: Box<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled: begin nothing new, let finish what is in flight, and stop. Dropping the future of
    /// [`run`] stops at once; either way the run can be resumed.
    pub cancel: CancellationToken,
    /// Who watches.
    pub observer: Box<dyn Observer>,
    /// How much at a time, and how long.
    pub limits: Limits,
}

/// Why a run could not go on. Everything that was recorded is safe, and the run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The work or its journal cannot be taken up.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The journal takes no records, so nothing more may be done.
    #[error(transparent)]
    Journal(#[from] AppendError),
    /// The machine met what cannot be.
    #[error("internal error: {0}; please report it")]
    Machine(String),
    /// The journal's writer panicked.
    #[error("internal error: the journal's writer ended without an answer; please report it")]
    Writer,
}

/// Runs `work` to its end, from where `state` says it stands.
///
/// # Errors
/// [`EngineError`] when the work cannot be taken up or the journal cannot be written. Steps that
/// fail are no error of the run: they are in the report.
pub async fn run(
    work: Work,
    state: RunState,
    runner: Arc<dyn Runner>,
    context: Context,
) -> Result<RunReport, EngineError> {
    let Context { store, clock, cancel, observer, limits } = context;
    let machine = Machine::new(work, state, limits)?;
    if machine.outcome().is_some() {
        return Ok(machine.report());
    }
    let driver = Driver {
        now: clock.now(),
        machine,
        runner,
        clock,
        observer,
        deadline: limits.call_deadline,
        outbox: Outbox::new(),
        calls: JoinSet::new(),
        finished: false,
        broken: None,
    };
    driver.run(store, cancel).await
}

struct Driver {
    machine: Machine,
    runner: Arc<dyn Runner>,
    clock: Arc<dyn Clock>,
    /// The latest time the clock told: for the machine time never goes back.
    now: Timestamp,
    observer: Box<dyn Observer>,
    deadline: Duration,
    outbox: Outbox,
    calls: JoinSet<Input>,
    finished: bool,
    broken: Option<String>,
}

/// The journal's writer: the store is either idle or away with one batch.
enum Writer {
    Idle(Box<dyn Store>),
    Busy(JoinHandle<(Box<dyn Store>, Result<(), AppendError>)>),
}

impl Driver {
    async fn run(
        mut self,
        store: Box<dyn Store>,
        cancel: CancellationToken,
    ) -> Result<RunReport, EngineError> {
        let mut writer = Writer::Idle(store);
        let mut stopping = false;
        self.take_in(Input::Start);
        loop {
            self.perform();
            if self.finished {
                return Ok(self.machine.report());
            }
            if let Some(what) = self.broken {
                return Err(EngineError::Machine(what));
            }
            // While a batch is being synced the next one gathers in the outbox: the slower the
            // disk, the larger the batches.
            writer = match writer {
                Writer::Idle(store) => match self.outbox.take_batch() {
                    Some(batch) => Writer::Busy(write(store, batch)),
                    None => Writer::Idle(store),
                },
                busy @ Writer::Busy(_) => busy,
            };
            let wake = self.sleep_until();
            tokio::select! {
                biased;
                written = finish(&mut writer) => {
                    let (store, outcome) = written?;
                    outcome?;
                    self.outbox.acknowledge();
                    writer = Writer::Idle(store);
                }
                () = cancel.cancelled(), if !stopping => {
                    stopping = true;
                    self.take_in(Input::Cancel);
                }
                Some(answer) = self.calls.join_next() => self.take_in_all(answer),
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)),
                    if wake.is_some() => self.take_in(Input::Tick),
            }
        }
    }

    /// Takes in an answer and every other one that is there already: fewer, larger batches.
    fn take_in_all(&mut self, first: Result<Input, tokio::task::JoinError>) {
        let mut next = Some(first);
        while let Some(answer) = next {
            // A call's task catches panics itself, and nobody aborts one: it always answers.
            if let Ok(input) = answer {
                self.take_in(input);
            }
            next = self.calls.try_join_next();
        }
    }

    fn take_in(&mut self, input: Input) {
        self.now = self.now.max(self.clock.now());
        let turn = self.machine.step(input, self.now);
        self.outbox.put(turn);
    }

    /// Does what may be done by now: the outbox lets nothing out before its records are durable.
    fn perform(&mut self) {
        while let Some(effect) = self.outbox.take_effect() {
            match effect {
                Effect::Apply { step, attempt } => {
                    if let Some(request) = self.machine.apply_call(step, attempt) {
                        let runner = Arc::clone(&self.runner);
                        self.calls.spawn(call::apply(runner, request, self.deadline));
                    }
                }
                Effect::Probe { step, look } => {
                    if let Some(request) = self.machine.ready_call(step) {
                        let runner = Arc::clone(&self.runner);
                        self.calls.spawn(call::probe(runner, request, look, self.deadline));
                    }
                }
                Effect::Tell(event) => self.observer.tell(event),
                Effect::Finished(_) => self.finished = true,
                Effect::Broken(what) => self.broken = Some(what),
            }
        }
    }

    fn sleep_until(&self) -> Option<Instant> {
        let at = self.machine.next_wake()?;
        let wait = Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default();
        // Tokio's timers count milliseconds; a wait cut short would only mean another turn.
        Some(Instant::now() + wait)
    }
}

fn write(
    mut store: Box<dyn Store>,
    batch: Vec<Event>,
) -> JoinHandle<(Box<dyn Store>, Result<(), AppendError>)> {
    tokio::task::spawn_blocking(move || {
        let outcome = store.append(&batch);
        (store, outcome)
    })
}

/// Ends when the batch that is away is written; never when none is.
async fn finish(
    writer: &mut Writer,
) -> Result<(Box<dyn Store>, Result<(), AppendError>), EngineError> {
    match writer {
        Writer::Busy(away) => away.await.map_err(|_| EngineError::Writer),
        Writer::Idle(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
