//! Plugins that break their contract: contained, named, and never the end of the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use skybridge_host::library::{Candidate, Trust};
use skybridge_host::{Batches, Instance, NoVault, Progress, Services, Witness};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::collect::CollectRequest;
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_tests::{Output, TestEnv, built};

fn apply(what: &str) -> Output {
    let env = TestEnv::new();
    let text = format!(
        "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\nsettings = {{ what = {what:?} }}\n"
    );
    env.write("odd.toml", &text);
    env.run(&["apply", "odd.toml", "--yes", "--log", "info"])
}

/// What it does, how the command ends, and what the user is told.
const CASES: [(&str, i32, &[&str]); 8] = [
    ("nothing odd", 0, &["odd.thing@second created"]),
    ("panic-in-open", 6, &["blew up while opening", "bug of the plugin"]),
    ("panic-in-describe", 6, &["blew up while describing", "bug of the plugin"]),
    ("panic-in-apply", 4, &["blew up while applying odd.thing@first", "bug of the plugin"]),
    ("forget-an-output", 4, &["did not give the output `id` that it promised"]),
    ("no-such-template", 2, &["SKY-PLAN-002", "breaks its contract"]),
    ("cycle", 2, &["thing@first", "thing@second", "->"]),
    ("no-such-state", 0, &["odd.thing@second created"]),
];

#[test]
fn each_is_contained_and_named() {
    for (what, code, says) in CASES {
        let ended = apply(what);
        let all = format!("{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, code, "{what}:\n{all}");
        for part in says {
            assert!(all.contains(part), "{what}: {part} is not in\n{all}");
        }
    }
}

#[test]
fn a_step_that_failed_stops_only_what_needs_it() {
    let ended = apply("panic-in-apply");
    assert!(ended.stderr.contains("skipped odd.thing@second because of odd.thing@first"));
    assert_eq!(ended.stderr.matches("error[").count(), 1, "{}", ended.stderr);
}

#[test]
fn spans_and_fields_of_a_plugin_arrive_in_the_hosts_log() {
    let ended = apply("nothing odd");
    let line = ended.stderr.lines().find(|line| line.contains("made"));
    let line = line.unwrap_or_else(|| panic!("no line in\n{}", ended.stderr));
    for part in ["INFO", "making{", "address=\"odd.thing@first\"", "colour=\"blue\"", "count=3"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

/// How many batches the plugin says it has sent.
#[derive(Default)]
struct Sent(AtomicU64);

impl Witness for Sent {
    fn progress(&self, _: &str, progress: Progress) {
        self.0.store(progress.done, Ordering::Relaxed);
    }
}

fn open(what: &str) -> (Instance, Arc<Sent>) {
    let file = built().join("libskybridge_plugin_misbehaving.so");
    let library = Candidate::read(&file, Trust::BesideHost).unwrap().load().unwrap();
    let sent = Arc::new(Sent::default());
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("odd", Arc::new(NoVault), clock, Arc::clone(&sent) as _, log);
    let settings = Some(serde_json::json!({ "what": what }));
    let request = OpenRequest { settings, ..OpenRequest::default() };
    (Instance::open(&library, services, &request).unwrap(), sent)
}

/// Reads `count` batches, then waits until the plugin stands still.
async fn read_then_pause(batches: &mut Batches, count: u64, sent: &Sent) -> u64 {
    for number in 0..count {
        let batch = batches.next().await.unwrap().unwrap();
        assert_eq!(batch.assets[0].id, number.to_string());
    }
    let mut before = u64::MAX;
    loop {
        let now = sent.0.load(Ordering::Relaxed);
        if now == before {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_waits_for_its_reader() {
    let (instance, sent) = open("nothing odd");
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    let ahead = read_then_pause(&mut batches, 3, &sent).await;
    assert!((3..=6).contains(&ahead), "{ahead} batches were sent when 3 were read");
    let mut read = 3;
    while let Some(batch) = batches.next().await {
        batch.unwrap();
        read += 1;
    }
    assert_eq!(read, 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dropped_ends_and_one_that_panics_says_so() {
    let (instance, sent) = open("panic-in-collect");
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    let ahead = read_then_pause(&mut batches, 1, &sent).await;
    drop(batches);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(sent.0.load(Ordering::Relaxed) <= ahead);

    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    let error = loop {
        match batches.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("the stream ended as if nothing had happened"),
        }
    };
    assert_eq!(error.kind, kind::PANICKED);
    assert!(error.to_string().contains("blew up while collecting"), "{error}");
    assert!(batches.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_a_deadline_and_an_unknown_method_an_answer() {
    let (instance, _) = open("nothing odd");
    let unknown = instance.call_raw(999, "test", Vec::new(), Duration::from_secs(5)).await;
    assert_eq!(unknown.unwrap_err().kind, kind::UNSUPPORTED);
    let garbage = instance.call_raw(1, "test", b"\xff".to_vec(), Duration::from_secs(5)).await;
    assert_eq!(garbage.unwrap_err().kind, kind::CONTRACT_VIOLATION);
}
