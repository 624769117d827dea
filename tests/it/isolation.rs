//! A plugin in a process of its own: everything works as in the host, and a crash of it costs only its
//! connector.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use skybridge_host::runner::Limits;
use skybridge_host::{
    Candidate, Instance, Library, NoVault, Permit, PluginError, Progress, Runner, Services, Trust,
    Vault, VaultError, Witness,
};
use skybridge_model::Secret;
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_api::{kind, method};
use skybridge_plugin_protocol::audit::{Notice, Write};
use skybridge_plugin_protocol::collect::CollectRequest;
use skybridge_plugin_protocol::onboard::{ApplyRequest, DescribeRequest, ReadyRequest, StepCall};
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_tests::{Output, TestEnv, ThirdParty, built};

fn runner() -> Runner {
    Runner {
        program: built().join("skybridge"),
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits: Limits::default(),
    }
}

/// What the host heard.
#[derive(Default)]
struct Heard {
    done: AtomicU64,
    told: Mutex<Vec<String>>,
    secrets: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Heard {
    fn tell(&self, text: String) {
        self.told.lock().unwrap().push(text);
    }
}

impl Witness for Heard {
    fn progress(&self, connector: &str, progress: Progress) {
        self.done.store(progress.done, Ordering::Relaxed);
        if progress.total == 2 {
            self.tell(format!("{connector} progress {}: {}", progress.subject, progress.note));
        }
    }

    fn write(&self, connector: &str, subject: &str, write: Write) {
        self.tell(format!("{connector} write {subject}: {} {}", write.method, write.target));
    }

    fn notice(&self, connector: &str, subject: &str, notice: Notice) {
        self.tell(format!("{connector} notice {subject}: {}", notice.text));
    }
}

struct InMemory(Arc<Heard>);

impl Vault for InMemory {
    fn get(&self, _: &str, name: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        Ok(self.0.secrets.lock().unwrap().get(name).cloned().map(Secret::new))
    }

    fn put(&self, _: &str, name: &str, value: Secret<Vec<u8>>) -> Result<(), VaultError> {
        self.0.tell(format!("sealed {name}"));
        self.0.secrets.lock().unwrap().insert(name.to_owned(), value.expose().clone());
        Ok(())
    }

    fn remove(&self, _: &str, name: &str) -> Result<(), VaultError> {
        self.0.secrets.lock().unwrap().remove(name);
        Ok(())
    }
}

fn library() -> Library {
    let file = built().join("libskybridge_plugin_misbehaving.so");
    Candidate::read(&file, Trust::BesideHost).unwrap().probe(&runner()).unwrap()
}

fn try_open(library: &Library, what: &str) -> (Result<Instance, PluginError>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let vault = Arc::new(InMemory(Arc::clone(&heard)));
    let clock = Arc::new(FixedClock(Timestamp::from_millisecond(1_700_000_000_123).unwrap()));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("odd", vault, clock, Arc::clone(&heard) as _, log);
    let settings = Some(serde_json::json!({ "what": what }));
    let request = OpenRequest { settings, ..OpenRequest::default() };
    (Instance::open(library, services, &request), heard)
}

fn open(what: &str) -> (Instance, Arc<Heard>) {
    let (instance, heard) = try_open(&library(), what);
    (instance.unwrap(), heard)
}

fn step(address: &str) -> StepCall {
    StepCall { address: address.to_owned(), kind: "thing".into(), ..StepCall::default() }
}

fn apply(address: &str) -> ApplyRequest {
    ApplyRequest { step: step(address), attempt: 1, ..ApplyRequest::default() }
}

/// Goal: what the host offers reaches a plugin in a process of its own: the vault, progress, records,
/// notices, the host's own clock.
#[tokio::test(flavor = "multi_thread")]
async fn every_service_of_the_host_crosses() {
    let (instance, heard) = open("use-the-host");
    assert_eq!(instance.describe(&DescribeRequest::default()).await.unwrap().steps.len(), 2);
    let applied = instance.apply(&apply("odd.thing@first")).await.unwrap();
    let detail = applied.detail.unwrap();
    assert_eq!(detail, "kept Some(4), missing true, gone true, now 1700000000123");
    let told = heard.told.lock().unwrap().clone();
    let expected = [
        "sealed key",
        "odd progress odd.thing@first: half way",
        "odd write odd.thing@first: PUT things/1",
        "odd notice odd.thing@first: look at the thing",
    ];
    assert_eq!(told, expected);
}

/// Goal: a stream from a process waits for its reader, and ends when it is dropped.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_a_process_waits_for_its_reader() {
    let (instance, heard) = open("nothing odd");
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    for number in 0..3 {
        assert_eq!(batches.next().await.unwrap().unwrap().assets[0].id, number.to_string());
    }
    let ahead = still(&heard.done).await;
    assert!((3..=6).contains(&ahead), "{ahead} batches were sent when 3 were read");
    let mut read = 3;
    while let Some(batch) = batches.next().await {
        batch.unwrap();
        read += 1;
    }
    assert_eq!(read, 1_000);
    let mut batches = instance.collect(&CollectRequest::default()).unwrap();
    batches.next().await.unwrap().unwrap();
    drop(batches);
    let then = still(&heard.done).await;
    assert!(then < 1_000, "{then}");
}

/// The number once it does not change any more.
async fn still(number: &AtomicU64) -> u64 {
    let mut before = u64::MAX;
    loop {
        let now = number.load(Ordering::Relaxed);
        if now == before {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Goal: a call that is over its time is asked to stop, and one that stops is no reason to end the
/// process.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_a_process_is_asked_to_stop() {
    let (instance, _) = open("wait-to-be-stopped");
    let request = ReadyRequest { step: step("odd.thing@first"), ..ReadyRequest::default() };
    let bytes = serde_json::to_vec(&request).unwrap();
    let call = instance.call_raw(method::READY, "test", bytes, Duration::from_millis(200));
    let stopped = call.await.unwrap_err();
    assert_eq!(
        (stopped.kind, stopped.to_string().as_str()),
        (kind::CANCELLED, "stopped when asked")
    );
    instance.apply(&apply("odd.thing@first")).await.unwrap();
}

/// Goal: calls that were under way when a process dies all end at once, with a reason; the next call
/// finds a fresh process; after so many none.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_waits_hears_of_the_end() {
    let (instance, _) = open("segfault");
    let instance = Arc::new(instance);
    for round in 0..=3 {
        let calls: Vec<_> = (0..8)
            .map(|number| {
                let instance = Arc::clone(&instance);
                let address = format!("odd.thing@{number}");
                tokio::spawn(async move { instance.apply(&apply(&address)).await.unwrap_err() })
            })
            .collect();
        for call in calls {
            let error = call.await.unwrap();
            assert_eq!(error.kind, kind::CRASHED, "{error}");
            let again = error.retry == skybridge_host::Retry::Transient;
            assert_eq!(again, round < 3, "round {round}: {error} {:?}", error.detail.context);
        }
    }
}

/// Goal: a panic in a process is what it is in the host: an error, and the instance opened anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_a_process_is_an_error() {
    let (instance, _) = open("panic-in-apply");
    for _ in 0..5 {
        let error = instance.apply(&apply("odd.thing@first")).await.unwrap_err();
        assert_eq!(error.kind, kind::PANICKED);
        assert!(error.to_string().contains("blew up while applying"), "{error}");
    }
}

/// Goal: what a process said last is told with its end.
#[tokio::test(flavor = "multi_thread")]
async fn last_words_are_kept() {
    let (instance, _) = open("last-words");
    let error = instance.apply(&apply("odd.thing@first")).await.unwrap_err();
    let said = error.detail.context.iter().find(|(key, _)| key == "it said last");
    assert_eq!(said.unwrap().1, "the disk of the plugin is on fire");
}

/// Goal: a plugin that ends its process while it is opened is told of, and nothing waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_while_opening_is_an_error() {
    let (opened, _) = try_open(&library(), "abort-in-open");
    let error = opened.unwrap_err();
    assert_eq!(error.kind, kind::CRASHED);
    assert!(error.to_string().contains("SIGABRT: abort (signal 6)"), "{error}");
}

/// Goal: a plugin that was not built with the host and asks for more of the machine than a plugin gets
/// is opened once somebody has decided, and gets what was granted alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_asks_for_is_decided_by_a_person() {
    let file = built().join("libskybridge_plugin_hello.so");
    let mut library = Candidate::read(&file, Trust::BesideHost).unwrap().probe(&runner()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let greet = async |library: &Library| {
        let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
        let log = tracing_subscriber::filter::Targets::new();
        let witness = Arc::new(Heard::default());
        let services = Services::new("hello", Arc::new(NoVault), clock, witness, log);
        let settings = serde_json::json!({ "folder": folder.path(), "names": ["ada"] });
        let request = OpenRequest { settings: Some(settings), ..OpenRequest::default() };
        let instance = Instance::open(library, services, &request)?;
        let desired = serde_json::json!({ "text": "hello, ada" });
        let step = StepCall { scope: Some("ada".into()), desired, ..step("hello.greeting@ada") };
        instance.apply(&ApplyRequest { step, ..ApplyRequest::default() }).await
    };
    library.permit = Permit::Undecided;
    let undecided = greet(&library).await.unwrap_err();
    assert_eq!(undecided.kind, kind::PERMISSION_DENIED);
    let help = undecided.detail.help.unwrap();
    assert!(help.contains("permit = [\"write:@/settings/folder\"]"), "{help}");
    library.permit = Permit::Only(["read:/nothing".to_owned()].into());
    let refused = greet(&library).await.unwrap_err();
    assert!(refused.to_string().contains("Permission denied"), "{refused}");
    library.permit = Permit::Only(["write:@/settings/folder".to_owned()].into());
    greet(&library).await.unwrap();
    assert!(folder.path().join("ada.txt").exists());
}

fn manifest(what: &str) -> String {
    format!(
        "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\nisolation = \"process\"\n\
         settings = {{ what = {what:?} }}\n\
         [connectors.even]\nplugin = \"misbehaving\"\nisolation = \"process\"\n\
         settings = {{ what = \"nothing odd\" }}\n"
    )
}

fn run(what: &str) -> Output {
    let env = TestEnv::new();
    env.write("odd.toml", &manifest(what));
    env.run(&["apply", "odd.toml", "--yes", "--log", "info", "--events", "ndjson"])
}

/// Goal: a step whose process died is asked for again under the same key and done; the run ends well.
#[test]
fn a_crash_is_mended_by_asking_again() {
    let ended = run("segfault-once").expect(0);
    assert!(ended.stderr.contains("is started again (1 of 3)"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(r#""address":"odd.thing@second","action":"created""#),
        "{}",
        ended.stderr
    );
}

/// Goal: a connector whose process dies again and again is given up, and the others go on.
#[test]
fn a_crash_costs_only_its_connector() {
    let ended = run("segfault").expect(4);
    assert!(
        ended.stderr.contains(r#""event":"step-finished","address":"even.hand-over""#),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains(r#""event":"step-failed","address":"odd.thing@first""#),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.matches("is started again").count(), 3, "{}", ended.stderr);
}

/// Goal: spans, fields and parents of a plugin's log cross the socket.
#[test]
fn spans_and_fields_cross() {
    let ended = run("nothing odd").expect(0);
    let line = ended.stderr.lines().find(|line| line.contains("made")).unwrap();
    for part in ["INFO", "making{", "address=\"", "colour=\"blue\"", "count=3"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

/// Goal: the whole example works with the plugin in processes of its own, the simulated cloud
/// included: connected, found as wanted, verified, rotated, taken away.
#[test]
fn the_example_works_in_a_process() {
    let env = TestEnv::new();
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let apart = text.replace("plugin = \"azure\"", "plugin = \"azure\"\nisolation = \"process\"");
    assert_ne!(apart, text);
    env.write("contoso.toml", &apart);
    let run = |command: &str, more: &[&str]| {
        env.run(&[&[command, "contoso.toml", "--simulate"], more].concat())
    };
    let first = run("apply", &["--yes"]).expect(0);
    assert!(first.stdout.contains("Connected: 20 of 20 steps"), "{}", first.stdout);
    // With something to do it would end with 3.
    run("plan", &["--detailed-exit-code"]).expect(0);
    run("verify", &[]).expect(0);
    run("rotate", &["--yes"]).expect(0);
    let gone = run("offboard", &["--yes"]).expect(0);
    assert!(gone.stdout.contains("Nothing of ours is left"), "{}", gone.stdout);
}

/// Goal: a plugin that was not built with the host runs in a process of its own unless a manifest says
/// otherwise.
#[test]
fn a_third_partys_plugin_runs_apart_by_default() {
    let third = ThirdParty::new("misbehaving");
    let apart = "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\n\
        settings = { what = \"segfault\" }\n";
    third.env.write("odd.toml", apart);
    third.run(&["apply", "odd.toml", "--yes"]).expect(4);
    let here = apart.replace("[connectors.odd]", "[connectors.odd]\nisolation = \"in-process\"");
    third.env.write("odd.toml", &here);
    let died = third.run(&["apply", "odd.toml", "--yes"]);
    assert_eq!(died.code, 128 + 11, "{}", died.stderr);
    let listed = third.run(&["plugin", "list"]).expect(0).stdout;
    assert!(listed.contains("in a process of its own, unless"), "{listed}");
}

/// Goal: nobody but the host gets anything out of the hidden command.
#[test]
fn the_runner_started_by_hand_says_so_and_ends() {
    let ended = TestEnv::new().run(&["plugin-runner"]).expect(70);
    assert!(ended.stderr.contains("skybridge plugin-runner:"), "{}", ended.stderr);
    let help = TestEnv::new().run(&["help"]).expect(0).stdout;
    assert!(!help.contains("plugin-runner"), "{help}");
}
