//! `--inject`: a rehearsal goes wrong as it is told to, and comes right again.

use serde_json::Value;
use skybridge_tests::{Output, SimulatorProcess, TestEnv};

use crate::recovery::check;

/// How a process ends that kill -9 ended.
const KILLED: i32 = 137;

fn simulated(env: &TestEnv, command: &str, url: &str, inject: &[&str]) -> Output {
    let mut args = vec![command, "contoso.toml", "--simulator", url, "--yes"];
    inject.iter().for_each(|fault| args.extend(["--inject", fault]));
    env.run(&args)
}

/// The records of the newest journal, without its header.
fn events(env: &TestEnv) -> Vec<Value> {
    let mut journals = env.files();
    journals.retain(|path| path.ends_with("journal"));
    journals.sort();
    let text = fs_err::read_to_string(journals.pop().unwrap()).unwrap();
    let json = |line: &str| serde_json::from_str(line.splitn(4, ' ').last().unwrap()).unwrap();
    text.lines().skip(1).map(json).collect()
}

#[test]
fn only_rehearsals_go_wrong_on_purpose() {
    let env = TestEnv::new();
    for command in ["apply", "rotate", "offboard"] {
        let refused = env.run(&[command, "contoso.toml", "--yes", "--inject", "error@contoso"]);
        let refused = refused.expect(2);
        assert!(refused.stderr.contains("this is not a rehearsal"), "{}", refused.stderr);
    }
    assert!(!env.path().join(".skybridge").exists());
}

#[test]
fn all_that_is_wrong_with_faults_is_told_before_anything_is_done() {
    let env = TestEnv::new();
    let args = ["apply", "contoso.toml", "--simulate", "--yes"];
    let wrong =
        ["--inject", "eror@contoso", "--inject", "delay@contoso", "--inject", "crash@event:x"];
    let refused = env.run(&[&args[..], &wrong[..]].concat()).expect(2);
    expect_test::expect![[r#"
        error[SKY-CLI-004]: --inject crash@event:x: `event:x` is no event
         |
         = help: events are counted from 1
        error[SKY-CLI-004]: --inject delay@contoso: it is not said how long
         |
         = help: write `delay:2s@…`
        error[SKY-CLI-004]: --inject eror@contoso: `eror` is no fault
         |
         = help: did you mean `error`?
        3 errors, 0 warnings
    "#]]
    .assert_eq(&refused.stderr);
    assert!(!env.path().join(".skybridge").exists());
    let wrong = ["--inject", "error@contoso.role-assignment.raeder", "--inject", "crash@event:9"];
    let refused = env.run(&[&args[..], &wrong[..]].concat()).expect(2);
    assert!(
        refused.stderr.contains("did you mean `contoso.role-assignment.reader`?"),
        "{}",
        refused.stderr
    );
    assert!(!env.files().iter().any(|path| path.ends_with("run.json")), "a run was begun");
}

#[test]
fn a_crash_at_an_event_leaves_just_the_events_before_it() {
    for (fault, left) in [("crash@event:17", 16), ("crash:after@event:17", 17)] {
        let env = TestEnv::new();
        let simulator = SimulatorProcess::start(&env, &[]);
        let url = simulator.url();
        simulated(&env, "apply", url, &[fault]).expect(KILLED);
        assert_eq!(events(&env).len(), left, "{fault}");
        // What was injected is not inherited; given again, it counts on.
        let again = env.run(&["resume", "--inject", "crash:after@event:30"]);
        again.expect(KILLED);
        assert_eq!(events(&env).len(), 30);
        env.run(&["resume"]).expect(0);
        check(&simulator.tenant(), std::time::Duration::ZERO);
    }
}

#[test]
fn a_crash_at_a_step_is_before_or_after_its_effect() {
    for (fault, secrets) in
        [("crash@contoso.client-secret", 0), ("crash:after@contoso.client-secret", 1)]
    {
        let env = TestEnv::new();
        let simulator = SimulatorProcess::start(&env, &[]);
        simulated(&env, "apply", simulator.url(), &[fault]).expect(KILLED);
        let tenant = simulator.tenant();
        let ours = tenant["applications"].as_array().unwrap().iter();
        let mut ours = ours.filter(|app| app["displayName"] == "skybridge-connector");
        let made = ours.next().unwrap()["passwordCredentials"].as_array().unwrap().len();
        assert_eq!(made, secrets, "{fault}");
        env.run(&["resume"]).expect(0);
        check(&simulator.tenant(), std::time::Duration::ZERO);
    }
}

#[test]
fn lost_replies_and_passing_errors_are_overcome() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let faults = [
        "lost-reply@contoso.application",
        "lost-reply*2@contoso.client-secret",
        "error:transient@contoso.service-principal",
        "error:rate-limited:after=1s@contoso.role-assignment.reader",
        "delay:500ms@contoso.hand-over",
    ];
    simulated(&env, "apply", simulator.url(), &faults).expect(0);
    check(&simulator.tenant(), std::time::Duration::ZERO);
}

#[test]
fn what_is_refused_fails_its_step_and_says_that_it_was_on_purpose() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let fault = "error:permission-denied@contoso.role-assignment.reader";
    let failed = simulated(&env, "apply", simulator.url(), &[fault]).expect(4);
    assert!(failed.stderr.contains("this went wrong on purpose"), "{}", failed.stderr);
    assert!(failed.stderr.contains(fault), "{}", failed.stderr);
    simulated(&env, "apply", simulator.url(), &[]).expect(0);
    check(&simulator.tenant(), std::time::Duration::ZERO);
}

#[test]
fn rotating_and_letting_go_go_wrong_as_well() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    simulated(&env, "apply", url, &[]).expect(0);
    simulated(&env, "rotate", url, &["crash:after@contoso.client-secret"]).expect(KILLED);
    env.run(&["resume"]).expect(0);
    check(&simulator.tenant(), std::time::Duration::ZERO);
    simulated(&env, "offboard", url, &["crash:after@contoso.service-principal"]).expect(KILLED);
    env.run(&["resume"]).expect(0);
    let tenant = simulator.tenant();
    let ours = tenant["applications"].as_array().unwrap().iter();
    assert_eq!(ours.filter(|app| app["displayName"] == "skybridge-connector").count(), 0);
}
