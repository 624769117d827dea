//! The driver on tokio's paused clock: hours pass in milliseconds, and nothing sleeps.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use skybridge_journal::limits::OUTCOME_BYTES_MAX;
use skybridge_journal::{
    AppendError, Event, Fault, FaultyStore, FileStore, MemoryStore, Status, Store, kind, load,
    replay,
};
use skybridge_model::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Context, EngineError, run};
use crate::testing::{address, at, outputs, readiness, work};
use crate::{
    Applied, ApplyCall, Limits, Observer, Ready, ReadyCall, RetryClass, RunEvent, RunOutcome,
    RunReport, RunState, Runner, StepError, Work, event_channel,
};

/// Follows tokio's clock.
struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        at(0) + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }
}

/// What an apply does, given the call and how often it was called before.
type Script =
    Box<dyn Fn(ApplyCall, u32) -> BoxFuture<'static, Result<Applied, StepError>> + Send + Sync>;

/// A runner that follows a script and looks at the journal when it is called.
struct Scripted {
    apply: Script,
    calls: AtomicU32,
    disk: MemoryStore,
}

impl Runner for Scripted {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let state = replay(&self.disk.events()).unwrap();
        let known = state.steps.get(&call.address).map(|step| step.status);
        assert_eq!(known, Some(Status::Intended { attempt: call.attempt }), "no intent on disk");
        for need in &call.needs {
            assert_eq!(state.steps[&need.address].status, Status::Ready, "a need is not done");
        }
        (self.apply)(call, self.calls.fetch_add(1, Ordering::SeqCst))
    }

    fn ready(&self, _call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        async { Ok(Ready { ready: true, ..Ready::default() }) }.boxed()
    }
}

fn works(step: u32) -> Result<Applied, StepError> {
    Ok(Applied { action: "created".to_owned(), outputs: outputs(step), ..Applied::default() })
}

/// A run and everything around it.
struct Rig {
    disk: MemoryStore,
    cancel: CancellationToken,
    limits: Limits,
    observer: Box<dyn Observer>,
    store: Box<dyn Store>,
}

impl Rig {
    fn new() -> Self {
        let disk = MemoryStore::new();
        Self {
            store: Box::new(disk.clone()),
            disk,
            cancel: CancellationToken::new(),
            limits: Limits::default(),
            observer: Box::new(()),
        }
    }

    async fn run(
        self,
        work: Work,
        apply: impl Fn(ApplyCall, u32) -> BoxFuture<'static, Result<Applied, StepError>>
        + Send
        + Sync
        + 'static,
    ) -> Result<RunReport, EngineError> {
        let state = replay(&self.disk.events()).unwrap();
        let runner = Scripted { apply: Box::new(apply), calls: AtomicU32::new(0), disk: self.disk };
        let context = Context {
            store: self.store,
            clock: Arc::new(PausedClock(Instant::now())),
            cancel: self.cancel,
            observer: self.observer,
            limits: self.limits,
        };
        run(work, state, Arc::new(runner), context).await
    }
}

/// A whole run, with a retry and a step that has to become ready, in order on disk.
#[tokio::test(start_paused = true)]
async fn runs_to_the_end() {
    let mut work = work(&[&[], &[0], &[0, 1]]);
    work.steps[1].readiness = Some(readiness());
    let rig = Rig::new();
    let disk = rig.disk.clone();
    let began = Instant::now();
    let report = rig.run(work, |call, before| {
        async move {
            match before {
                0 => Err(StepError::new(8, RetryClass::RateLimited, "too many calls")
                    .after(Duration::from_secs(30))),
                _ => works(call.step),
            }
        }
        .boxed()
    });
    let report = report.await.unwrap();
    assert_eq!((report.outcome, report.counts.done), (RunOutcome::Done, 3));
    let seconds = began.elapsed().as_secs();
    assert!((31..=32).contains(&seconds), "30 s held off, 1 s between two probes: {seconds}");
    let names: Vec<&str> = disk.events().iter().map(Event::name).collect();
    assert_eq!(
        names,
        [
            "run-started",
            "step-intended",
            "step-failed",
            "step-intended",
            "step-applied",
            "step-intended",
            "step-applied",
            "step-ready",
            "step-intended",
            "step-applied",
            "run-finished",
        ]
    );
}

/// A runner that panics, at once or later, fails its step and nothing else.
#[tokio::test(start_paused = true)]
async fn a_panic_fails_only_its_step() {
    let report = Rig::new().run(work(&[&[], &[], &[], &[0]]), |call, _| match call.step {
        0 => panic!("at once"),
        1 => async { panic!("{}", "later".to_owned()) }.boxed(),
        step => async move { works(step) }.boxed(),
    });
    let report = report.await.unwrap();
    assert_eq!(report.outcome, RunOutcome::Failed { steps: 2 });
    assert_eq!((report.counts.done, report.counts.skipped), (1, 1));
    for (failure, said) in report.failures.iter().zip(["at once", "later"]) {
        assert_eq!(failure.error.kind, kind::PANICKED);
        assert!(failure.error.to_string().contains(said), "{}", failure.error);
    }
}

/// An answer that does not come is asked for again, under the same key.
#[tokio::test(start_paused = true)]
async fn a_call_has_a_deadline() {
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&keys);
    let began = Instant::now();
    let report = Rig::new().run(work(&[&[]]), move |call, before| {
        seen.lock().unwrap().push(call.key);
        match before {
            0 => std::future::pending().boxed(),
            _ => async move { works(call.step) }.boxed(),
        }
    });
    assert_eq!(report.await.unwrap().outcome, RunOutcome::Done);
    assert_eq!(began.elapsed().as_secs(), crate::limits::CALL_DEADLINE.as_secs());
    let keys = keys.lock().unwrap();
    assert_eq!((keys.len(), keys[0]), (2, keys[1]));
}

/// What is too large to be recorded fails its step instead of the run.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_fails_its_step() {
    let large = || "x".repeat(OUTCOME_BYTES_MAX);
    let report = Rig::new().run(work(&[&[], &[], &[]]), move |call, _| {
        async move {
            match call.step {
                0 => Ok(Applied { detail: Some(large()), ..Applied::default() }),
                1 => Err(StepError::new(3, RetryClass::Permanent, large())),
                step => works(step),
            }
        }
        .boxed()
    });
    let report = report.await.unwrap();
    let kinds: Vec<u16> = report.failures.iter().map(|failure| failure.error.kind).collect();
    assert_eq!((kinds, report.counts.done), (vec![kind::CONTRACT_VIOLATION, 3], 1));
}

/// The first wish to stop lets finish what is in flight; the run can then be resumed.
#[tokio::test(start_paused = true)]
async fn drains_and_resumes() {
    let rig = Rig::new();
    let (disk, cancel) = (rig.disk.clone(), rig.cancel.clone());
    let report = rig.run(work(&[&[], &[0]]), move |call, _| {
        cancel.cancel();
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            works(call.step)
        }
        .boxed()
    });
    let report = report.await.unwrap();
    assert_eq!((report.outcome, report.counts.done), (RunOutcome::Interrupted, 1));
    let rig = Rig { store: Box::new(disk.clone()), disk, ..Rig::new() };
    let report = rig.run(work(&[&[], &[0]]), |call, _| async move { works(call.step) }.boxed());
    assert_eq!(report.await.unwrap().outcome, RunOutcome::Done);
}

/// When the journal takes no more records the run ends with its words, and can be resumed.
#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_the_run_and_loses_nothing() {
    for records in 0..7 {
        let mut rig = Rig::new();
        let disk = rig.disk.clone();
        rig.store = Box::new(FaultyStore::new(disk.clone(), Fault::Full, records));
        let needs: &[&[u32]] = &[&[], &[0]];
        let first = rig.run(work(needs), |call, _| async move { works(call.step) }.boxed());
        match first.await {
            Err(EngineError::Journal(AppendError::Full { .. })) => {}
            Ok(report) => assert_eq!((report.outcome, records), (RunOutcome::Done, 6)),
            Err(other) => panic!("{other}"),
        }
        let rig = Rig { store: Box::new(disk.clone()), disk, ..Rig::new() };
        let second = rig.run(work(needs), |call, _| async move { works(call.step) }.boxed());
        assert_eq!(second.await.unwrap().counts.done, 2);
    }
}

/// While an intent is being written, the step has not been called.
#[tokio::test(start_paused = true)]
async fn no_step_starts_before_its_intent_is_on_disk() {
    struct Gated(std::sync::mpsc::Receiver<()>, MemoryStore);
    impl Store for Gated {
        fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
            // Closed: the gate is open for good.
            let _opened = self.0.recv();
            self.1.append(batch)
        }
    }
    let (gate, gated) = std::sync::mpsc::channel();
    let mut rig = Rig::new();
    rig.store = Box::new(Gated(gated, rig.disk.clone()));
    let calls = Arc::new(AtomicU32::new(0));
    let (counted, cancel) = (Arc::clone(&calls), rig.cancel.clone());
    let running = tokio::spawn(rig.run(work(&[&[]]), move |call, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move { works(call.step) }.boxed()
    }));
    for turn in 0..100 {
        tokio::task::yield_now().await;
        if turn == 50 {
            // Something else happens meanwhile, so that the driver has reason to look around.
            cancel.cancel();
        }
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    drop(gate);
    assert_eq!(running.await.unwrap().unwrap().outcome, RunOutcome::Done);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A store that panics is an error, not a run that hangs.
#[tokio::test(start_paused = true)]
async fn a_writer_that_panics_ends_the_run() {
    struct Panics;
    impl Store for Panics {
        fn append(&mut self, _batch: &[Event]) -> Result<(), AppendError> {
            panic!("on purpose")
        }
    }
    let rig = Rig { store: Box::new(Panics), ..Rig::new() };
    let report = rig.run(work(&[&[]]), |call, _| async move { works(call.step) }.boxed());
    assert!(matches!(report.await, Err(EngineError::Writer)));
}

/// Who watches learns of the end of every step, however slowly it reads.
#[tokio::test(start_paused = true)]
async fn tells_how_every_step_ended() {
    let (sender, mut receiver) = event_channel(3);
    let rig = Rig { observer: Box::new(sender), ..Rig::new() };
    let report = rig.run(work(&[&[], &[], &[1]]), |call, _| {
        async move {
            match call.step {
                1 => Err(StepError::new(3, RetryClass::Permanent, "not allowed")),
                step => works(step),
            }
        }
        .boxed()
    });
    report.await.unwrap();
    let mut ends = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        match event {
            RunEvent::StepFinished { address, .. }
            | RunEvent::StepFailed { address, .. }
            | RunEvent::StepSkipped { address, .. } => ends.push(address),
            _ => {}
        }
    }
    ends.sort();
    assert_eq!(ends, [address(0), address(1), address(2)]);
}

/// On a real file, in a real runtime, the journal is what the report says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn works_on_a_real_file() {
    struct Instantly;
    impl Runner for Instantly {
        fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
            async move { works(call.step) }.boxed()
        }
        fn ready(&self, _call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
            async { Ok(Ready { ready: true, ..Ready::default() }) }.boxed()
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("runs/1/journal");
    let needs: Vec<Vec<u32>> =
        (0..120_u32).map(|at| if at % 12 == 0 { vec![] } else { vec![at - 1] }).collect();
    let needs: Vec<&[u32]> = needs.iter().map(Vec::as_slice).collect();
    let context = Context {
        store: Box::new(FileStore::create(&path).unwrap()),
        clock: Arc::new(PausedClock(Instant::now())),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits::default(),
    };
    let runner = Arc::new(Instantly);
    let report = run(work(&needs), RunState::default(), runner, context).await.unwrap();
    assert_eq!((report.outcome, report.counts.done), (RunOutcome::Done, 120));
    let (state, torn) = load(&path).unwrap();
    assert!(torn.is_none());
    assert!(state.steps.values().all(|step| step.status == Status::Ready));
}

/// The numbers the host gives are those of the plugin interface.
#[test]
fn kinds_are_those_of_the_interface() {
    use skybridge_plugin_api::kind as interface;
    assert_eq!(kind::TIMEOUT, interface::TIMEOUT);
    assert_eq!(kind::CONTRACT_VIOLATION, interface::CONTRACT_VIOLATION);
    assert_eq!(kind::PANICKED, interface::PANICKED);
}
