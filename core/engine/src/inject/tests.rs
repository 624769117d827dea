//! What the texts mean, what is said about wrong ones, and that faults strike where they should.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use skybridge_journal::{Event, MemoryStore, Status, StepError, Store as _, replay};
use skybridge_model::{Address, Clock, Diagnostics, Timestamp};
use tokio_util::sync::CancellationToken;

use super::parse::KINDS;
use super::{Abort, Befalls, CrashingStore, Faults, FaultyRunner, When};
use crate::testing::{at, outputs, work};
use crate::{
    Applied, ApplyCall, Context, Limits, Ready, ReadyCall, RetryClass, RunOutcome, RunReport,
    Runner, run,
};

fn faults(texts: &[&str]) -> Faults {
    let (faults, wrong) = Faults::parse(texts.iter().copied());
    assert!(wrong.is_empty(), "{wrong:?}");
    faults
}

fn befalls(text: &str, address: &str, attempt: u32) -> Befalls {
    faults(&[text]).of_attempt(&Address::parse(address).unwrap(), attempt)
}

const READER: &str = "contoso.role-assignment.reader@33333333";

#[test]
fn errors_have_a_class_a_kind_and_a_time() {
    let error = |text: &str| {
        let error = befalls(text, READER, 0).error.unwrap();
        (error.kind, error.class, error.retry_after)
    };
    let place = "contoso.role-assignment";
    for (fault, kind, class, after) in [
        ("error", 15, RetryClass::Permanent, None),
        ("error:transient", 10, RetryClass::Transient, None),
        ("error:eventual", 17, RetryClass::Eventual, None),
        ("error:rate-limited:after=3s", 8, RetryClass::RateLimited, Some(3)),
        ("error:permission-denied", 3, RetryClass::Permanent, None),
        ("error:after=1m30s:timeout", 11, RetryClass::Transient, Some(90)),
        ("error:permanent:unavailable", 10, RetryClass::Permanent, None),
        ("error:not-found:eventual", 4, RetryClass::Eventual, None),
    ] {
        let after = after.map(Duration::from_secs);
        assert_eq!(error(&format!("{fault}@{place}")), (kind, class, after), "{fault}");
    }
}

#[test]
fn targets_are_addresses_or_their_beginnings() {
    let hit = |target: &str| befalls(&format!("lost-reply@{target}"), READER, 0).lost;
    for target in [
        "contoso",
        "contoso.role-assignment",
        "contoso.role-assignment.reader",
        "contoso.role-assignment.reader@33333333",
        "contoso.role-assignment@33333333",
        "@33333333",
    ] {
        assert!(hit(target), "{target}");
    }
    for target in ["conto", "contoso.role", "contoso.role-assignment.reader@3", "@4", "fabrikam"] {
        assert!(!hit(target), "{target}");
    }
}

#[test]
fn attempts_are_counted_over_all_processes() {
    let struck = |text: &str| -> Vec<u32> {
        (0..6).filter(|attempt| befalls(text, READER, *attempt).lost).collect()
    };
    assert_eq!(struck("lost-reply@contoso"), [0]);
    assert_eq!(struck("lost-reply*3@contoso"), [0, 1, 2]);
    assert_eq!(struck("lost-reply#2@contoso"), [1]);
    assert_eq!(struck("lost-reply#3*2@contoso"), [2, 3]);
}

#[test]
fn several_faults_meet_in_one_attempt() {
    let all = faults(&[
        "delay:2s@contoso",
        "delay:500ms@contoso.role-assignment",
        "error:transient@contoso",
        "error@contoso",
        "crash:after@contoso",
    ]);
    let all = all.of_attempt(&Address::parse(READER).unwrap(), 0);
    assert_eq!(all.delay, Duration::from_millis(2500));
    assert_eq!(all.error.map(|error| error.class), Some(RetryClass::Transient));
    assert_eq!((all.crash, all.lost), (Some(When::After), false));
}

#[test]
fn a_crash_may_have_an_event() {
    let all = faults(&["crash@event:17", "crash:after@event:3"]);
    let at = |number| all.of_record(number);
    assert_eq!((at(3), at(17), at(4)), (Some(When::After), Some(When::Before), None));
    assert_eq!(all.of_attempt(&Address::parse(READER).unwrap(), 0), Befalls::default());
}

fn told(wrong: &Diagnostics) -> String {
    let lines = wrong.iter().map(|one| {
        format!("{}\n  help: {}\n", one.summary, one.help.as_deref().unwrap_or_default())
    });
    lines.collect()
}

/// Every mistake of every text, each once, with what was meant.
#[test]
fn all_that_is_wrong_with_the_texts_is_told() {
    let texts = [
        "error",
        "eror@contoso",
        "error:transiant*0@contoso",
        "error:colour@contoso",
        "delay@contoso",
        "delay:soon@contoso",
        "delay:48h@contoso",
        "lost-reply:now@contoso",
        "crash:during@contoso",
        "crash#x@contoso.a.b.c",
        "crash*2@event:0",
        "lost-reply@event:5",
        "error@Contoso.application",
        "",
    ];
    let (read, wrong) = Faults::parse(texts);
    assert!(read.is_empty());
    expect_test::expect![[r#"
        --inject error: there is no `@`, so it is not said where
          help: write FAULT@TARGET: error, delay:2s, lost-reply or crash, at a step's address, the beginning of one, or event:17
        --inject eror@contoso: `eror` is no fault
          help: did you mean `error`?
        --inject error:transiant*0@contoso: `*0` is no number from 1 on
          help: attempts are counted from 1: #2 is the second one, *3 is three in a row
        --inject error:transiant*0@contoso: `transiant` says nothing of an error
          help: did you mean `transient`?
        --inject error:colour@contoso: `colour` says nothing of an error
          help: errors are permanent, transient, eventual, rate-limited; or unauthenticated, permission-denied, not-found, already-exists, conflict, precondition, rate-limited, quota, unavailable, timeout, panicked, unexpected, not-replicated; or after=2s
        --inject delay@contoso: it is not said how long
          help: write `delay:2s@…`
        --inject delay:soon@contoso: `soon` is no time that can be waited
          help: write 500ms, 2s or 1m30s, at most 24 hours
        --inject delay:48h@contoso: `48h` is no time that can be waited
          help: write 500ms, 2s or 1m30s, at most 24 hours
        --inject lost-reply:now@contoso: `lost-reply` takes nothing like `now`
          help: write `lost-reply@…`
        --inject crash:during@contoso: a crash is before or after, not `during`
          help: write crash:before, the default, or crash:after
        --inject crash#x@contoso.a.b.c: `#x` is no number from 1 on
          help: attempts are counted from 1: #2 is the second one, *3 is three in a row
        --inject crash#x@contoso.a.b.c: `contoso.a.b.c` names no steps
          help: write connector, connector.kind, connector.kind.name, each with @scope or without, or event:17
        --inject crash*2@event:0: an event of the journal happens once
          help: leave # and * away: the number says when
        --inject crash*2@event:0: `event:0` is no event
          help: events are counted from 1
        --inject lost-reply@event:5: only a crash has an event, and this is lost-reply
          help: write FAULT@TARGET: error, delay:2s, lost-reply or crash, at a step's address, the beginning of one, or event:17
        --inject error@Contoso.application: `Contoso.application` names no steps
          help: write connector, connector.kind, connector.kind.name, each with @scope or without, or event:17
        --inject : there is no `@`, so it is not said where
          help: write FAULT@TARGET: error, delay:2s, lost-reply or crash, at a step's address, the beginning of one, or event:17
    "#]].assert_eq(&told(&wrong));
}

#[test]
fn a_step_that_is_not_there_is_told_with_the_nearest() {
    let steps: Vec<Address> =
        ["contoso.application", READER, "contoso.role-assignment.reader@4444"]
            .iter()
            .map(|text| Address::parse(text).unwrap())
            .collect();
    let all = faults(&[
        "error@contoso.aplication",
        "error@contoso.role-asignment.reader@33333333",
        "error@contoso.role-assignment.reader@33333334",
        "error@fabrikam.storage",
        "error@contoso.application",
        "crash@event:900",
    ]);
    expect_test::expect![[r#"
        --inject error@contoso.aplication: `contoso.aplication` is no step that there is anything to do for
          help: did you mean `contoso.application`?
        --inject error@contoso.role-asignment.reader@33333333: `contoso.role-asignment.reader@33333333` is no step that there is anything to do for
          help: did you mean `contoso.role-assignment.reader@33333333`?
        --inject error@contoso.role-assignment.reader@33333334: `contoso.role-assignment.reader@33333334` is no step that there is anything to do for
          help: did you mean `contoso.role-assignment.reader@33333333`?
        --inject error@fabrikam.storage: `fabrikam.storage` is no step that there is anything to do for
          help: there are `contoso.application`, `contoso.role-assignment.reader@33333333`, `contoso.role-assignment.reader@4444` …
    "#]].assert_eq(&told(&all.check(steps.iter())));
}

/// The numbers are those of the plugin interface.
#[test]
fn kinds_are_those_of_the_interface() {
    use skybridge_plugin_api::kind as interface;
    for (name, number) in [
        ("unauthenticated", interface::UNAUTHENTICATED),
        ("permission-denied", interface::PERMISSION_DENIED),
        ("not-found", interface::NOT_FOUND),
        ("already-exists", interface::ALREADY_EXISTS),
        ("conflict", interface::CONFLICT),
        ("precondition", interface::PRECONDITION),
        ("rate-limited", interface::RATE_LIMITED),
        ("quota", interface::QUOTA),
        ("unavailable", interface::UNAVAILABLE),
        ("timeout", interface::TIMEOUT),
        ("panicked", interface::PANICKED),
        ("unexpected", interface::UNEXPECTED),
        ("not-replicated", interface::NOT_REPLICATED),
    ] {
        assert_eq!(KINDS.iter().find(|kind| kind.0 == name).unwrap().1, number, "{name}");
    }
}

/// Counts the effects.
#[derive(Default)]
struct World(Mutex<Vec<(Address, u32)>>);

impl Runner for World {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        self.0.lock().unwrap().push((call.address, call.attempt));
        let step = call.step;
        async move { Ok(Applied { outputs: outputs(step), ..Applied::default() }) }.boxed()
    }

    fn ready(&self, _: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        async { Ok(Ready { ready: true, ..Ready::default() }) }.boxed()
    }
}

struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

/// A clock that follows tokio's paused one.
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        at(i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// Two steps, one after the other, with `texts` going wrong: the report, unless it was ended on
/// purpose, what was called, and the journal.
async fn rehearse(
    texts: &[&str],
    disk: &MemoryStore,
) -> (Option<RunReport>, Vec<(String, u32)>, Duration) {
    let faults = Arc::new(faults(texts));
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let abort: Abort = Arc::new(move || end.store(true, Ordering::SeqCst));
    let world = Arc::new(World::default());
    let events = disk.events();
    let store = CrashingStore::new(
        Box::new(disk.clone()),
        events.len() as u64,
        Arc::clone(&faults),
        Arc::clone(&abort),
    );
    let runner = FaultyRunner::new(Arc::clone(&world) as Arc<dyn Runner>, faults, abort);
    let began = tokio::time::Instant::now();
    let context = Context {
        store: Box::new(store),
        clock: Arc::new(PausedClock(began)),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits::default(),
    };
    let state = replay(&events).unwrap();
    let running = run(work(&[&[], &[0]]), state, Arc::new(runner), context);
    let limited = tokio::time::timeout(Duration::from_secs(3600), async {
        tokio::select! {
            report = running => report.ok(),
            () = until(&ended) => None,
        }
    });
    let report = limited.await.unwrap().filter(|_| !ended.load(Ordering::SeqCst));
    let called = world.0.lock().unwrap().iter().map(|(a, n)| (a.to_string(), *n)).collect();
    (report, called, began.elapsed())
}

async fn until(ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn called(all: &[(String, u32)]) -> Vec<(&str, u32)> {
    all.iter().map(|(address, attempt)| (address.as_str(), *attempt)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_instead_of_the_effect() {
    let (report, all, took) = rehearse(&["error:transient*2@c.step-0"], &MemoryStore::new()).await;
    assert_eq!(report.unwrap().outcome, RunOutcome::Done);
    assert_eq!(called(&all), [("c.step-0", 2), ("c.step-1", 0)]);
    assert!(took > Duration::from_millis(500), "{took:?}");
    let (report, all, _) = rehearse(&["error:permission-denied@c"], &MemoryStore::new()).await;
    let report = report.unwrap();
    assert_eq!((report.outcome, all.len()), (RunOutcome::Failed { steps: 1 }, 0));
    assert_eq!(report.failures[0].error.detail.context[0].1, "error:permission-denied@c");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_comes_after_the_effect() {
    let (report, all, _) = rehearse(&["lost-reply@c.step-1"], &MemoryStore::new()).await;
    assert_eq!(report.unwrap().outcome, RunOutcome::Done);
    assert_eq!(called(&all), [("c.step-0", 0), ("c.step-1", 0), ("c.step-1", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_delay_holds_the_answer_back() {
    let (report, all, took) = rehearse(&["delay:90s@c.step-0"], &MemoryStore::new()).await;
    assert_eq!((report.unwrap().outcome, all.len()), (RunOutcome::Done, 2));
    assert_eq!(took.as_secs(), 90);
    // Longer than a call may take: it is asked again, although it had its effect.
    let (report, all, _) = rehearse(&["delay:10m@c.step-0"], &MemoryStore::new()).await;
    assert_eq!(report.unwrap().outcome, RunOutcome::Done);
    assert_eq!(called(&all), [("c.step-0", 0), ("c.step-0", 1), ("c.step-1", 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_crash_ends_everything_before_or_after_the_effect() {
    for (text, effects) in [("crash@c.step-1", 1), ("crash:after@c.step-1", 2)] {
        let disk = MemoryStore::new();
        let (report, all, _) = rehearse(&[text], &disk).await;
        assert_eq!((report, all.len()), (None, effects), "{text}");
        let state = replay(&disk.events()).unwrap();
        let second = Address::parse("c.step-1").unwrap();
        assert_eq!(state.steps[&second].status, Status::Intended { attempt: 0 }, "{text}");
        // The next process goes on, given the same or not: the attempt is another one.
        let (report, all, _) = rehearse(&[text], &disk).await;
        assert_eq!(report.unwrap().outcome, RunOutcome::Done);
        assert_eq!(called(&all), [("c.step-1", 1)], "{text}");
    }
}

/// At every record of the run, before and after: the journal ends exactly there, and going on from
/// it ends in the same place.
#[tokio::test(start_paused = true)]
async fn a_crash_at_any_record_leaves_just_the_records_before_it() {
    let whole = MemoryStore::new();
    let (report, ..) = rehearse(&[], &whole).await;
    assert_eq!(report.unwrap().outcome, RunOutcome::Done);
    let names: Vec<&str> = whole.events().iter().map(Event::name).collect();
    for number in 1..=names.len() {
        for (word, kept) in [("before", number - 1), ("after", number)] {
            let disk = MemoryStore::new();
            let (report, ..) = rehearse(&[&format!("crash:{word}@event:{number}")], &disk).await;
            assert_eq!(report, None, "{word} {number}");
            let kept_names: Vec<&str> = disk.events().iter().map(Event::name).collect();
            assert_eq!(kept_names, names[..kept], "{word} {number}");
            let (report, ..) = rehearse(&[], &disk).await;
            assert_eq!(report.unwrap().outcome, RunOutcome::Done, "{word} {number}");
        }
    }
}

/// Records are counted on from those that were there.
#[test]
fn a_store_counts_on() {
    let disk = MemoryStore::new();
    let ended = Arc::new(AtomicU32::new(0));
    let end = Arc::clone(&ended);
    let abort: Abort = Arc::new(move || {
        end.fetch_add(1, Ordering::SeqCst);
    });
    let faults = Arc::new(faults(&["crash@event:12"]));
    let mut store = CrashingStore::new(Box::new(disk.clone()), 10, faults, abort);
    let event = || Event::RunInterrupted { at: StillClock.now() };
    store.append(&[event()]).unwrap();
    assert!(store.append(&[event(), event()]).is_err());
    assert_eq!((disk.events().len(), ended.load(Ordering::SeqCst)), (1, 1));
}
