//! How long onboarding takes beside what bounds it: replication for one subscription, quotas for a
//! thousand.
//!
//! Run it with the program and the Azure plugin built in release:
//! `cargo build --release --workspace --lib --bins --examples && cargo bench -p skybridge-tests --bench onboarding [-- lag|real|large]`.
//!
//! Read it as: in the first table one thing at a time takes `lag` seconds to be seen; the step it
//! holds up should take that long and little more. In the second everything lags as it does on an
//! ordinary day, and the floor is the longest chain of lags through the plan. In the third the
//! floor is what the simulated quotas allow.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and ends when it cannot go on"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, get, post, workspace};

/// What is held up by what: by a lag of the scenario, a step of the run or of the run that takes
/// everything back. Assignments say what their principal is, so nothing waits for `principal-untyped`.
const HELD_UP: [(&str, Run, &str); 17] = [
    ("application", Run::Apply, "application"),
    ("application-reference", Run::Apply, "service-principal"),
    ("service-principal", Run::Apply, "service-principal"),
    ("principal", Run::Apply, "role-assignment.reader"),
    ("app-role-assignment", Run::Apply, "admin-consent"),
    ("app-role-effect", Run::Apply, "verification.directory"),
    ("role-definition", Run::Apply, "role-definition.custom"),
    ("role-assignment", Run::Apply, "role-assignment.reader"),
    ("role-assignment-effect", Run::Apply, "verification.subscription"),
    ("secret", Run::Apply, "client-secret"),
    ("credential-list", Run::Apply, "client-secret"),
    ("certificate", Run::Certificate, "certificate"),
    ("federated-credential", Run::Federated, "federated-credential"),
    ("role-definition-deletion", Run::Offboard, "role-definition.custom"),
    ("role-assignment-deletion", Run::Offboard, "role-assignment.reader"),
    ("application-deletion", Run::Offboard, "application"),
    ("service-principal-deletion", Run::Offboard, "service-principal"),
];

/// What is run to see a lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Apply,
    Certificate,
    Federated,
    Offboard,
}

/// An ordinary day, in milliseconds: application and principal in seconds, assignments in effect
/// after half a minute, a new credential after a quarter.
const ORDINARY: [(&str, u64); 18] = [
    ("application", 4_000),
    ("application-reference", 6_000),
    ("service-principal", 6_000),
    ("principal", 15_000),
    ("principal-untyped", 60_000),
    ("app-role-assignment", 4_000),
    ("app-role-effect", 20_000),
    ("role-definition", 6_000),
    ("role-definition-deletion", 6_000),
    ("role-assignment", 4_000),
    ("role-assignment-deletion", 4_000),
    ("role-assignment-effect", 30_000),
    ("secret", 15_000),
    ("credential-list", 4_000),
    ("certificate", 15_000),
    ("federated-credential", 15_000),
    ("application-deletion", 4_000),
    ("service-principal-deletion", 4_000),
];

const LAG_SECONDS: u64 = 6;

fn main() {
    let wanted = std::env::args().nth(1).filter(|arg| !arg.starts_with("--"));
    let wants = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if wants("lag") {
        one_lag_at_a_time();
    }
    if wants("real") {
        an_ordinary_day();
    }
    if wants("large") {
        a_thousand_subscriptions();
    }
}

/// The scenario that is met when none is given: it shows every key with its default.
fn defaults() -> toml::Table {
    let file = workspace().join("plugins/azure/sim/scenarios/default.toml");
    fs_err::read_to_string(file).unwrap().parse().unwrap()
}

/// Every lag the scenario knows, those that are not given at nothing.
fn scenario(lags: &BTreeMap<&str, u64>) -> String {
    let known = defaults();
    let known = known["lag"].as_table().unwrap();
    assert!(lags.keys().all(|lag| known.contains_key(*lag)), "{lags:?}");
    let mut text = format!("flapping = false\n[[issuers]]\nurl = \"{ISSUER}\"\n[lag]\n");
    for lag in known.keys() {
        text.push_str(&format!("{lag} = {}\n", lags.get(lag.as_str()).copied().unwrap_or(0)));
    }
    text
}

const ISSUER: &str = "https://token.actions.example";

/// The example's manifest with another kind of credential.
fn manifest(env: &TestEnv, run: Run, simulator: &SimulatorProcess) {
    let credential = match run {
        Run::Apply | Run::Offboard => return,
        Run::Certificate => "{ kind = \"certificate\" }".to_owned(),
        Run::Federated => {
            let subject = "repo:contoso/watcher:ref:refs/heads/main";
            let asked = serde_json::json!({ "issuer": ISSUER, "subject": subject });
            let url = format!("{}/_simulator/assertions", simulator.url());
            let issued = post(&url, &asked.to_string());
            env.write("token", issued["assertion"].as_str().unwrap());
            let file = env.path().join("token");
            format!(
                "{{ kind = \"federated\", issuer = \"{ISSUER}\", subject = \"{subject}\", \
                 assertion = \"file:{}\" }}",
                file.display()
            )
        }
    };
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("credential = "));
    let settings = "[connectors.contoso.settings]";
    let changed = lines.map(|line| match line {
        line if line == settings => format!("{line}\ncredential = {credential}\n"),
        line => format!("{line}\n"),
    });
    env.write("contoso.toml", &changed.collect::<String>());
}

/// Seconds of each step, and of the whole run.
fn rehearse(scenario: &str, run: Run) -> (BTreeMap<String, f64>, f64) {
    let env = TestEnv::new();
    env.write("scenario.toml", scenario);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "scenario.toml"]);
    manifest(&env, run, &simulator);
    let args = ["contoso.toml", "--simulator", simulator.url(), "--yes", "--events", "ndjson"];
    let mut done = env.run(&[&["apply"], &args[..]].concat()).expect(0);
    if run == Run::Offboard {
        done = env.run(&[&["offboard"], &args[..]].concat()).expect(0);
    }
    let mut steps = BTreeMap::new();
    let mut whole = 0.0;
    for line in done.stderr.lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        match event["event"].as_str() {
            Some("step-finished") => {
                let address = event["address"].as_str().unwrap().to_owned();
                steps.insert(address, event["seconds"].as_f64().unwrap());
            }
            Some("run-finished") => whole = event["seconds"].as_f64().unwrap(),
            _ => {}
        }
    }
    (steps, whole)
}

fn of(steps: &BTreeMap<String, f64>, step: &str) -> f64 {
    let wanted = format!("contoso.{step}");
    steps.iter().find(|(address, _)| address.starts_with(&wanted)).map_or(0.0, |(_, s)| *s)
}

fn one_lag_at_a_time() {
    println!(
        "one thing lags by {LAG_SECONDS} s, the rest by nothing; seconds of the step it holds up"
    );
    println!("{:24} {:28} {:>7} {:>7} {:>7}", "lag", "step", "none", "lag", "over");
    let mut calm: Vec<(Run, BTreeMap<String, f64>)> = Vec::new();
    for (lag, run, step) in HELD_UP {
        if !calm.iter().any(|(known, _)| *known == run) {
            calm.push((run, rehearse(&scenario(&BTreeMap::new()), run).0));
        }
        let (_, calm) = calm.iter().find(|(known, _)| *known == run).unwrap();
        let lags = BTreeMap::from([(lag, LAG_SECONDS * 1000)]);
        let (steps, _) = rehearse(&scenario(&lags), run);
        let (none, with) = (of(calm, step), of(&steps, step));
        let over = with - LAG_SECONDS as f64;
        println!("{lag:24} {step:28} {none:7.1} {with:7.1} {over:7.1}");
    }
    println!();
}

/// What a step has to wait for at least, by its kind and name.
fn bound(step: &str) -> u64 {
    let lag = |name: &str| ORDINARY.iter().find(|(lag, _)| *lag == name).map_or(0, |(_, ms)| *ms);
    match step.split('@').next().unwrap_or_default().trim_start_matches("contoso.") {
        "application" => lag("application"),
        "service-principal" => lag("service-principal"),
        "role-definition.custom" => lag("role-definition"),
        step if step.starts_with("role-assignment.") => lag("role-assignment"),
        step if step.starts_with("admin-consent.") => lag("app-role-assignment"),
        "client-secret" => lag("credential-list").max(lag("secret")),
        _ => 0,
    }
}

/// The longest chain of lags: each step after those it needs. What is visible late also holds up
/// the first call that refers to it; that chain is application, principal, assignment, effect.
fn floor(plan: &Value) -> u64 {
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    for step in plan["steps"].as_array().unwrap() {
        let address = step["address"].as_str().unwrap();
        let needs = step["needs"].as_array().into_iter().flatten();
        let begins = needs.filter_map(|need| ends.get(need.as_str()?)).copied().max().unwrap_or(0);
        ends.insert(address.to_owned(), begins + bound(address));
    }
    let lag = |name: &str| ORDINARY.iter().find(|(lag, _)| *lag == name).map_or(0, |(_, ms)| *ms);
    let reference = lag("application-reference") + lag("principal") + lag("role-assignment-effect");
    let consent = lag("application-reference") + lag("service-principal") + lag("app-role-effect");
    ends.values().copied().max().unwrap_or(0).max(reference).max(consent)
}

fn an_ordinary_day() {
    let env = TestEnv::new();
    let plan = env.run(&["plan", "contoso.toml", "--offline", "--format", "json"]).expect(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let (steps, whole) = rehearse(&scenario(&BTreeMap::from(ORDINARY)), Run::Apply);
    println!("one subscription, {} steps, everything lags as on an ordinary day", steps.len());
    println!("  lag floor  {:6.1} s", floor(&plan) as f64 / 1000.0);
    println!("  wall time  {whole:6.1} s\n");
}

const LARGE: &str = r#"schema = 1
[connectors.contoso]
plugin = "azure"
[connectors.contoso.settings]
tenant = "11111111-2222-3333-4444-555555555555"
scope = { tenant = true }
[connectors.contoso.operator]
auth = "azure-cli"
"#;

fn a_thousand_subscriptions() {
    let env = TestEnv::new();
    env.write("large.toml", LARGE);
    let scenario = "generate = { subscriptions = 999 }\n\
                    page-size = { resource-manager = 100, graph = 100 }\n";
    env.write("scenario.toml", scenario);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "scenario.toml"]);
    let started = Instant::now();
    let args = ["apply", "large.toml", "--yes", "--no-progress", "--simulator", simulator.url()];
    let done = env.run(&args).expect(0);
    let wall = started.elapsed().as_secs_f64();
    let calls = get(&format!("{}/_simulator/calls", simulator.url()));
    println!("1,000 subscriptions in one tenant");
    for line in done.stdout.lines().filter(|line| line.contains("verified ")) {
        println!("{line}");
    }
    for (service, count) in calls["byService"].as_object().unwrap() {
        println!("  calls to {service:18} {count:>8}");
    }
    let throttled: u64 = calls["calls"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|call| call["status"] == 429)
        .filter_map(|call| call["count"].as_u64())
        .sum();
    println!("  answered 429                {throttled:>8}");
    for (bucket, seconds) in quota_floors(&calls) {
        println!("  quota floor of {bucket:12} {seconds:8.1} s");
    }
    println!("  wall time                   {wall:8.1} s\n");
}

/// Seconds that the buckets which all calls share need at least, by the scenario's limits: calls
/// beyond the bucket, divided by its refill. Resource Manager's buckets are per subscription and never
/// bind here.
fn quota_floors(calls: &Value) -> Vec<(&'static str, f64)> {
    let count = |service: &str, write: bool| -> f64 {
        let of = calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|call| call["service"] == service && (call["method"] != "GET") == write);
        of.filter_map(|call| call["count"].as_u64()).sum::<u64>() as f64
    };
    let throttle = &defaults()["throttle"];
    let floor = |calls: f64, service: &str, bucket: &str| {
        let limit = |key: &str| throttle[service][bucket][key].as_integer().unwrap() as f64;
        ((calls - limit("bucket")) / limit("per-second")).max(0.0)
    };
    vec![
        ("tokens", floor(count("login", true), "login", "tokens")),
        ("Graph reads", floor(count("graph", false), "graph", "reads")),
        ("Graph writes", floor(count("graph", true), "graph", "writes")),
    ]
}
