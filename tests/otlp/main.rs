//! The host's feature `otlp`: the program, built with it, sends its traces to a real collector.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod collector;

use std::process::Child;

use collector::{Collector, Manner, Span};
use skybridge_tests::{Output, SimulatorProcess, TestEnv, eventually, finish};

const APPLICATION: &str = "contoso.application";

/// The custom role is refused for good.
const REFUSED: &str = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"PUT\"\n\
                       path-contains = \"/roleDefinitions/\"\neffect = \"answer\"\nstatus = 400\n\
                       code = \"InvalidRoleDefinition\"\nmessage = \"no such action\"\n";

fn apply(env: &TestEnv, endpoint: &str, further: &[&str]) -> Child {
    let args = [&["apply", "contoso.toml", "--yes"], further].concat();
    let mut command = env.command(&args);
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-team=cloud")
        .env("OTEL_SERVICE_NAME", "rehearsals")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
    command.spawn().unwrap()
}

/// The spans of a name, and of an address where one is given.
fn named<'a>(spans: &'a [Span], name: &str, address: Option<&str>) -> Vec<&'a Span> {
    let of = |span: &&Span| {
        let known = span.attributes.get("address").map(String::as_str);
        span.name == name && (address.is_none() || known == address)
    };
    spans.iter().filter(of).collect()
}

fn parent<'a>(spans: &'a [Span], span: &Span) -> &'a Span {
    let found = spans.iter().find(|it| it.id == span.parent && it.trace == span.trace);
    found.unwrap_or_else(|| panic!("the parent of {span:?} was not sent"))
}

fn attribute<'a>(span: &'a Span, name: &str) -> &'a str {
    span.attributes.get(name).unwrap_or_else(|| panic!("{span:?} has no {name}"))
}

#[test]
fn a_run_is_one_trace_from_the_command_down_to_the_exchange() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let collector = Collector::start(Manner::Accepts);
    let child = apply(&env, &collector.url, &["--simulator", simulator.url()]);
    let run = finish(child).expect(0);
    assert!(!run.stderr.contains("WARN"), "{}", run.stderr);

    let (spans, resource) = collector.spans();
    assert_eq!(resource["service.name"], "rehearsals");
    assert_eq!(resource["deployment.environment"], "test");
    for sent in collector.sent() {
        let head = sent.head.to_lowercase();
        assert!(head.starts_with("post /v1/traces ") && head.contains("x-team: cloud"), "{head}");
    }
    let attempts = named(&spans, "attempt", Some(APPLICATION));
    let attempt = attempts.first().unwrap();
    assert_eq!(attribute(attempt, "attempt"), "0");
    let last = attempts.last().unwrap();
    assert_eq!(attribute(last, "outcome"), "created");
    let step = parent(&spans, attempt);
    assert_eq!((step.name.as_str(), attribute(step, "address")), ("step", APPLICATION));
    assert_eq!((attribute(step, "connector"), attribute(step, "outcome")), ("contoso", "created"));
    let of_run = parent(&spans, step);
    assert_eq!((of_run.name.as_str(), attribute(of_run, "outcome")), ("run", "done"));
    let command = parent(&spans, of_run);
    assert_eq!((command.name.as_str(), attribute(command, "name")), ("command", "apply"));
    assert!(command.parent.is_empty());
    assert!(!named(&spans, "look", Some(APPLICATION)).is_empty());

    // What the attempt called, and what the plugin exchanged for it.
    let exchange = named(&spans, "exchange", None).into_iter().find(|exchange| {
        let call = parent(&spans, exchange);
        let ours = call.name == "plugin-call" && parent(&spans, call).id == last.id;
        ours && attribute(exchange, "status").starts_with('2')
    });
    let exchange = exchange.expect("the application was created by an exchange");
    assert!(!attribute(exchange, "request_id").is_empty());
    // One trace, and nothing of it hangs in the air.
    assert!(spans.iter().all(|span| span.trace == command.trace), "{spans:?}");
    for span in spans.iter().filter(|span| !span.parent.is_empty()) {
        parent(&spans, span);
    }
    no_secret(&simulator, &collector);
}

fn no_secret(simulator: &SimulatorProcess, collector: &Collector) {
    let tenant = simulator.tenant();
    let applications = tenant["applications"].as_array().unwrap().iter();
    let minted = applications.flat_map(|it| it["passwordCredentials"].as_array().unwrap());
    let mut secrets: Vec<&str> =
        minted.filter_map(|credential| credential["secretText"].as_str()).collect();
    assert!(!secrets.is_empty(), "the minted secret is not to be seen");
    secrets.push(simulator.ready["operator"]["client-secret"].as_str().unwrap());
    for sent in collector.sent() {
        for secret in &secrets {
            let found = sent.body.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "a secret was sent");
        }
    }
}

#[test]
fn failures_are_marked_and_sent_too() {
    let env = TestEnv::new();
    env.write("scenario.toml", REFUSED);
    let collector = Collector::start(Manner::Accepts);
    let simulate = ["--simulate", "--scenario", "scenario.toml"];
    let _failed = finish(apply(&env, &collector.url, &simulate)).expect(4);
    let (spans, _) = collector.spans();
    let step = "contoso.role-definition.custom";
    let attempts = named(&spans, "attempt", Some(step));
    let attempt = attempts.last().unwrap();
    assert_eq!((attempt.status, attribute(attempt, "outcome")), (2, "failed"));
    assert_eq!(attribute(attempt, "class"), "Permanent");
    assert!(!attribute(attempt, "request_id").is_empty());
    assert_eq!(parent(&spans, attempt).status, 2);
    assert_eq!(attribute(named(&spans, "run", None)[0], "outcome"), "failed");
}

#[test]
fn what_was_done_before_ctrl_c_is_sent() {
    let env = TestEnv::new();
    env.write("scenario.toml", "[lag]\napplication = 3000\nservice-principal = 3000\n");
    let collector = Collector::start(Manner::Accepts);
    let child = apply(&env, &collector.url, &["--simulate", "--scenario", "scenario.toml"]);
    eventually("a step is applied", || {
        let files = env.files();
        let journal = files.iter().find(|path| path.ends_with("journal"));
        journal.is_some_and(|it| fs_err::read_to_string(it).unwrap().contains("step-applied"))
    });
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let _interrupted = finish(child).expect(5);
    let (spans, _) = collector.spans();
    let run = named(&spans, "run", None);
    assert_eq!(attribute(run[0], "outcome"), "interrupted");
    assert!(!named(&spans, "attempt", None).is_empty());
}

/// The run as it is when nobody is told of it.
fn unharmed(env: &TestEnv, run: &Output) {
    assert!(run.stdout.contains("Connected: 20 of 20 steps"), "{}", run.stdout);
    let warnings: Vec<&str> = run.stderr.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{}", run.stderr);
    assert!(warnings[0].contains("the run is not affected"), "{}", warnings[0]);
    env.run(&["verify", "contoso.toml", "--simulate"]).expect(0);
}

#[test]
fn a_collector_that_is_not_there_is_a_warning() {
    let env = TestEnv::new();
    // Nobody listens on a port that was let go of.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = finish(apply(&env, &format!("http://{gone}"), &["--simulate"])).expect(0);
    unharmed(&env, &run);
}

#[test]
fn a_collector_that_hangs_holds_up_nothing() {
    let env = TestEnv::new();
    let collector = Collector::start(Manner::Hangs);
    let run = finish(apply(&env, &collector.url, &["--simulate"])).expect(0);
    assert!(run.stdout.contains("Connected: 20 of 20 steps"), "{}", run.stdout);
    assert!(collector.sent().is_empty());
}

#[test]
fn a_protocol_that_is_not_spoken_is_a_warning() {
    let env = TestEnv::new();
    let collector = Collector::start(Manner::Accepts);
    let mut command = env.command(&["apply", "contoso.toml", "--simulate", "--yes"]);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    command.env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    let run = finish(command.spawn().unwrap()).expect(0);
    assert!(run.stderr.contains("no traces are sent"), "{}", run.stderr);
    assert!(collector.sent().is_empty());
}
