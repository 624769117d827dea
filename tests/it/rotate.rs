//! A new credential in the place of the old one, whenever the process dies.

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, eventually, finish};

/// Records of a rotation's journal between two instants at which it is killed.
const STRIDE: usize = 5;

fn credentials(simulator: &SimulatorProcess) -> Vec<String> {
    let tenant = simulator.tenant();
    let applications = tenant["applications"].as_array().unwrap().iter();
    let ours = applications.filter(|it| it["displayName"] == "skybridge-connector");
    ours.flat_map(|it| it["passwordCredentials"].as_array().unwrap().clone())
        .map(|it| it["keyId"].as_str().unwrap().to_owned())
        .collect()
}

/// The id of the secret on record.
fn on_record(env: &TestEnv) -> String {
    let files = env.files();
    let file = files.iter().find(|path| path.ends_with("connections/contoso.json")).unwrap();
    let record: Value = serde_json::from_slice(&fs_err::read(file).unwrap()).unwrap();
    let fields = record["fields"].as_array().unwrap();
    let secret = fields.iter().find(|field| field["secret"] == true).unwrap();
    secret["value"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn runs(env: &TestEnv) -> usize {
    env.files().iter().filter(|path| path.ends_with("run.json")).count()
}

fn records(env: &TestEnv) -> usize {
    let mut journals: Vec<_> =
        env.files().into_iter().filter(|path| path.ends_with("journal")).collect();
    journals.sort();
    journals.last().map_or(0, |path| fs_err::read_to_string(path).unwrap().lines().count())
}

/// Goal: a credential that is no secret is told to be none, as an answer and not as a failure.
#[test]
fn there_is_nothing_to_rotate_without_a_secret() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let manifest = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let (secret, federated) = (
        "credential = { kind = \"client-secret\", lifetime = \"180d\", warn = \"30d\" }",
        "credential = { kind = \"federated\", issuer = \"https://token.actions.example\", \
         subject = \"contoso\" }",
    );
    assert!(manifest.contains(secret));
    env.write("contoso.toml", &manifest.replace(secret, federated));
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let told = env.run(&["rotate", "contoso.toml", "--simulator", url, "--yes"]).expect(2);
    for part in ["AZ-ROTATE-001", "a federated credential has nothing to rotate", "contoso.toml"] {
        assert!(told.stderr.contains(part), "{part} is not in\n{}", told.stderr);
    }
    assert!(told.stderr.contains("the issuer renews its own keys"), "{}", told.stderr);
    assert!(!told.stderr.contains("SKY-PLUGIN"), "{}", told.stderr);
    assert_eq!(runs(&env), 1);
}

#[test]
fn the_new_one_works_and_the_old_one_is_gone() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let old = credentials(&simulator);
    assert_eq!(old, [on_record(&env)]);
    let rotated = env.run(&["rotate", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(rotated.stdout.contains("Rotated: "), "{}", rotated.stdout);
    let new = credentials(&simulator);
    assert_eq!(new, [on_record(&env)]);
    assert_ne!(new, old);
    env.run(&["verify", "contoso.toml", "--simulator", url]).expect(0);
    let again = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    let status = env.run(&["status", "--state", ".skybridge"]).expect(0);
    assert!(status.stdout.contains("rotate contoso.toml (rehearsal)"), "{}", status.stdout);

    // Both secrets are ours; nothing of either is left.
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(credentials(&simulator).is_empty());
    let sealed = env.files().into_iter().filter(|it| it.extension().is_some_and(|e| e == "age"));
    assert_eq!(sealed.count(), 0);
}

#[test]
fn what_is_not_connected_cannot_be_rotated() {
    let env = TestEnv::new();
    let refused = env.run(&["rotate", "contoso.toml", "--simulate", "--yes"]).expect(5);
    assert!(refused.stderr.contains("SKY-RUN-004"), "{}", refused.stderr);
    let text = "schema = 1\n[connectors.odd]\nplugin = \"misbehaving\"\n";
    env.write("odd.toml", &format!("{text}settings = {{ what = \"nothing odd\" }}\n"));
    let refused = env.run(&["rotate", "odd.toml", "--yes"]).expect(6);
    assert!(refused.stderr.contains("does not rotate"), "{}", refused.stderr);
}

fn killed_at(record: usize) {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let old = credentials(&simulator);
    let mut child =
        env.command(&["rotate", "contoso.toml", "--simulator", url, "--yes"]).spawn().unwrap();
    let far = || runs(&env) == 2 && records(&env) >= record;
    eventually("the rotation has come so far", far);
    child.kill().unwrap();
    let _killed = finish(child);
    let went_on = env.run(&["resume"]);
    let ended = went_on.code == 2 && went_on.stderr.contains("no run to go on with");
    assert!(went_on.code == 0 || ended, "{record}: {}\n{}", went_on.stdout, went_on.stderr);
    let new = credentials(&simulator);
    assert_eq!(new, [on_record(&env)], "killed at record {record}");
    assert_ne!(new, old, "killed at record {record}");
    env.run(&["verify", "contoso.toml", "--simulator", url]).expect(0);
}

macro_rules! killed {
    ($($name:ident = $slice:literal;)*) => {
        $(#[test] fn $name() { killed_at(2 + $slice * STRIDE); })*
    };
}

killed! {
    killed_at_the_first_records = 0;
    killed_in_the_second_part = 1;
    killed_in_the_third_part = 2;
}

#[test]
fn a_credential_inside_its_warning_window_ends_status_with_seven() {
    let env = TestEnv::new();
    env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    let status = env.run(&["status", "--state", ".skybridge"]).expect(0);
    assert!(status.stdout.contains("credential expires in 1"), "{}", status.stdout);

    // Time passes: the record says so of a credential that was made long ago.
    let files = env.files();
    let file = files.iter().find(|path| path.ends_with("connections/contoso.json")).unwrap();
    let text = fs_err::read_to_string(file).unwrap();
    let mut record: Value = serde_json::from_str(&text).unwrap();
    let mut set = |name: &str, to: &str| {
        let fields = record["fields"].as_array_mut().unwrap();
        let field = fields.iter_mut().find(|field| field["name"] == name).unwrap();
        field["value"] = to.into();
        fs_err::write(file, record.to_string()).unwrap();
    };
    set("warn-from", "2020-01-01T00:00:00Z");
    let soon = env.run(&["status", "--state", ".skybridge"]).expect(7);
    assert!(soon.stdout.contains("`skybridge rotate` makes a new one"), "{}", soon.stdout);
    set("expires", "2020-02-01T00:00:00Z");
    let over = env.run(&["status", "--state", ".skybridge"]).expect(7);
    assert!(over.stdout.contains("credential expired 2020-02-01T00:00:00Z"), "{}", over.stdout);
    let json = env.run(&["status", "--state", ".skybridge", "--format", "json"]).expect(7);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let credential = &json["connections"][0]["credential"];
    assert_eq!(credential["state"], "expired", "{credential}");
    assert!(credential["days"].as_i64().unwrap() < -2_000, "{credential}");

    env.run(&["rotate", "contoso.toml", "--simulate", "--yes"]).expect(0);
    env.run(&["status", "--state", ".skybridge"]).expect(0);
}
