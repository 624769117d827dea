//! Watching a run: from the terminal it runs in, and from another one that takes no lock.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use skybridge_tests::{TestEnv, eventually, finish};

/// Long enough in the directory that a run is met while it waits, also on a slow machine.
const LAGS: &str = "[lag]\napplication = 3000\nservice-principal = 3000\nsecret = 3000\n";

/// The custom role is refused for good.
const REFUSED: &str = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"PUT\"\n\
                       path-contains = \"/roleDefinitions/\"\neffect = \"answer\"\nstatus = 400\n\
                       code = \"InvalidRoleDefinition\"\nmessage = \"no such action\"\n";

const STATUS: [&str; 3] = ["status", "--state", ".skybridge"];

fn apply(env: &TestEnv, scenario: &str) -> Child {
    env.write("scenario.toml", scenario);
    let args = ["apply", "contoso.toml", "--simulate", "--scenario", "scenario.toml", "--yes"];
    env.command(&args).spawn().unwrap()
}

fn status(env: &TestEnv) -> Value {
    let said = env.run(&[&STATUS[..], &["--format", "json"]].concat()).expect(0);
    serde_json::from_str(&said.stdout).unwrap()
}

/// The only run's status.
fn run(env: &TestEnv) -> Value {
    status(env)["runs"][0].clone()
}

fn live(env: &TestEnv) -> Option<PathBuf> {
    env.files().into_iter().find(|path| path.ends_with("live.json"))
}

/// A step of the run that its process says waits.
fn waiting(run: &Value) -> Option<Value> {
    let steps = run["steps"].as_array()?;
    steps.iter().find(|step| step["now"]["does"] == "waits").cloned()
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

fn no_control(text: &str) {
    let odd = text.chars().find(|c| c.is_control() && *c != '\n');
    assert!(odd.is_none(), "{odd:?} in {text:?}");
}

#[test]
fn another_process_sees_who_works_and_what_is_waited_for() {
    let env = TestEnv::new();
    let child = apply(&env, LAGS);
    eventually("a step is seen waiting", || waiting(&run(&env)).is_some());
    // It stands still while it is looked at, however long that takes.
    kill_process(pid(&child), Signal::STOP).unwrap();
    let seen = run(&env);
    let text = env.run(&STATUS).expect(0).stdout;
    let mode = fs_err::metadata(live(&env).unwrap()).unwrap().permissions().mode();
    kill_process(pid(&child), Signal::CONT).unwrap();

    assert_eq!(mode & 0o777, 0o600);
    assert_eq!((&seen["phase"], &seen["state"]), (&"running".into(), &"under way".into()));
    let process = &seen["process"];
    assert_eq!((&process["pid"], &process["alive"]), (&child.id().into(), &true.into()));
    assert_eq!(process["command"], "apply contoso.toml");
    let total = &seen["total"];
    assert_eq!(total["steps"], 20, "{total}");
    assert!(total["done"].as_u64().unwrap() < 20 && total["under-way"].as_u64() > Some(0));
    let connector = &seen["connectors"][0];
    assert_eq!((&connector["name"], &connector["steps"]), (&"contoso".into(), &20.into()));
    assert!(connector["foremost"]["address"].is_string(), "{connector}");
    if let Some(step) = waiting(&seen) {
        let now = &step["now"];
        assert!(now["why"].is_string() && now["until"].is_string(), "{now}");
        assert!(text.contains(now["why"].as_str().unwrap()), "{text}");
    }
    assert!(text.contains(&format!("by process {} on ", child.id())), "{text}");
    no_control(&text);

    finish(child).expect(0);
    let ended = run(&env);
    assert_eq!((&ended["phase"], &ended["state"]), (&"done".into(), &"done".into()));
    assert!(ended["process"].is_null() && live(&env).is_none(), "{ended}");
    assert_eq!((&ended["total"]["done"], &ended["total"]["steps"]), (&20.into(), &20.into()));
}

#[test]
fn whoever_watches_ends_as_the_run_does() {
    let env = TestEnv::new();
    let child = apply(&env, &format!("{LAGS}{REFUSED}"));
    eventually("the run is under way", || live(&env).is_some());
    let watched = env.run(&[&STATUS[..], &["--watch"]].concat()).expect(4);
    finish(child).expect(4);
    no_control(&watched.stdout);
    assert!(watched.stdout.lines().count() > 2, "{}", watched.stdout);
    assert!(watched.stdout.contains("of 20 steps done"), "{}", watched.stdout);
    assert!(watched.stdout.contains("failed    contoso.role-definition"), "{}", watched.stdout);
    // Nobody is at work any more: the last word, at once.
    env.run(&[&STATUS[..], &["--watch"]].concat()).expect(4);
}

#[test]
fn who_watches_can_go_and_the_run_goes_on() {
    let env = TestEnv::new();
    let child = apply(&env, LAGS);
    eventually("the run is under way", || live(&env).is_some());
    let mut watch = env.command(&[&STATUS[..], &["--watch"]].concat()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("of 20 steps done"), "{line}");
    kill_process(pid(&watch), Signal::INT).unwrap();
    // The signal itself ends it: nothing is to be drained.
    assert_eq!(finish(watch).code, 128 + Signal::INT.as_raw());
    finish(child).expect(0);
}

#[test]
fn a_process_that_was_killed_is_told_as_gone() {
    let env = TestEnv::new();
    let mut child = apply(&env, LAGS);
    eventually("a step is seen waiting", || waiting(&run(&env)).is_some());
    child.kill().unwrap();
    let killed = child.id();
    let _killed = finish(child);
    assert!(live(&env).is_some(), "its word stays behind");
    let seen = run(&env);
    assert_eq!((&seen["phase"], &seen["process"]["alive"]), (&"abandoned".into(), &false.into()));
    assert_eq!(seen["total"]["steps"], 20);
    assert!(waiting(&seen).is_none(), "nobody waits any more: {seen}");
    let text = env.run(&STATUS).expect(0).stdout;
    assert!(text.contains(&format!("by process {killed} on ")), "{text}");
    assert!(text.contains("which is gone") && text.contains("skybridge resume"), "{text}");
    env.run(&[&STATUS[..], &["--watch"]].concat()).expect(5);

    // Without its word the plan says how many steps there are.
    fs_err::remove_file(live(&env).unwrap()).unwrap();
    let seen = run(&env);
    assert_eq!((&seen["phase"], &seen["total"]["steps"]), (&"abandoned".into(), &20.into()));

    env.run(&["resume", "--state", ".skybridge"]).expect(0);
    assert_eq!(run(&env)["phase"], "done");
    assert!(live(&env).is_none());
}

#[test]
fn without_a_terminal_progress_is_a_few_plain_lines() {
    let env = TestEnv::new();
    let said = finish(apply(&env, REFUSED)).expect(4);
    no_control(&said.stderr);
    let told = |start: &str| said.stderr.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (told("failed contoso.role-definition"), told("ended: ")),
        (1, 1),
        "{}",
        said.stderr
    );
    assert_eq!(told("done "), 0, "{}", said.stderr);
    let percent = said.stderr.lines().filter(|line| line.contains(" %: ")).count();
    assert!((1..=11).contains(&percent), "{}", said.stderr);
}

/// The keys of a JSON object, those of objects within it too.
fn keys(value: &Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            into.insert(key.clone());
            keys(value, into);
        }),
        Value::Array(all) => all.iter().for_each(|value| keys(value, into)),
        _ => {}
    }
}

#[test]
fn the_documentation_names_every_fact() {
    let env = TestEnv::new();
    let child = apply(&env, LAGS);
    eventually("a step is seen waiting", || waiting(&run(&env)).is_some());
    let during = status(&env);
    finish(child).expect(0);
    let mut all = std::collections::BTreeSet::new();
    keys(&during, &mut all);
    keys(&status(&env), &mut all);
    let page = skybridge_tests::workspace().join("core/docs/status.md");
    let page = fs_err::read_to_string(page).unwrap();
    let missing: Vec<&String> =
        all.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "core/docs/status.md does not say what these are: {missing:?}");
}
