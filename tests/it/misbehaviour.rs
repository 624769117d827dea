//! The table of misbehaviours: what a plugin does, and what the user sees of it in the host and in a
//! process of its own.

use std::fmt::Write as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect_file;
use skybridge_host::runner::Limits;
use skybridge_host::{
    Candidate, Instance, NoVault, NoWitness, PluginError, Runner, Services, Trust,
};
use skybridge_model::clock::{FixedClock, Timestamp};
use skybridge_plugin_api::method;
use skybridge_plugin_protocol::onboard::{ApplyRequest, StepCall};
use skybridge_plugin_protocol::open::OpenRequest;
use skybridge_tests::{Output, TestEnv, built};

const INTRODUCTION: &str = "\
# What a misbehaving plugin costs

Made by `tests/it/misbehaviour.rs`, which does each of these in both ways; `UPDATE_EXPECT=1` writes it anew.
The plugin is `tests/misbehaving`; unless it says otherwise it misbehaves while it applies a step.

\"Here\" is in the host (`isolation = \"in-process\"`), \"apart\" in a process of its own (`isolation = \"process\"`).
A number is the host's exit code; 4 is \"finished with failed steps\", and the other connectors of the manifest were done.
Whatever is refused to a plugin apart it may be granted: [needs](../sdk/src/lib.rs) says how it asks.

| the plugin | here | apart |
|---|---|---|
";

/// What it does in words, and in the plugin's. `{folder}` is the test's folder.
const CASES: [(&str, &str); 31] = [
    ("does nothing odd", "nothing odd"),
    ("panics while it is opened", "panic-in-open"),
    ("panics while it describes its steps", "panic-in-describe"),
    ("panics while it applies a step", "panic-in-apply"),
    ("aborts while it is opened", "abort-in-open"),
    ("aborts while it describes its steps", "abort-in-describe"),
    ("writes through a null pointer", "segfault"),
    ("writes through a null pointer, once", "segfault-once"),
    ("aborts", "abort"),
    ("calls `exit(7)`", "exit"),
    ("overflows its stack", "stack-overflow"),
    ("takes memory without end", "out-of-memory"),
    ("says something and aborts", "last-words"),
    ("logs 200,000 lines", "flood-log"),
    ("tells of progress 200,000 times", "flood-progress"),
    ("writes 200,000 lines to stderr", "flood-stderr"),
    ("writes to stdout", "print"),
    ("forgets an output that it promised", "forget-an-output"),
    ("describes steps that need each other", "cycle"),
    ("reads a file of the user's", "read:{folder}/diary.txt"),
    ("writes a file", "write:{folder}/new.txt"),
    ("removes a file of the user's", "remove:{folder}/victim.txt"),
    ("lets everybody write a file of the user's", "chmod:{folder}/diary.txt"),
    ("starts a programme", "exec:/bin/true"),
    ("connects to a port that is not 443", "connect:{tcp}"),
    ("listens on a port", "listen:127.0.0.1:0"),
    ("connects to a daemon's socket", "unix:{folder}/daemon.sock"),
    ("connects to a daemon's datagram socket", "unix-datagram:{folder}/datagram.sock"),
    ("sends a datagram", "udp:{udp}"),
    ("signals another process", "kill:{pid}"),
    ("reads a variable of the environment", "env:TOKEN_OF_SOMETHING_ELSE"),
];

/// What stays there when it is not stopped; tried with a deadline of a second.
const ENDLESS: [(&str, &str); 3] = [
    ("waits for ever", "hang"),
    ("blocks its thread for ever", "block"),
    ("computes for ever", "busy-loop"),
];

/// Everything the cases reach for.
struct World {
    env: TestEnv,
    tcp: TcpListener,
    udp: UdpSocket,
    _daemons: (UnixListener, UnixDatagram),
}

impl World {
    fn new() -> Self {
        let env = TestEnv::new();
        env.write("diary.txt", "dear diary\n");
        env.write("victim.txt", "still here\n");
        let listener = UnixListener::bind(env.path().join("daemon.sock")).unwrap();
        let datagrams = UnixDatagram::bind(env.path().join("datagram.sock")).unwrap();
        Self {
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _daemons: (listener, datagrams),
            env,
        }
    }

    /// In a state directory of its own: what was not finished before is none of its business.
    fn apply(&self, what: &str, isolation: &str) -> Output {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().display().to_string();
        let what = what
            .replace("{folder}", &self.env.path().display().to_string())
            .replace("{tcp}", &self.tcp.local_addr().unwrap().to_string())
            .replace("{udp}", &self.udp.local_addr().unwrap().to_string())
            .replace("{pid}", &std::process::id().to_string());
        let text = format!(
            "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\nisolation = {isolation:?}\n\
             settings = {{ what = {what:?} }}\n"
        );
        self.env.write("odd.toml", &text);
        let args = [
            "apply", "odd.toml", "--yes", "--log", "info", "--events", "ndjson", "--state", &state,
        ];
        let mut command = self.env.command(&args);
        command.env("TOKEN_OF_SOMETHING_ELSE", "hush");
        skybridge_tests::finish(command.spawn().unwrap())
    }
}

/// How the event of the first thing being done begins.
const DONE: &str = r#"{"version":1,"event":"step-finished","address":"odd.thing@first""#;

/// What the user sees, in a table's cell.
fn seen(output: &Output) -> String {
    if output.code > 128 {
        return format!("**the host dies** of signal {}", output.code - 128);
    }
    let line = |start: &str| output.stderr.lines().find_map(|line| line.strip_prefix(start));
    let mut cell = format!("{}", output.code);
    if let Some(error) = line("error[") {
        let (code, text) = error.split_once("]: ").unwrap();
        write!(cell, ": {code}: {text}").unwrap();
    } else if let Some(done) = line(DONE) {
        let detail = done.split_once(r#""detail":""#).and_then(|(_, rest)| rest.split_once('"'));
        write!(cell, ": {}", detail.map_or("done", |(detail, _)| detail)).unwrap();
    } else if output.code != 0 {
        cell = format!("**the host ends** with {}, as if it were its own", output.code);
    }
    for (sign, means) in [
        ("is started again", ", after another start of its process"),
        ("were left out", ", and what was too much left out"),
        ("the disk of the plugin is on fire", ", with its last words"),
    ] {
        if output.stderr.contains(sign) {
            cell.push_str(means);
        }
    }
    if output.stdout.contains("not for the host's stdout") {
        cell.push_str(", and **its text is in the host's output**");
    }
    cell.replace('|', "\\|")
}

fn open(what: &str, apart: bool) -> Instance {
    let file = built().join("libskybridge_plugin_misbehaving.so");
    let candidate = Candidate::read(&file, Trust::BesideHost).unwrap();
    let runner = Runner {
        program: built().join("skybridge"),
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits: Limits::default(),
    };
    let library = if apart { candidate.probe(&runner) } else { candidate.load() }.unwrap();
    let clock = Arc::new(FixedClock(Timestamp::UNIX_EPOCH));
    let log = tracing_subscriber::filter::Targets::new();
    let services = Services::new("odd", Arc::new(NoVault), clock, Arc::new(NoWitness), log);
    let settings = Some(serde_json::json!({ "what": what }));
    let request = OpenRequest { settings, ..OpenRequest::default() };
    Instance::open(&library, services, &request).unwrap()
}

async fn endless(what: &str, apart: bool) -> PluginError {
    let instance = open(what, apart);
    let step = StepCall { address: "odd.thing@first".into(), ..StepCall::default() };
    let request = ApplyRequest { step, attempt: 1, ..ApplyRequest::default() };
    let request = serde_json::to_vec(&request).unwrap();
    let call = instance.call_raw(method::APPLY, "test", request, Duration::from_secs(1));
    call.await.unwrap_err()
}

/// Goal: each misbehaviour costs what the page says, and nothing misbehaves apart beyond its
/// connector.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_misbehaviours_is_up_to_date() {
    let mut page = INTRODUCTION.to_owned();
    let world = World::new();
    for (words, what) in CASES {
        let here = world.apply(what, "in-process");
        world.env.write("victim.txt", "still here\n");
        let apart = world.apply(what, "process");
        assert!(apart.code <= 6, "{words}: {}", apart.stderr);
        writeln!(page, "| {words} | {} | {} |", seen(&here), seen(&apart)).unwrap();
    }
    assert!(world.env.path().join("victim.txt").exists());
    for (words, what) in ENDLESS {
        let here = endless(what, false).await;
        let left = if what == "hang" { "" } else { "; **a thread of the host stays with it**" };
        let apart = endless(what, true).await;
        writeln!(page, "| {words} | {here}{left} | {apart} |").unwrap();
    }
    expect_file!["../../plugin-api/docs/misbehaviour.md"].assert_eq(&page);
}
