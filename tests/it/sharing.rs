//! Connectors that share what is unique in a tenant: the custom role.

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv};

const FIRST: &str = "33333333-4444-5555-6666-777777777777";
const SECOND: &str = "33333333-4444-5555-6666-777777777778";

/// A tenant of two subscriptions.
fn scenario(env: &TestEnv) {
    let one =
        |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"Subscription {id}\"\n");
    env.write("two.toml", &format!("{}{}", one(FIRST), one(SECOND)));
}

/// A manifest with connectors by name, each for one subscription.
fn manifest(env: &TestEnv, file: &str, connectors: &[(&str, &str)]) {
    let one = |(name, subscription): &(&str, &str)| {
        format!(
            "[connectors.{name}]\nplugin = \"azure\"\n\
             settings = {{ tenant = \"11111111-2222-3333-4444-555555555555\", \
             scope = {{ subscriptions = [\"{subscription}\"] }} }}\n\
             operator = {{ auth = \"azure-cli\" }}\ndestination = {{ kind = \"local\" }}\n"
        )
    };
    let all: Vec<String> = connectors.iter().map(one).collect();
    env.write(file, &format!("schema = 1\n{}", all.concat()));
}

/// Where the custom role can be assigned; nothing when there is none.
fn scopes(simulator: &SimulatorProcess) -> Vec<String> {
    let tenant = simulator.tenant();
    let roles = tenant["roleDefinitions"].as_array().unwrap();
    assert!(roles.len() <= 1, "{roles:?}");
    let scopes = roles.iter().flat_map(|role| role["properties"]["assignableScopes"].as_array());
    let mut all: Vec<String> = scopes
        .flatten()
        .map(|it| it.as_str().unwrap().trim_start_matches("/subscriptions/").to_owned())
        .collect();
    all.sort();
    all
}

fn left(simulator: &SimulatorProcess) -> Vec<Value> {
    let tenant = simulator.tenant();
    let assignments = tenant["roleAssignments"].as_array().unwrap().iter();
    let ours = |it: &&Value| it["properties"]["description"].to_string().contains("Skybridge");
    assignments.filter(ours).cloned().collect()
}

/// Offboards the first, then the second; `stays` is where the role can be assigned in between.
fn one_after_the_other(env: &TestEnv, simulator: &SimulatorProcess, stays: &str) {
    let url = simulator.url();
    for file in ["contoso.toml", "other.toml"] {
        env.run(&["verify", file, "--simulator", url]).expect(0);
    }
    let away = env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(away.stdout.contains("Nothing of ours is left."), "{}", away.stdout);
    assert_eq!(scopes(simulator), [stays]);
    env.run(&["verify", "other.toml", "--simulator", url]).expect(0);
    let again = env.run(&["apply", "other.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    let away = env.run(&["offboard", "other.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(away.stdout.contains("Nothing of ours is left."), "{}", away.stdout);
    assert_eq!(scopes(simulator), [] as [&str; 0]);
    assert_eq!(left(simulator), [] as [Value; 0]);
}

/// Goal: a second connector, of another subscription, adds to the role and takes nothing from the
/// first; the first one's end takes out its part only.
#[test]
fn a_second_connector_extends_the_role() {
    let env = TestEnv::new();
    scenario(&env);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "two.toml"]);
    manifest(&env, "contoso.toml", &[("contoso", FIRST)]);
    manifest(&env, "other.toml", &[("other", SECOND)]);
    for file in ["contoso.toml", "other.toml"] {
        env.run(&["apply", file, "--simulator", simulator.url(), "--yes"]).expect(0);
    }
    assert_eq!(scopes(&simulator), [FIRST, SECOND]);
    one_after_the_other(&env, &simulator, SECOND);
}

/// Goal: the same in one subscription: the first one's end comes to an end.
#[test]
fn two_connectors_in_one_subscription() {
    let env = TestEnv::new();
    scenario(&env);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "two.toml"]);
    manifest(&env, "contoso.toml", &[("contoso", FIRST)]);
    manifest(&env, "other.toml", &[("other", FIRST)]);
    for file in ["contoso.toml", "other.toml"] {
        env.run(&["apply", file, "--simulator", simulator.url(), "--yes"]).expect(0);
    }
    assert_eq!(scopes(&simulator), [FIRST]);
    one_after_the_other(&env, &simulator, FIRST);
}

/// Goal: made in the same moment by one run, neither overwrites the other.
#[test]
fn two_connectors_in_one_run() {
    let env = TestEnv::new();
    scenario(&env);
    let simulator = SimulatorProcess::start(&env, &["--scenario", "two.toml"]);
    manifest(&env, "both.toml", &[("contoso", FIRST), ("other", SECOND)]);
    manifest(&env, "contoso.toml", &[("contoso", FIRST)]);
    manifest(&env, "other.toml", &[("other", SECOND)]);
    env.run(&["apply", "both.toml", "--simulator", simulator.url(), "--yes"]).expect(0);
    assert_eq!(scopes(&simulator), [FIRST, SECOND]);
    one_after_the_other(&env, &simulator, SECOND);
}
