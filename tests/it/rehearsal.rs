//! The main job: a manifest becomes a connected, verified tenant, and doing it again does nothing.

use serde_json::Value;
use skybridge_tests::TestEnv;

/// Every step of the onboarding, by its local name.
const STEPS: [&str; 19] = [
    "subscription@33333333-4444-5555-6666-777777777777",
    "role-actions",
    "application",
    "service-principal",
    "role-assignment.reader@33333333-4444-5555-6666-777777777777",
    "role-assignment.storage-blob-data-reader@33333333-4444-5555-6666-777777777777",
    "role-assignment.storage-file-data-privileged-reader@33333333-4444-5555-6666-777777777777",
    "role-definition.custom",
    "role-assignment.custom@33333333-4444-5555-6666-777777777777",
    "role-assignment.aks-rbac-reader@33333333-4444-5555-6666-777777777777",
    "role-assignment.aks-cluster-user@33333333-4444-5555-6666-777777777777",
    "role-assignment.management-group-reader@11111111-2222-3333-4444-555555555555",
    "api-permissions",
    "admin-consent.directory-read-all",
    "admin-consent.policy-read-all",
    "client-secret",
    "unplanned-grants",
    "verification.directory",
    "verification.subscription@33333333-4444-5555-6666-777777777777",
];

fn status(env: &TestEnv) -> Value {
    let status = env.run(&["status", "--format", "json", "--state", ".skybridge"]).expect(0);
    serde_json::from_str(&status.stdout).unwrap()
}

#[test]
fn a_rehearsal_connects_and_a_second_one_has_nothing_to_do() {
    let env = TestEnv::new();
    let first = env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    assert!(first.stdout.contains("Connected: 20 of 20 steps"), "{}", first.stdout);
    assert!(first.stdout.contains("sealed in"), "{}", first.stdout);

    let status = status(&env);
    let steps = status["runs"][0]["steps"].as_array().unwrap();
    for wanted in STEPS.iter().copied().chain(["hand-over"]) {
        let address = format!("contoso.{wanted}");
        let step = steps.iter().find(|step| step["address"] == address.as_str());
        let step = step.unwrap_or_else(|| panic!("{address} is missing"));
        assert!(matches!(step["status"].as_str(), Some("ready" | "settled")), "{step}");
    }
    assert_eq!(steps.len(), STEPS.len() + 1);

    let verify = env.run(&["verify", "contoso.toml", "--simulate"]).expect(0);
    assert!(verify.stdout.contains("verified:"), "{}", verify.stdout);
    assert!(!verify.stdout.contains("failed"), "{}", verify.stdout);

    let second = env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    assert!(second.stdout.starts_with("Nothing to do"), "{}", second.stdout);
}

#[test]
fn a_changed_manifest_is_a_changed_plan() {
    let env = TestEnv::new();
    env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    // The online plan of a connected tenant has no changes, and says so by its exit code.
    let plan = ["plan", "contoso.toml", "--simulate", "--detailed-exit-code"];
    env.run(&plan).expect(0);
    let other = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    env.write("contoso.toml", &other.replace("skybridge-connector", "skybridge-renamed"));
    let changed = env.run(&plan);
    assert_eq!(changed.code, 3, "{}\n{}", changed.stdout, changed.stderr);
}

#[test]
fn events_are_json_and_the_last_one_says_done() {
    let env = TestEnv::new();
    let run =
        env.run(&["apply", "contoso.toml", "--simulate", "--yes", "--events", "ndjson"]).expect(0);
    let events: Vec<Value> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.first().unwrap()["event"], "run-started");
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["outcome"]["is"]), (&"run-finished".into(), &"done".into()));
    let waited = events.iter().filter(|event| event["event"] == "step-waiting").count();
    assert!(waited > 0, "nothing was waited for, although the simulated cloud lags");
}

#[test]
fn without_yes_and_without_a_terminal_nothing_happens() {
    let env = TestEnv::new();
    let refused = env.run(&["apply", "contoso.toml", "--simulate"]).expect(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert!(!env.path().join(".skybridge").exists());
}
