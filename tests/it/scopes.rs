//! Tenants in which not everything can be onboarded, and operators who may not do everything.

use serde_json::Value;
use skybridge_tests::{Output, SimulatorProcess, TestEnv, post, workspace};

/// The subscription that a deny assignment locks.
const LOCKED: &str = "44444444-0000-4000-8000-000000000003";
const OPEN: &str = "44444444-0000-4000-8000-000000000005";

fn simulator(env: &TestEnv, scenario: &str) -> SimulatorProcess {
    let file = workspace().join("plugins/azure/sim/scenarios").join(scenario);
    SimulatorProcess::start(env, &["--scenario", file.to_str().unwrap()])
}

fn manifest(env: &TestEnv, settings: &str) {
    let text = format!(
        "schema = 1\n[connectors.contoso]\nplugin = \"azure\"\n[connectors.contoso.settings]\n\
         tenant = \"11111111-2222-3333-4444-555555555555\"\n{settings}\n\
         [connectors.contoso.operator]\nauth = \"azure-cli\"\n\
         [connectors.contoso.destination]\nkind = \"local\"\n"
    );
    env.write("contoso.toml", &text);
}

fn apply(env: &TestEnv, simulator: &SimulatorProcess) -> Output {
    env.run(&["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"])
}

fn made(simulator: &SimulatorProcess) -> Vec<Value> {
    let tenant = simulator.tenant();
    let applications = tenant["applications"].as_array().unwrap().iter();
    applications.filter(|it| it["displayName"] == "skybridge-connector").cloned().collect()
}

/// Goal: one subscription that a deny assignment locks is left out with its reason, and the others
/// are onboarded; when it is the only one, the run stops before anything is written.
#[test]
fn a_locked_subscription_does_not_stop_the_others() {
    let env = TestEnv::new();
    let simulator = simulator(&env, "tenant-large.toml");
    manifest(&env, &format!("scope = {{ subscriptions = [\"{LOCKED}\"] }}"));
    let stopped = apply(&env, &simulator).expect(5);
    for part in ["AZ-PREFLIGHT-003", "Locked by the identity blueprint", LOCKED] {
        assert!(stopped.stderr.contains(part), "{part} is not in\n{}", stopped.stderr);
    }
    assert_eq!(stopped.stderr.matches("AZ-PREFLIGHT-003").count(), 1, "{}", stopped.stderr);
    assert_eq!(made(&simulator), [] as [Value; 0]);

    manifest(&env, &format!("scope = {{ subscriptions = [\"{LOCKED}\", \"{OPEN}\"] }}"));
    let done = apply(&env, &simulator).expect(0);
    for part in ["Platform Identity", "AZ-SCOPE-014", "the deny assignment `Locked by the"] {
        assert!(done.stdout.contains(part), "{part} is not in\n{}", done.stdout);
    }
    assert_eq!(env.recorded_subscriptions(), [OPEN]);

    manifest(&env, "scope = { tenant = true, include = [\"Platform *\", \"Shop Staging\"] }");
    let done = apply(&env, &simulator).expect(0);
    for part in ["Platform Identity", "AZ-SCOPE-014", "the deny assignment `Locked by the"] {
        assert!(done.stdout.contains(part), "{part} is not in\n{}", done.stdout);
    }
    let tenant = simulator.tenant();
    let role = &tenant["roleDefinitions"][0]["properties"]["assignableScopes"];
    assert_eq!(role.as_array().unwrap().len(), 3, "{role}");
    assert!(!role.to_string().contains(LOCKED), "{role}");
    let proved = env.run(&["verify", "contoso.toml", "--simulator", simulator.url()]).expect(0);
    assert!(!proved.stdout.contains("1 clusters"), "{}", proved.stdout);
    let again = apply(&env, &simulator).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
}

/// Goal: an operator whose role has a condition is told everything at once: the right that is
/// lacking, and the role that may not be given.
#[test]
fn everything_that_is_lacking_is_told_at_once() {
    let env = TestEnv::new();
    let simulator = simulator(&env, "operator-condition.toml");
    let stopped = apply(&env, &simulator).expect(5);
    for part in ["AZ-PREFLIGHT-001", "AZ-PREFLIGHT-005", "Storage File Data Privileged Reader"] {
        assert!(stopped.stderr.contains(part), "{part} is not in\n{}", stopped.stderr);
    }
    assert!(!stopped.stderr.contains("AZ-SCOPE-006"), "{}", stopped.stderr);
    assert_eq!(made(&simulator), [] as [Value; 0]);
}

/// Goal: a subscription whose roles are refused for good in the middle of the run costs the others
/// nothing: they are proved and handed over, the run ends as partly failed and names it with the
/// reason, the record lists what works, and the next apply does the rest.
#[test]
fn one_subscription_that_fails_does_not_stop_the_others() {
    // The first of the two: whatever needs only one of them must take the other.
    const REFUSED: &str = "33333333-4444-5555-6666-777777777777";
    const FINE: &str = "33333333-4444-5555-6666-888888888888";
    let env = TestEnv::new();
    let subscription = |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"S {id}\"\n");
    let fault = format!(
        "[[faults]]\nservice = \"resource-manager\"\nmethod = \"PUT\"\n\
         path-contains = \"/subscriptions/{REFUSED}/providers/Microsoft.Authorization/roleAssignments\"\n\
         effect = \"answer\"\nstatus = 403\ncode = \"RequestDisallowedByPolicy\"\n\
         message = \"the policy `No new hands` disallows this\"\n"
    );
    env.write("scenario.toml", &format!("{}{}{fault}", subscription(FINE), subscription(REFUSED)));
    let simulator = SimulatorProcess::start(&env, &["--scenario", "scenario.toml"]);
    manifest(&env, &format!("scope = {{ subscriptions = [\"{FINE}\", \"{REFUSED}\"] }}"));

    let failed = apply(&env, &simulator).expect(4);
    let told = format!("{}{}", failed.stdout, failed.stderr);
    let step = format!("contoso.role-assignment.reader@{REFUSED}");
    let handed = format!("Subscriptions   {FINE}\n");
    for part in [&step, "the policy `No new hands` disallows this", "Connected in part: ", &handed]
    {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    assert_eq!(env.recorded_subscriptions(), [FINE]);
    let run = told.lines().find_map(|line| line.strip_prefix("run ")).unwrap();
    let ended = env.run(&["resume", run]).expect(4);
    let rest = format!("skybridge apply contoso.toml --simulator {}", simulator.url());
    assert!(ended.stdout.contains(&rest), "{}", ended.stdout);
    let again = apply(&env, &simulator).expect(4);
    assert!(again.stderr.contains(&step), "{}", again.stderr);
    assert_eq!(env.recorded_subscriptions(), [FINE]);
    env.run(&["rotate", "contoso.toml", "--simulator", simulator.url(), "--yes"]).expect(0);
    assert_eq!(env.recorded_subscriptions(), [FINE], "a new credential is for the same scopes");

    post(&format!("{}/_simulator/faults", simulator.url()), "");
    apply(&env, &simulator).expect(0);
    assert_eq!(env.recorded_subscriptions(), [REFUSED, FINE]);
    env.run(&["verify", "contoso.toml", "--simulator", simulator.url()]).expect(0);
    let again = apply(&env, &simulator).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
}
