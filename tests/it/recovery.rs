//! kill -9 at any instant, then `resume`: everything exists exactly once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, finish};

/// Records that a slice of a run is long; an undisturbed run writes about fifty.
const RECORDS: usize = 4;

/// Within a slice the instant is random, up to this: about what one step takes.
const JITTER: Duration = Duration::from_millis(400);

/// A number between 0 and 1 that differs from run to run and is printed when the test fails.
fn chance() -> f64 {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    f64::from(nanos % 100_000) / 100_000.0
}

/// Kills an apply somewhere in the `slice`-th tenth of its journal, resumes, and looks at the tenant.
fn killed_in(slice: usize) {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url().to_owned();
    let instant = JITTER.mul_f64(chance());
    let apply = ["apply", "contoso.toml", "--simulator", &url, "--yes"];

    let mut child = env.command(&apply).spawn().unwrap();
    let there = || records(&env) > slice * RECORDS;
    skybridge_tests::eventually("the journal has come so far", there);
    std::thread::sleep(instant);
    child.kill().unwrap();
    let killed = finish(child);

    let resumed = env.run(&["resume"]);
    // Killed before the run was written down, or just after it had ended: then applying goes on.
    let nothing_to_resume = resumed.code == 2 && resumed.stderr.contains("no run to go on with");
    if nothing_to_resume {
        env.run(&apply).expect(0);
    } else {
        assert_eq!(
            resumed.code, 0,
            "killed after {instant:?}:\n{}\n{}\nresume:\n{}\n{}",
            killed.stdout, killed.stderr, resumed.stdout, resumed.stderr
        );
    }
    check(&simulator.tenant(), instant);
    let again = env.run(&apply).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{instant:?}: {}", again.stdout);
    check(&simulator.tenant(), instant);
}

/// The independent checker: it knows what a connected tenant holds, and nothing of how it came so.
pub(crate) fn check(tenant: &Value, instant: Duration) {
    let named = |kind: &str| -> Vec<&Value> {
        let all = tenant[kind].as_array().unwrap().iter();
        all.filter(|thing| thing["displayName"] == "skybridge-connector").collect()
    };
    let applications = named("applications");
    assert_eq!(applications.len(), 1, "killed after {instant:?}: {applications:?}");
    let secrets = applications[0]["passwordCredentials"].as_array().unwrap();
    assert_eq!(secrets.len(), 1, "killed after {instant:?}: {secrets:?}");
    let principals = named("servicePrincipals");
    assert_eq!(principals.len(), 1, "killed after {instant:?}: {principals:?}");

    let principal = &principals[0]["id"];
    let mut roles: BTreeMap<String, usize> = BTreeMap::new();
    for assignment in tenant["roleAssignments"].as_array().unwrap() {
        let properties = &assignment["properties"];
        if properties["principalId"] == *principal {
            let role = properties["roleDefinitionId"].as_str().unwrap();
            *roles.entry(role.rsplit('/').next().unwrap().to_lowercase()).or_default() += 1;
        }
    }
    assert_eq!(roles.len(), 7, "killed after {instant:?}: {roles:?}");
    assert!(roles.values().all(|count| *count == 1), "killed after {instant:?}: {roles:?}");
    let grants = tenant["appRoleAssignments"].as_array().unwrap().iter();
    let grants = grants.filter(|grant| grant["principalId"] == *principal).count();
    assert_eq!(grants, 2, "killed after {instant:?}");
    assert_eq!(tenant["roleDefinitions"].as_array().unwrap().len(), 1, "killed after {instant:?}");
}

macro_rules! killed {
    ($($name:ident = $slice:literal;)*) => {
        $(#[test] fn $name() { killed_in($slice); })*
    };
}

killed! {
    killed_in_the_first_tenth = 0;
    killed_in_the_second_tenth = 1;
    killed_in_the_third_tenth = 2;
    killed_in_the_fourth_tenth = 3;
    killed_in_the_fifth_tenth = 4;
    killed_in_the_sixth_tenth = 5;
    killed_in_the_seventh_tenth = 6;
    killed_in_the_eighth_tenth = 7;
    killed_in_the_ninth_tenth = 8;
    killed_in_the_last_tenth = 9;
}

#[test]
fn apply_goes_on_with_what_a_crash_cut_short() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let apply = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let mut child = env.command(&apply).spawn().unwrap();
    skybridge_tests::eventually("a step is applied", || at_work(&env));
    child.kill().unwrap();
    let _killed = finish(child);
    let again = env.run(&apply).expect(0);
    assert!(again.stderr.contains("going on with it first"), "{}", again.stderr);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    check(&simulator.tenant(), Duration::ZERO);
}

/// How many records the only run's journal has.
fn records(env: &TestEnv) -> usize {
    let files = env.files();
    let journal = files.iter().find(|path| path.ends_with("journal"));
    journal.map_or(0, |path| fs_err::read_to_string(path).unwrap().lines().count())
}

/// Whether the only run has applied a step.
fn at_work(env: &TestEnv) -> bool {
    let files = env.files();
    let journal = files.iter().find(|path| path.ends_with("journal"));
    let text = journal.map(|path| fs_err::read_to_string(path).unwrap());
    text.is_some_and(|text| text.contains("step-applied"))
}

#[test]
fn a_second_process_is_told_who_works_here() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let apply = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let first = env.command(&apply).spawn().unwrap();
    let pid = first.id();
    skybridge_tests::eventually("a step is applied", || at_work(&env));
    // It stands still while the second one looks, however long that takes.
    rustix::process::kill_process(rustix_pid(pid), rustix::process::Signal::STOP).unwrap();
    let second = env.run(&apply);
    rustix::process::kill_process(rustix_pid(pid), rustix::process::Signal::CONT).unwrap();
    let second = second.expect(5);
    let wanted = format!("process {pid} on");
    assert!(second.stderr.contains(&wanted), "{}", second.stderr);
    finish(first).expect(0);
}

#[test]
fn ctrl_c_drains_and_resume_goes_on() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let apply = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let child = env.command(&apply).spawn().unwrap();
    skybridge_tests::eventually("a step is applied", || at_work(&env));
    let pid = rustix_pid(child.id());
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let interrupted = finish(child);
    assert_eq!(interrupted.code, 5, "{}\n{}", interrupted.stdout, interrupted.stderr);
    assert!(interrupted.stderr.contains("skybridge resume"), "{}", interrupted.stderr);
    env.run(&["resume"]).expect(0);
    check(&simulator.tenant(), Duration::from_secs(3));
}

pub(crate) fn rustix_pid(id: u32) -> rustix::process::Pid {
    rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}
