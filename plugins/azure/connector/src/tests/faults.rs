//! Every call of every step, and everything that can befall it.
//!
//! A clean onboarding tells which calls each step makes. Then each of them, in a tenant where
//! everything before it is done, is refused, delayed, cut off before or after its effect, or left
//! without an answer; and the onboarding has to end as if nothing had been.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use expect_test::expect_file;
use serde_json::{Value, json};
use skybridge_azure_client::http::provide_cryptography;
use skybridge_azure_sim::Simulator;
use skybridge_plugin_sdk::protocol::onboard::observed;

use super::support::{NO_LAG, PATIENCE, Rehearsal, settings, simulator};

/// What befalls a call, and whether trying again helps.
const EFFECTS: [(&str, bool); 11] = [
    ("effect = \"answer\"\nstatus = 400\ncode = \"BadRequest\"\nmessage = \"no\"", false),
    ("effect = \"answer\"\nstatus = 403\ncode = \"Forbidden\"\nmessage = \"no\"", false),
    ("effect = \"too-many-requests\"\nretry-after = 0", true),
    ("effect = \"internal-error\"", true),
    ("effect = \"service-unavailable\"", true),
    ("effect = \"request-timeout\"", true),
    ("effect = \"reset-before-commit\"", true),
    ("effect = \"reset-after-commit\"", true),
    ("effect = \"reset-mid-body\"", true),
    ("effect = \"hang\"", true),
    ("effect = \"hang-after-commit\"", true),
];

/// One call of a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct CallOf {
    step: String,
    service: String,
    method: String,
    /// Its path, with braces for everything that names one thing of many.
    shape: String,
    /// Calls with the same service and method before it in the step.
    before: usize,
}

/// A simulated cloud that many connectors come to, one after the other.
struct Cloud {
    simulator: Arc<Simulator>,
    connectors: AtomicU32,
}

impl Cloud {
    async fn start() -> Self {
        let plenty = "{ bucket = 1000000, per-second = 100000 }";
        let scenario = format!(
            "page-size = {{ resource-manager = 200, graph = 200 }}\n\
             throttle.resource-manager = {{ reads = {plenty}, writes = {plenty}, deletes = {plenty} }}\n\
             throttle.graph = {{ reads = {plenty}, writes = {plenty} }}\n\
             throttle.login = {{ tokens = {plenty} }}\n{NO_LAG}"
        );
        Self { simulator: simulator(Some(&scenario)).await, connectors: AtomicU32::new(0) }
    }

    /// A connector nobody has seen before: its display name makes it another one.
    fn connector(&self) -> Rehearsal {
        let number = self.connectors.fetch_add(1, Ordering::Relaxed);
        let mut settings = settings();
        settings["display-name"] = json!(format!("connector-{number}"));
        let mut rehearsal = Rehearsal::on(Arc::clone(&self.simulator), settings);
        rehearsal.pace = Duration::from_millis(5);
        rehearsal
    }

    /// Exchanges the rules of faults; how often the old ones struck.
    async fn arm(&self, rules: &str) -> u64 {
        provide_cryptography();
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let url = format!("{}/_simulator/faults", self.simulator.ready().url.trim_end_matches('/'));
        let old: Value = http.get(&url).send().await.unwrap().json().await.unwrap();
        let reply = http.post(&url).body(rules.to_owned()).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{rules}");
        let struck = |rule: &Value| rule["struck"].as_u64().unwrap();
        old["faults"].as_array().unwrap().iter().map(struck).sum()
    }
}

/// The path with braces for ids.
fn shape(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path).split('?').next().unwrap();
    let mut after_case_sensitive_id = false;
    let parts = path.split('/').map(|part| {
        let is_id = part.len() == 36 && part.matches('-').count() == 4;
        let opaque = std::mem::replace(&mut after_case_sensitive_id, part == "appRoleAssignedTo");
        let keyed = part.split_once('(').map(|(name, _)| format!("{name}({{}})"));
        if is_id || opaque { "{}".to_owned() } else { keyed.unwrap_or_else(|| part.to_owned()) }
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The calls a clean onboarding makes, each shape once a step.
async fn calls(cloud: &Cloud) -> Vec<CallOf> {
    let mut rehearsal = cloud.connector();
    let mut all = Vec::new();
    for position in rehearsal.positions() {
        let seen = traffic(&rehearsal).await.len();
        rehearsal.run_step(position).await.unwrap();
        let mut shapes = BTreeSet::new();
        let mut made: Vec<(String, String)> = Vec::new();
        for exchange in traffic(&rehearsal).await.iter().skip(seen) {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let service = text(&exchange["service"]);
            let method = text(&exchange["request"]["method"]);
            let shape = shape(exchange["request"]["url"].as_str().unwrap());
            let kind = (service.clone(), method.clone());
            let before = made.iter().filter(|other| **other == kind).count();
            made.push(kind);
            if shapes.insert((service.clone(), method.clone(), shape.clone())) {
                let step = rehearsal.word(position);
                all.push(CallOf { step, service, method, shape, before });
            }
        }
    }
    all
}

async fn traffic(rehearsal: &Rehearsal) -> Vec<Value> {
    let traffic = rehearsal.control("_simulator/traffic", None).await;
    let list = traffic.as_array().or_else(|| traffic["exchanges"].as_array());
    list.unwrap_or_else(|| panic!("{}", traffic.to_string().chars().take(200).collect::<String>()))
        .clone()
}

/// Runs one combination to its end; whether the step took no notice of a refusal for good.
async fn befall(cloud: &Cloud, call: &CallOf, effect: &str, passes: bool) -> bool {
    let mut rehearsal = cloud.connector();
    let target = rehearsal.find(&call.step);
    let case = format!("{effect} at {call:?}");
    for position in 0..target {
        rehearsal.run_step(position).await.unwrap();
    }
    let CallOf { service, method, before, .. } = call;
    let rule = format!(
        "[[faults]]\nservice = \"{service}\"\nmethod = \"{method}\"\nskip = {before}\nevery = 1\n\
         times = 1\n{effect}\n"
    );
    cloud.arm(&rule).await;
    let outcome = rehearsal.run_step(target).await;
    assert_eq!(cloud.arm("").await, 1, "{case} did not happen");
    let unnoticed = outcome.is_ok() && !passes;
    match outcome {
        Ok(_) => {}
        Err(error) if passes => panic!("{case}: {error:#?}"),
        Err(error) => {
            assert!(error.detail.code.is_some(), "{case}: {error:#?}");
            let told = error.detail.context.iter().any(|(name, _)| name == "request-id");
            // The login service has no request ids; its errors have a trace id in their text.
            assert!(told || call.service == "login", "{case}: {error:#?}");
            // Somebody mended it, and the run goes on in another process under the same key.
            rehearsal.attempts = 1;
            let again = rehearsal.run_step(target).await;
            again.unwrap_or_else(|error| panic!("{case}, resumed: {error:#?}"));
            rehearsal.attempts = 0;
        }
    }
    for position in target + 1..rehearsal.positions().end {
        let done = rehearsal.run_step(position).await;
        done.unwrap_or_else(|error| panic!("{case}, then: {error:#?}"));
    }
    as_if_nothing_had_been(&rehearsal, &case).await;
    unnoticed
}

/// Everything is there, as wanted, and once.
async fn as_if_nothing_had_been(rehearsal: &Rehearsal, case: &str) {
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{case}: {}: {seen:?}", rehearsal.word(position));
    }
    let state = rehearsal.control("_simulator/state", None).await;
    let of = |kind: &str, is: &dyn Fn(&Value) -> bool| {
        state[kind].as_array().unwrap().iter().filter(|one| is(one)).cloned().collect::<Vec<_>>()
    };
    let name = &rehearsal.settings.display_name;
    let apps = of("applications", &|app| app["displayName"] == name.as_str());
    assert_eq!(apps.len(), 1, "{case}: applications");
    let passwords = apps[0]["passwordCredentials"].as_array().unwrap();
    assert_eq!(passwords.len(), 1, "{case}: secrets {passwords:?}");
    assert_eq!(rehearsal.host.secrets.lock().unwrap().len(), 1, "{case}: sealed secrets");
    let principals = of("servicePrincipals", &|one| one["appId"] == apps[0]["appId"]);
    assert_eq!(principals.len(), 1, "{case}: service principals");
    let id = &principals[0]["id"];
    let grants = of("appRoleAssignments", &|one| one["principalId"] == *id);
    assert_eq!(grants.len(), 2, "{case}: consents {grants:?}");
    let roles = of("roleAssignments", &|one| one["properties"]["principalId"] == *id);
    assert_eq!(roles.len(), 7, "{case}: role assignments {roles:?}");
    let custom = format!("Skybridge Connector ({name})");
    let defined = of("roleDefinitions", &|one| one["properties"]["roleName"] == custom.as_str());
    assert_eq!(defined.len(), 1, "{case}: custom roles");
}

async fn all_calls_meet(effect: usize) {
    let (effect, passes) = EFFECTS[effect];
    let cloud = Cloud::start().await;
    let calls = calls(&cloud).await;
    let mut unnoticed = String::new();
    for call in &calls {
        if befall(&cloud, call, effect, passes).await {
            writeln!(unnoticed, "{}", row(call)).unwrap();
        }
    }
    let page = include_str!("../../../docs/faults.md");
    assert_eq!(page.lines().filter(|line| line.ends_with("| 11 |")).count(), calls.len());
    if !passes {
        let status = if effect.contains("400") { "400" } else { "403" };
        expect_file![format!("{DATA}/faults-unnoticed-{status}.txt")].assert_eq(&unnoticed);
    }
}

/// Where the lists of refusals are that a step takes no notice of.
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests");

fn row(call: &CallOf) -> String {
    let CallOf { step, service, method, shape, .. } = call;
    format!("| {step} | {method} {service} /{shape} |")
}

/// One test an effect, so that they run beside each other.
macro_rules! effects {
    ($($name:ident = $effect:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            all_calls_meet($effect).await;
        })*
    };
}

effects! {
    refused_as_bad = 0;
    refused_as_forbidden = 1;
    too_many_requests = 2;
    internal_error = 3;
    service_unavailable = 4;
    request_timeout = 5;
    reset_before_the_effect = 6;
    reset_after_the_effect = 7;
    reset_in_the_middle_of_the_answer = 8;
    no_answer_and_no_effect = 9;
    no_answer_after_the_effect = 10;
}

/// Goal: the page says which calls were tried with what. `UPDATE_EXPECT=1` writes it anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn table() {
    let cloud = Cloud::start().await;
    let calls = calls(&cloud).await;
    let mut text = String::from(
        "# What was made to go wrong\n\n\
         Made by the tests in `connector/src/tests/faults.rs`: each call of each step of the default \
         onboarding, the first of its kind in the step, met each of these once, in a tenant of its \
         own where everything before was done.\n\
         What is refused for good fails the step with a code and the service's request id, and \
         succeeds when the run goes on; where a step does without the answer (it asks in another way, \
         or waits) it passes, and `connector/src/tests/faults-unnoticed-*.txt` lists these. Everything \
         else passes by itself.\n\
         Then the rest ran, and the tenant was looked at: one application, one service principal, one \
         secret, each role and each consent once, one custom role, nothing else in the vault, and \
         nothing left to do.\n\n",
    );
    for (effect, passes) in EFFECTS {
        let what = effect.replace('\n', ", ").replace('"', "");
        let ends = if passes { "passes by itself" } else { "fails, and resumes" };
        writeln!(text, "- {what}: {ends}").unwrap();
    }
    text.push_str("\n| step | call | combinations |\n|---|---|---|\n");
    for call in &calls {
        writeln!(text, "{} {} |", row(call), EFFECTS.len()).unwrap();
    }
    let sum = calls.len() * EFFECTS.len();
    writeln!(text, "\n{} calls, {sum} combinations.", calls.len()).unwrap();
    expect_file!["../../../docs/faults.md"].assert_eq(&text);
}
