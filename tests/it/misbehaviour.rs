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
use skybridge_tests::{Output, TestEnv, ThirdParty, built};

const INTRODUCTION: &str = "\
# What a misbehaving plugin costs

Made by `tests/it/misbehaviour.rs`, which does each of these in both ways; `UPDATE_EXPECT=1` writes it anew.
The plugin is `tests/misbehaving`; unless it says otherwise it misbehaves while it applies a step.

\"Here\" is in the host (`isolation = \"in-process\"`), \"apart\" in a process of its own (`isolation = \"process\"`).
A number is the host's exit code; 4 is \"finished with failed steps\", and the other connectors of the manifest were done.
Files, programmes, variables and ports that are refused to a plugin apart may be granted: it asks with `needs` in its manifest.

| the plugin | here | apart |
|---|---|---|
";

const FILES: &str = "
## Files that are not loaded

A third-party plugin's file, refused before any of its code runs in the host, in both ways.

| the file | here | apart |
|---|---|---|
";

/// What it does in words, and in the plugin's. `{folder}` is the test's folder.
const CASES: [(&str, &str); 33] = [
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
    ("puts 20,000 writes on record in one call", "flood-record"),
    ("writes 200,000 lines to stderr", "flood-stderr"),
    ("writes to stdout", "print"),
    ("forgets an output that it promised", "forget-an-output"),
    ("describes steps that need each other", "cycle"),
    ("reads a file of the user's", "read:{folder}/diary.txt"),
    ("writes a file", "write:{folder}/new.txt"),
    ("removes a file of the user's", "remove:{folder}/victim.txt"),
    ("lets everybody write a file of the user's", "chmod:{folder}/diary.txt"),
    ("starts a programme", "exec:/bin/true"),
    (
        "starts a shell, which it was granted, that reads a file of the user's",
        "granted shell:{folder}/diary.txt",
    ),
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

/// Cases that run at the same time.
const AT_A_TIME: usize = 6;

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
        let (what, granted) = match what.strip_prefix("granted ") {
            Some(what) => (what, true),
            None => (what.as_str(), false),
        };
        let text = format!(
            "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\nisolation = {isolation:?}\n\
             settings = {{ what = {what:?}, granted = {granted} }}\n"
        );
        self.env.write("odd.toml", &text);
        let args = ["apply", "odd.toml", "--yes", "--log", "info", "--state", &state];
        let mut command = self.env.command(&args);
        command.env("TOKEN_OF_SOMETHING_ELSE", "hush").env("PATH", "/usr/bin:/bin");
        skybridge_tests::finish(command.spawn().unwrap())
    }
}

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
    } else if let Some(done) = line("done odd.thing@first ") {
        let detail = done.split_once(" - ").map_or("done", |(_, detail)| detail);
        write!(cell, ": {detail}").unwrap();
    } else if output.code != 0 {
        cell = format!("**the host ends** with {}, as if it were its own", output.code);
    }
    match output.stderr.matches("is started again").count() {
        0 => {}
        1 => cell.push_str(", after one restart"),
        restarts => write!(cell, ", after {restarts} restarts").unwrap(),
    }
    for (sign, means) in [
        ("no more are kept", ", and what was too much not recorded"),
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

/// What is wrong with a file, and the file; nothing means that there is none.
fn files() -> Vec<(&'static str, Option<Vec<u8>>)> {
    let good = fs_err::read(built().join("libskybridge_plugin_misbehaving.so")).unwrap();
    let example = |name| Some(fs_err::read(skybridge_tests::example(name)).unwrap());
    let mut foreign = good.clone();
    foreign[18] = 243;
    let mut aborts = good.clone();
    let tag = br#""panic":"unwind"}"#;
    let at = aborts.windows(tag.len()).position(|window| window == tag).unwrap();
    aborts[at..at + tag.len()].copy_from_slice(br#""panic":"abort"} "#);
    vec![
        ("is not there", None),
        ("is empty", Some(Vec::new())),
        ("is a text", Some(b"#!/bin/sh\n".to_vec())),
        ("is truncated", Some(good[..good.len() / 2].to_vec())),
        ("is for another processor", Some(foreign)),
        ("is a library, and no plugin", example("no_plugin")),
        ("is for another contract", example("other_contract")),
        ("has a changed layout", example("changed_layout")),
        ("was built with `panic = \"abort\"`", Some(aborts)),
        ("aborts when it is loaded", example("aborts_when_loaded")),
        ("writes through a null pointer when it is loaded", example("segfaults_when_loaded")),
    ]
}

fn file_row(words: &str, bytes: Option<&[u8]>) -> String {
    let third = ThirdParty::new("misbehaving");
    match bytes {
        Some(bytes) => fs_err::write(third.file(), bytes).unwrap(),
        None => fs_err::remove_file(third.file()).unwrap(),
    }
    let cell = |isolation: &str| {
        let text = format!(
            "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\nisolation = {isolation:?}\n"
        );
        third.env.write("odd.toml", &text);
        let output = third.run(&["plan", "odd.toml", "--offline"]);
        assert!((2..=6).contains(&output.code), "{words}: {}", output.stderr);
        let help = output.stderr.lines().any(|line| line.trim_start().starts_with("= help: "));
        assert!(help && output.stderr.lines().count() <= 12, "{words}: {}", output.stderr);
        let file = third.file().display().to_string();
        seen(&output).replace(&file, "FILE")
    };
    format!("| {words} | {} | {} |\n", cell("in-process"), cell("process"))
}

async fn endless(what: &str, apart: bool) -> PluginError {
    let instance = open(what, apart);
    let step = StepCall { address: "odd.thing@first".into(), ..StepCall::default() };
    let request = ApplyRequest { step, attempt: 1, ..ApplyRequest::default() };
    let request = serde_json::to_vec(&request).unwrap();
    let call = instance.call_raw(method::APPLY, "test", request, Duration::from_secs(1));
    call.await.unwrap_err()
}

fn row(words: &str, what: &str) -> String {
    let here = World::new().apply(what, "in-process");
    let world = World::new();
    let apart = world.apply(what, "process");
    assert!(apart.code <= 6, "{words}: {}", apart.stderr);
    assert!(world.env.path().join("victim.txt").exists(), "{words}");
    format!("| {words} | {} | {} |\n", seen(&here), seen(&apart))
}

/// Goal: each misbehaviour costs what the page says, and nothing misbehaves apart beyond its
/// connector.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_misbehaviours_is_up_to_date() {
    let mut page = INTRODUCTION.to_owned();
    // They mostly wait: a few at a time.
    for cases in CASES.chunks(AT_A_TIME) {
        let rows = std::thread::scope(|scope| {
            let started: Vec<_> =
                cases.iter().map(|case| scope.spawn(|| row(case.0, case.1))).collect();
            started.into_iter().map(|row| row.join().unwrap()).collect::<String>()
        });
        page.push_str(&rows);
    }
    for (words, what) in ENDLESS {
        let here = endless(what, false).await;
        let left = if what == "hang" { "" } else { "; **a thread of the host stays with it**" };
        let apart = endless(what, true).await;
        writeln!(page, "| {words} | {here}{left} | {apart} |").unwrap();
    }
    page.push_str(FILES);
    files().iter().for_each(|(words, bytes)| page.push_str(&file_row(words, bytes.as_deref())));
    expect_file!["../../plugin-api/docs/misbehaviour.md"].assert_eq(&page);
}
