//! Taking away: what was made goes, what was there stays, whenever the process dies.

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, eventually, finish};

/// Records of an offboarding's journal between two instants at which it is killed.
const STRIDE: usize = 9;

/// What a tenant holds of the kinds that an onboarding makes.
fn holdings(tenant: &Value) -> Vec<(&'static str, Value)> {
    let kinds = [
        "applications",
        "servicePrincipals",
        "appRoleAssignments",
        "roleAssignments",
        "roleDefinitions",
        "platformCredentials",
    ];
    kinds.map(|kind| (kind, tenant[kind].clone())).into()
}

/// Records in the journal of the newest run.
fn records(env: &TestEnv) -> usize {
    let mut journals: Vec<_> =
        env.files().into_iter().filter(|path| path.ends_with("journal")).collect();
    journals.sort();
    journals.last().map_or(0, |path| fs_err::read_to_string(path).unwrap().lines().count())
}

/// How many runs were begun.
fn runs(env: &TestEnv) -> usize {
    env.files().iter().filter(|path| path.ends_with("run.json")).count()
}

fn sealed(env: &TestEnv) -> Vec<std::path::PathBuf> {
    let age = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "age");
    env.files().into_iter().filter(age).collect()
}

#[test]
fn the_tenant_is_as_it_was_before() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let before = holdings(&simulator.tenant());
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert_ne!(holdings(&simulator.tenant()), before);
    assert_eq!(sealed(&env).len(), 1);

    let plan = env.run(&["plan", "contoso.toml", "--simulator", url, "--destroy"]).expect(0);
    let away = env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(away.stdout.starts_with(plan.stdout.trim_end()), "{}\n{}", plan.stdout, away.stdout);
    assert!(away.stdout.contains("Taken away: 15 of 15 steps"), "{}", away.stdout);
    assert!(away.stdout.contains("15 proved"), "{}", away.stdout);
    assert!(away.stdout.contains("Nothing of ours is left."), "{}", away.stdout);
    assert_eq!(holdings(&simulator.tenant()), before);
    // What can be restored is told, and only goes for good when that is asked for.
    assert_ne!(simulator.tenant()["deletedItems"], serde_json::json!([]));
    assert_eq!(sealed(&env), [] as [std::path::PathBuf; 0]);
    let files = env.files();
    assert!(!files.iter().any(|path| path.ends_with("connections/contoso.json")), "{files:?}");

    let again = env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert_eq!(again.stdout, "Nothing of ours is left.\n");
    assert_eq!(runs(&env), 2);
    let verify = env.run(&["verify", "contoso.toml", "--simulator", url]).expect(5);
    assert!(verify.stderr.contains("SKY-RUN-004"), "{}", verify.stderr);
}

#[test]
fn with_purge_nothing_can_be_restored() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes", "--purge"]).expect(0);
    assert_eq!(simulator.tenant()["deletedItems"], serde_json::json!([]));
}

#[test]
fn what_another_state_directory_made_stays() {
    let (ours, theirs) = (TestEnv::new(), TestEnv::new());
    let simulator = SimulatorProcess::start(&theirs, &[]);
    let url = simulator.url();
    theirs.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let before = holdings(&simulator.tenant());
    ours.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let away = ours.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(away.stdout.contains("never made by us"), "{}", away.stdout);
    assert_eq!(holdings(&simulator.tenant()), before);
    theirs.run(&["verify", "contoso.toml", "--simulator", url]).expect(0);
}

/// Kills an offboarding when its journal has come so far, goes on with `command`, and looks at the
/// tenant.
fn killed_at(record: usize, command: &[&str]) {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let before = holdings(&simulator.tenant());
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let offboard = ["offboard", "contoso.toml", "--simulator", url, "--yes"];
    let mut child = env.command(&offboard).spawn().unwrap();
    let far = || runs(&env) == 2 && records(&env) >= record;
    eventually("the offboarding has come so far", far);
    child.kill().unwrap();
    let killed = finish(child);
    let command: Vec<&str> =
        command.iter().map(|word| if *word == "URL" { url } else { word }).collect();
    let went_on = env.run(&command);
    // The last record may have been written just before it was killed.
    let ended = killed.stdout.contains("Nothing of ours is left") || went_on.code == 2;
    assert!(went_on.code == 0 || ended, "{record}: {}\n{}", went_on.stdout, went_on.stderr);
    assert_eq!(holdings(&simulator.tenant()), before, "killed at record {record}");
    let again = env.run(&offboard).expect(0);
    assert_eq!(again.stdout, "Nothing of ours is left.\n", "killed at record {record}");
    assert_eq!(sealed(&env), [] as [std::path::PathBuf; 0]);
}

macro_rules! killed {
    ($($name:ident = $slice:literal;)*) => {
        $(#[test] fn $name() { killed_at(2 + $slice * STRIDE, &["resume"]); })*
    };
}

killed! {
    killed_at_the_first_records = 0;
    killed_in_the_second_part = 1;
    killed_in_the_third_part = 2;
    killed_in_the_fourth_part = 3;
    killed_in_the_fifth_part = 4;
}

#[test]
fn another_offboard_goes_on_with_one_that_was_killed() {
    killed_at(20, &["offboard", "contoso.toml", "--simulator", "URL", "--yes"]);
}

#[test]
fn an_apply_that_was_killed_is_finished_and_taken_away() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let before = holdings(&simulator.tenant());
    let url = simulator.url();
    let mut child =
        env.command(&["apply", "contoso.toml", "--simulator", url, "--yes"]).spawn().unwrap();
    eventually("some of it is made", || records(&env) >= 12);
    child.kill().unwrap();
    let _killed = finish(child);
    let away = env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(away.stderr.contains("going on with it first"), "{}", away.stderr);
    assert_eq!(holdings(&simulator.tenant()), before);
    assert_eq!(sealed(&env), [] as [std::path::PathBuf; 0]);
}

#[test]
fn what_cannot_be_removed_is_named_and_tried_again() {
    let env = TestEnv::new();
    let manifest = |what: &str| {
        let text = "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\n";
        env.write("odd.toml", &format!("{text}settings = {{ what = {what:?} }}\n"));
    };
    manifest("keep-what-it-made");
    env.run(&["apply", "odd.toml", "--yes"]).expect(0);
    let stuck = env.run(&["offboard", "odd.toml", "--yes"]).expect(5);
    assert!(stuck.stdout.contains("Stuck: 2 of 3 steps"), "{}", stuck.stdout);
    assert!(stuck.stdout.contains("odd.thing@first (failed)"), "{}", stuck.stdout);
    assert!(stuck.stdout.contains(r#"{"id":"odd.thing@first"}"#), "{}", stuck.stdout);
    assert!(!stuck.stdout.contains("Nothing of ours is left"), "{}", stuck.stdout);
    for part in ["SKY-RUN-009", "nobody may remove it", "ask its owner", "skybridge offboard"] {
        assert!(stuck.stderr.contains(part), "{part} is not in\n{}", stuck.stderr);
    }
    manifest("nothing odd");
    let away = env.run(&["offboard", "odd.toml", "--yes"]).expect(0);
    assert!(away.stdout.contains("Taken away: 1 of 1 steps"), "{}", away.stdout);
    // The plugin cannot look, which is not hidden.
    assert!(away.stdout.contains("1 not proved"), "{}", away.stdout);
    assert!(away.stdout.contains("thing (misbehaving)"), "{}", away.stdout);
}

/// Goal: what was found and adopted once is nothing to do any more, and is never taken away.
#[test]
fn what_was_adopted_settles_and_stays() {
    let env = TestEnv::new();
    let text = "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\n\
                settings = { what = \"find-what-others-made\" }\n";
    env.write("odd.toml", text);
    let plan = ["plan", "odd.toml", "--detailed-exit-code"];
    let first = env.run(&plan).expect(3);
    assert!(first.stdout.contains("2 adopt"), "{}", first.stdout);
    env.run(&["apply", "odd.toml", "--yes"]).expect(0);
    let settled = env.run(&plan).expect(0);
    assert!(settled.stdout.contains("adopted by an earlier run"), "{}", settled.stdout);
    assert!(!settled.stdout.contains("2 adopt"), "{}", settled.stdout);
    let again = env.run(&["apply", "odd.toml", "--yes"]).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    assert_eq!(runs(&env), 1);
    let away = env.run(&["offboard", "odd.toml", "--yes"]).expect(0);
    assert!(away.stdout.contains("Nothing of ours is left."), "{}", away.stdout);
    assert!(!away.stdout.contains("odd.thing"), "{}", away.stdout);
}

#[test]
fn a_connector_the_manifest_does_not_name_stays() {
    let env = TestEnv::new();
    for name in ["ada", "grace"] {
        let folder = env.path().join(name);
        fs_err::create_dir(&folder).unwrap();
        fs_err::write(folder.join("mine.txt"), "mine").unwrap();
        let text = format!(
            "schema = 1\n[connectors.{name}]\nplugin = \"hello\"\n\
             settings = {{ folder = {folder:?}, names = [\"alan\"] }}\n"
        );
        env.write(&format!("{name}.toml"), &text);
        env.run(&["apply", &format!("{name}.toml"), "--yes"]).expect(0);
    }
    let away = env.run(&["offboard", "ada.toml", "--yes"]).expect(0);
    assert!(away.stdout.contains("2 proved"), "{}", away.stdout);
    let there = |name: &str| env.path().join(name).exists();
    assert!(!there("ada/alan.txt") && there("ada/mine.txt"));
    assert!(there("grace/alan.txt"));
    let status = env.run(&["status", "--state", ".skybridge"]).expect(0);
    assert!(status.stdout.contains("connection grace"), "{}", status.stdout);
    assert!(!status.stdout.contains("connection ada"), "{}", status.stdout);
}

#[test]
fn without_yes_and_without_a_terminal_nothing_is_removed() {
    let env = TestEnv::new();
    let refused = env.run(&["offboard", "contoso.toml", "--simulate"]).expect(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    let nothing = env.run(&["offboard", "contoso.toml", "--simulate", "--yes"]).expect(0);
    assert_eq!(nothing.stdout, "Nothing of ours is left.\n");
    assert!(!env.path().join(".skybridge").exists());
}

/// Goal: what a cloud refuses to take back is told with the id the cloud knows that refusal by.
#[test]
fn a_refusal_is_told_with_its_request_id() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let rule = "[[faults]]\nservice = \"graph\"\nmethod = \"DELETE\"\npath-contains = \"/applications\"\n\
                effect = \"answer\"\nstatus = 403\ncode = \"Authorization_RequestDenied\"\n";
    assert_eq!(simulator.control("faults", rule).0, 200);
    let stuck = env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(5);
    assert!(stuck.stdout.contains("contoso.application (failed)"), "{}", stuck.stdout);
    let (_, rest) = stuck.stderr.split_once("request-id ").unwrap();
    let id = rest.split(',').next().unwrap();
    let traffic = skybridge_tests::get(&format!("{url}/_simulator/traffic"));
    let exchanges = traffic.as_array().unwrap().iter();
    let seen = exchanges.filter(|it| it.to_string().contains(id)).count();
    assert_eq!(seen, 1, "{id}: {}", stuck.stderr);
    assert_eq!(simulator.control("faults", "").0, 200);
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
}
