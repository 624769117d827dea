//! Nothing takes longer than what it waits for, and a mistake is not waited for.
//!
//! One kind of thing at a time is seen late in the simulated cloud, the rest at once, and calls take a
//! moment. All of it in simulated time: what is measured is what the program waits for, and not how
//! fast a machine is.

use std::time::Duration;

use serde_json::Value;
use skybridge_model::Timestamp;

use super::cloud::{ISSUER, SUBJECT};
use super::drive::{Disturbance, PAUSE};
use super::files::Journal;
use super::life::{Command, End};
use super::story::{Stage, Tally, reader};
use super::tenant::{LAGS, Tenant};
use crate::exit::Exit;

/// How late one kind of thing is seen.
const LAG: Duration = Duration::from_secs(6);

/// What a step may take beyond the lag: the wait between two looks, and the looks in a row that have
/// to agree.
const OVER: Duration = Duration::from_secs(2);

/// Within this a mistake is told, however long everything lags.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

const SECRET: &str = "{ kind = \"client-secret\" }";
const CERTIFICATE: &str = "{ kind = \"certificate\" }";

/// What each kind holds up: the run, and the step of it.
const HELD_UP: [(&str, &str, &str); 18] = [
    ("application", "apply", "application"),
    ("application-reference", "apply", "service-principal"),
    ("service-principal", "apply", "service-principal"),
    ("principal", "apply", "role-assignment.reader"),
    // Every assignment says what its principal is.
    ("principal-untyped", "apply", ""),
    ("app-role-assignment", "apply", "admin-consent.directory-read-all"),
    ("app-role-effect", "apply", "verification.directory"),
    ("role-definition", "apply", "role-definition.custom"),
    ("role-definition-deletion", "offboard", "role-definition.custom"),
    ("role-assignment", "apply", "role-assignment.reader"),
    ("role-assignment-deletion", "offboard", "role-assignment.reader"),
    ("role-assignment-effect", "apply", "verification.subscription"),
    ("secret", "apply", "client-secret"),
    ("credential-list", "apply", "client-secret"),
    ("certificate", "apply", "certificate"),
    ("federated-credential", "apply", "federated-credential"),
    ("application-deletion", "offboard", "application"),
    ("service-principal-deletion", "offboard", "service-principal"),
];

fn runtime() -> tokio::runtime::Runtime {
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// How long each step of each run took, from its intent to its end: run, address, time.
fn times(stage: &Stage) -> Vec<(String, String, Duration)> {
    let at = |record: &Value| record["at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let mut all = Vec::new();
    for journal in Journal::all(&stage.place.state()).unwrap() {
        for (number, begun) in journal.records.iter().enumerate() {
            if begun["event"] != "step-intended" || begun["attempt"] != 0 {
                continue;
            }
            let about = |record: &&Value| {
                record["address"] == begun["address"]
                    && (record["event"] == "step-ready" || record["ready"] == true)
            };
            let address = begun["address"].as_str().unwrap().to_owned();
            let ended = journal.records[number..].iter().find(about);
            let ended = ended.unwrap_or_else(|| panic!("{address} has no end"));
            let took = Duration::try_from(at(ended).duration_since(at(begun))).unwrap();
            all.push((journal.kind.clone(), address, took));
        }
    }
    all
}

/// Does what is typed, as promptly as everything can be.
async fn live(stage: &mut Stage, command: Command) -> End {
    let prompt = Disturbance { prompt: true, ..Disturbance::default() };
    stage.live(command, prompt, &[], &mut Tally::default()).await.unwrap()
}

async fn connect_and_let_go(lag: &str) -> Vec<(String, String, Duration)> {
    let federated = format!(
        "{{ kind = \"federated\", issuer = \"{ISSUER}\", subject = \"{SUBJECT}\", assertion = \"file:@FOLDER@/token\" }}"
    );
    let credential = match lag {
        "certificate" => CERTIFICATE,
        "federated-credential" => &federated,
        _ => SECRET,
    };
    let millis = u64::try_from(LAG.as_millis()).unwrap();
    let lags = |name: &str| if name == lag { millis } else { 0 };
    let tenant = Tenant::plain(lags, credential);
    let mut stage = Stage::new(7, &tenant, tenant.scenario(), reader()).await;
    if lag == "federated-credential" {
        let token = stage.place.cloud.token().await;
        fs_err::write(stage.place.folder.join("token"), token).unwrap();
    }
    for command in [Command::Apply, Command::Offboard { purge: false }] {
        let end = live(&mut stage, command).await;
        assert!(matches!(end, End::Exit(Exit::Done)), "{lag}: {command:?}: {end:?}");
    }
    let times = times(&stage);
    stage.close().await;
    times
}

/// Goal: for every kind of lag, no step takes longer than the lag and two seconds, and the step that
/// waits for it is the one that is thought to.
#[test]
fn no_step_waits_longer_than_the_lag() {
    runtime().block_on(async {
        let mut wrong = Vec::new();
        for (lag, run, step) in HELD_UP {
            let times = connect_and_let_go(lag).await;
            for (run, address, took) in &times {
                if *took > LAG + OVER {
                    wrong.push(format!("{lag}: {address} of {run} took {took:?}"));
                }
            }
            let of = |it: &&(String, String, Duration)| {
                it.0 == run && it.1.starts_with(&format!("contoso.{step}"))
            };
            let longest = times.iter().max_by_key(|it| it.2).unwrap();
            let held = times.iter().filter(of).map(|it| it.2).max().unwrap();
            if step.is_empty() {
                if longest.2 > OVER {
                    wrong.push(format!("{lag} holds something up: {longest:?}"));
                }
            } else if held < LAG / 2 {
                wrong.push(format!("{lag} does not hold up {step}: {held:?}, but {longest:?}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    });
}

/// Goal: a kind of lag that is new in the scenario is not forgotten here.
#[test]
fn every_kind_of_lag_is_known() {
    let file =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../plugins/azure/sim/scenarios/default.toml");
    let scenario = fs_err::read_to_string(file).unwrap();
    let (_, table) = scenario.split_once("\n[lag]\n").unwrap();
    let lines = table.lines().take_while(|line| !line.starts_with('['));
    let mut kinds: Vec<&str> = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect();
    kinds.sort_unstable();
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(HELD_UP.map(|(lag, ..)| lag).to_vec()), kinds);
    assert_eq!(sorted(LAGS.map(|(lag, _)| lag).to_vec()), kinds);
}

/// Goal: what does not exist is told within ten seconds, although everything may take a minute to be
/// seen: that something is not there *yet* is believed only of what is new.
#[test]
fn a_wrong_id_is_not_waited_for() {
    let nowhere = "99999999-4444-5555-6666-777777777777";
    let wrong = [
        ("scope = {", format!("scope = {{ subscriptions = [\"{nowhere}\"] }}")),
        ("scope = {", "scope = { management-groups = [\"nowhere\"] }".to_owned()),
        ("tenant = ", format!("tenant = \"{nowhere}\"")),
    ];
    runtime().block_on(async {
        for (key, instead) in wrong {
            let mut tenant = Tenant::plain(|_| 60_000, SECRET);
            let lines = tenant.manifest.lines();
            let changed: Vec<&str> =
                lines.map(|line| if line.starts_with(key) { &instead } else { line }).collect();
            tenant.manifest = changed.join("\n");
            let mut stage = Stage::new(7, &tenant, tenant.scenario(), reader()).await;
            let began = stage.place.clock.elapsed();
            let end = live(&mut stage, Command::Apply).await;
            let took = stage.place.clock.elapsed() - began - PAUSE;
            assert!(!matches!(end, End::Exit(Exit::Done)), "{instead}: {end:?}");
            assert!(took <= TOLD_WITHIN, "{instead}: told after {took:?}");
            stage.close().await;
        }
    });
}
