//! Every line of `--events ndjson` is what its schema and its documentation say.

use std::collections::BTreeSet;

use serde_json::Value;
use skybridge_tests::{Output, SimulatorProcess, TestEnv, finish, workspace};

fn schema(env: &TestEnv) -> Value {
    serde_json::from_str(&env.run(&["schema", "events"]).expect(0).stdout).unwrap()
}

/// The events of an output, each checked against the schema.
fn events(schema: &Value, said: &Output) -> Vec<Value> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let lines = said.stderr.lines().filter(|line| line.starts_with('{'));
    let events: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    for event in &events {
        let problems: Vec<String> =
            validator.iter_errors(event).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{event}\n{problems:?}");
    }
    events
}

fn names(events: &[Value]) -> BTreeSet<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

/// What the schema calls its events.
fn named(schema: &Value) -> BTreeSet<&str> {
    let all = schema["oneOf"].as_array().unwrap().iter();
    all.map(|one| one["properties"]["event"]["const"].as_str().unwrap()).collect()
}

#[test]
fn every_event_of_every_kind_of_run_fits_the_schema() {
    let env = TestEnv::new();
    let schema = schema(&env);
    let simulator = SimulatorProcess::start(&env, &[]);
    let run = |command: &str| {
        let args = [command, "contoso.toml", "--simulator", simulator.url(), "--yes"];
        env.run(&[&args[..], &["--events", "ndjson"]].concat()).expect(0)
    };
    let mut met = BTreeSet::new();
    for command in ["apply", "rotate", "offboard"] {
        let said = run(command);
        let events = events(&schema, &said);
        assert_eq!(events.first().unwrap()["event"], "run-started", "{command}");
        assert_eq!(events.last().unwrap()["event"], "run-finished", "{command}");
        assert!(events.iter().all(|event| event["version"] == 1), "{command}");
        met.extend(names(&events).into_iter().map(str::to_owned));
    }
    // The simulated cloud refuses some calls for being too many.
    for event in ["step-waiting", "step-retrying", "domain-held", "step-finished"] {
        assert!(met.contains(event), "{event} was not met: {met:?}");
    }
}

#[test]
fn interrupted_failed_and_skipped_fit_the_schema_too() {
    let env = TestEnv::new();
    let schema = schema(&env);
    let refused = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"PUT\"\n\
                   path-contains = \"/roleDefinitions/\"\neffect = \"answer\"\nstatus = 400\n\
                   code = \"InvalidRoleDefinition\"\nmessage = \"no such action\"\n";
    env.write("refused.toml", refused);
    let apply = ["apply", "contoso.toml", "--simulate", "--scenario", "refused.toml", "--yes"];
    let apply = [&apply[..], &["--events", "ndjson"]].concat();
    let child = env.command(&apply).spawn().unwrap();
    skybridge_tests::eventually("a step is applied", || {
        let files = env.files();
        let journal = files.iter().find(|path| path.ends_with("journal"));
        journal.is_some_and(|it| fs_err::read_to_string(it).unwrap().contains("step-applied"))
    });
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let interrupted = finish(child).expect(5);
    let first = events(&schema, &interrupted);
    assert_eq!(first.last().unwrap()["outcome"]["is"], "interrupted");
    let state = ["--state", ".skybridge", "--events", "ndjson"];
    let resumed = env.run(&[&["resume"], &state[..]].concat()).expect(4);
    let second = events(&schema, &resumed);
    assert_eq!(second.last().unwrap()["outcome"]["is"], "failed");
    // The refusal may have come before the interruption.
    let met: BTreeSet<&str> = names(&first).union(&names(&second)).copied().collect();
    for event in ["step-failed", "step-skipped"] {
        assert!(met.contains(event), "{event}: {met:?}");
    }
}

#[test]
fn a_notice_fits_the_schema() {
    let env = TestEnv::new();
    let schema = schema(&env);
    let manifest = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    env.write("contoso.toml", &manifest.replace("consent = \"grant\"", "consent = \"hand-off\""));
    let scenario = fs_err::read_to_string(
        workspace().join("plugins/azure/sim/scenarios/operator-too-few-app-roles.toml"),
    );
    let consent = "[consent]\napprove-as = \"admin@contoso.example\"\nafter-ms = 300\n";
    env.write("scenario.toml", &format!("{}\n{consent}", scenario.unwrap()));
    let apply = ["apply", "contoso.toml", "--simulate", "--scenario", "scenario.toml", "--yes"];
    let said = env.run(&[&apply[..], &["--events", "ndjson"]].concat()).expect(0);
    let events = events(&schema, &said);
    let notice = events.iter().find(|event| event["event"] == "notice");
    let notice = notice.unwrap_or_else(|| panic!("no notice: {:?}", names(&events)));
    assert!(notice["url"].as_str().unwrap().starts_with("https://"), "{notice}");
}

#[test]
fn the_documentation_has_an_example_of_each_event() {
    let env = TestEnv::new();
    let schema = schema(&env);
    let text = fs_err::read_to_string(workspace().join("core/docs/events.md")).unwrap();
    let examples = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    let stderr = examples.collect();
    let said = Output { stdout: String::new(), stderr, code: 0 };
    let events = events(&schema, &said);
    assert_eq!(names(&events), named(&schema));
}

#[test]
fn what_is_no_event_does_not_fit_the_schema() {
    let env = TestEnv::new();
    let validator = jsonschema::validator_for(&schema(&env)).unwrap();
    for odd in [
        r#"{"version":1,"event":"step-vanished"}"#,
        r#"{"version":1,"event":"step-skipped","address":"a.b"}"#,
        r#"{"event":"step-skipped","address":"a.b","because":"a.c"}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(odd).unwrap()), "{odd}");
    }
}
