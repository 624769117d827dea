//! A Global Administrator who may not assign at the root management group is elevated for that one
//! assignment. Whatever ends the program in between, the elevation is gone in the end; and as long
//! as it stands, `status` says so.

use rustix::process::Signal;
use serde_json::Value;
use skybridge_tests::{Output, SimulatorProcess, TestEnv, eventually, finish, get, workspace};

use crate::recovery::rustix_pid;

const ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000001";

struct Tenant {
    env: TestEnv,
    simulator: SimulatorProcess,
}

impl Tenant {
    fn new() -> Self {
        let env = TestEnv::new();
        let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
        let assign = "root-management-group = \"assign\"";
        assert!(text.contains(assign));
        let elevate = "root-management-group = \"elevate\"";
        env.write("contoso.toml", &text.replace(assign, elevate));
        let scenario = workspace().join("plugins/azure/sim/scenarios/person-elevating.toml");
        let simulator = SimulatorProcess::start(&env, &["--scenario", scenario.to_str().unwrap()]);
        Self { env, simulator }
    }

    fn apply(&self) -> [&str; 5] {
        ["apply", "contoso.toml", "--simulator", self.simulator.url(), "--yes"]
    }

    /// New rules of what goes wrong at the cloud; an empty text for none.
    fn faults(&self, rules: &str) {
        let (status, answer) = self.simulator.control("faults", rules);
        assert_eq!(status, 200, "{answer}");
    }

    /// Whether the administrator is User Access Administrator at `/`.
    fn is_elevated(&self) -> bool {
        let tenant = self.simulator.tenant();
        tenant["roleAssignments"].as_array().unwrap().iter().any(|one| {
            let says = &one["properties"];
            says["scope"] == "/" && says["principalId"] == ADMIN
        })
    }

    /// What `status` says is still to be done, of all runs.
    fn standing(&self) -> Vec<Value> {
        let status = ["status", "--format", "json", "--state", ".skybridge/simulated"];
        let status: Value = serde_json::from_str(&self.env.run(&status).expect(0).stdout).unwrap();
        let runs = status["runs"].as_array().unwrap();
        runs.iter().flat_map(|run| run["standing"].as_array().unwrap().clone()).collect()
    }

    /// As long as the elevation stands `status` names it, in words too.
    fn status_is_right(&self) {
        if self.is_elevated() {
            let standing = self.standing();
            assert_eq!(standing.len(), 1, "{standing:?}");
            assert_eq!(standing[0]["step"], "contoso.elevation-removal");
            let text = self.env.run(&["status"]).expect(0).stdout;
            let told = "still to be done: remove the operator's elevation";
            assert!(text.contains(told) && text.contains("` does it"), "{text}");
        }
    }

    /// The elevation is gone and the tenant connected.
    fn is_connected(&self, when: &str) {
        assert!(!self.is_elevated(), "{when}: the elevation was left");
        crate::recovery::check(&self.simulator.tenant(), std::time::Duration::ZERO);
        assert_eq!(self.standing(), [] as [Value; 0], "{when}");
        let text = self.env.run(&["status"]).expect(0).stdout;
        assert!(!text.contains("still to be done"), "{when}: {text}");
    }

    /// What the journal of the only run holds.
    fn journal(&self) -> String {
        let files = self.env.files();
        let journal = files.iter().find(|path| path.ends_with("journal"));
        journal.map(|path| fs_err::read_to_string(path).unwrap()).unwrap_or_default()
    }

    fn has(&self, event: &str, step: &str) -> bool {
        let step = format!("\"address\":\"contoso.{step}");
        let next = |line: &str| {
            line.split_once(&step).is_some_and(|(_, rest)| rest.starts_with(['"', '@']))
        };
        self.journal().lines().any(|line| line.contains(event) && next(line))
    }

    /// Applies, and kills the program when `so`.
    fn killed(&self, what: &str, so: impl FnMut() -> bool) -> Output {
        let mut child = self.env.command(&self.apply()).spawn().unwrap();
        eventually(what, so);
        child.kill().unwrap();
        finish(child)
    }

    /// Goes on after the program was killed, and looks.
    fn resumed(&self, when: &str) {
        self.status_is_right();
        let resumed = self.env.run(&["resume"]);
        // It may have ended just before it was killed.
        let ended = resumed.code == 2 && resumed.stderr.contains("no run to go on with");
        assert!(resumed.code == 0 || ended, "{when}: {}\n{}", resumed.stdout, resumed.stderr);
        self.is_connected(when);
    }
}

const ASSIGNMENT: &str = "role-assignment.management-group-reader";

/// Killed as soon as a record is on the disk.
fn killed_at(event: &str, step: &str) {
    let tenant = Tenant::new();
    let when = format!("{event} of {step}");
    tenant.killed(&when, || tenant.has(event, step));
    tenant.resumed(&when);
}

macro_rules! killed_at {
    ($($name:ident: $event:literal $step:expr;)*) => {
        $(#[test] fn $name() { killed_at($event, $step); })*
    };
}

killed_at! {
    killed_when_elevating_is_intended: "step-intended" "elevation";
    killed_when_elevated: "step-applied" "elevation";
    killed_when_the_elevation_is_seen: "step-ready" "elevation";
    killed_when_assigning_is_intended: "step-intended" ASSIGNMENT;
    killed_when_assigned: "step-applied" ASSIGNMENT;
    killed_when_removing_is_intended: "step-intended" "elevation-removal";
    killed_when_removed: "step-applied" "elevation-removal";
}

const ELEVATE: (&str, &str) = ("POST", "/elevateAccess");
const ASSIGN: (&str, &str) = (
    "PUT",
    "/managementGroups/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/roleAssignments/",
);
const REMOVE: (&str, &str) = ("DELETE", "/providers/Microsoft.Authorization/roleAssignments/");

/// A rule about one of the calls above.
fn rule((method, path): (&str, &str), effect: &str) -> String {
    format!(
        "[[faults]]\nservice = \"resource-manager\"\nmethod = {method:?}\npath-contains = {path:?}\n\
         {effect}\n"
    )
}

/// Killed while a call is under way: it is never answered, and came about or did not. `elevated`:
/// whether the administrator is, at that instant.
fn killed_in(call: (&str, &str), effect: &str, elevated: bool) {
    let tenant = Tenant::new();
    let when = format!("{} {}: {effect}", call.0, call.1);
    tenant.faults(&rule(call, &format!("effect = {effect:?}")));
    let struck = || {
        let rules = get(&format!("{}/_simulator/faults", tenant.simulator.url()));
        rules.to_string().contains("\"struck\":1")
    };
    tenant.killed(&when, struck);
    assert_eq!(tenant.is_elevated(), elevated, "{when}");
    tenant.faults("");
    tenant.resumed(&when);
}

macro_rules! killed_in {
    ($($name:ident: $call:expr, $effect:literal, $elevated:literal;)*) => {
        $(#[test] fn $name() { killed_in($call, $effect, $elevated); })*
    };
}

killed_in! {
    killed_before_it_was_elevated: ELEVATE, "hang", false;
    killed_before_it_heard_that_it_is_elevated: ELEVATE, "hang-after-commit", true;
    killed_before_it_assigned: ASSIGN, "hang", true;
    killed_before_it_heard_that_it_assigned: ASSIGN, "hang-after-commit", true;
    killed_before_it_removed: REMOVE, "hang", true;
    killed_before_it_heard_that_it_removed: REMOVE, "hang-after-commit", false;
}

/// What is refused for good.
const FOR_GOOD: &str = "effect = \"answer\"\nstatus = 400\ncode = \"BadRequest\"\nmessage = \"no\"";

/// Goal: an assignment that fails for good fails the run, and the elevation is gone all the same;
/// also when the program was killed before it could take it away.
#[test]
fn an_assignment_that_fails_for_good_leaves_no_elevation() {
    let tenant = Tenant::new();
    tenant.faults(&rule(ASSIGN, FOR_GOOD));
    let failed = tenant.env.run(&tenant.apply()).expect(4);
    assert!(failed.stderr.contains(ASSIGNMENT), "{}", failed.stderr);
    assert!(tenant.has("step-applied", "elevation"), "nobody was elevated");
    assert!(!tenant.is_elevated());
    assert_eq!(tenant.standing(), [] as [Value; 0]);
    tenant.faults("");
    tenant.env.run(&tenant.apply()).expect(0);
    tenant.is_connected("applied again");

    let tenant = Tenant::new();
    let both = format!("{}{}", rule(ASSIGN, FOR_GOOD), rule(REMOVE, "effect = \"hang\""));
    tenant.faults(&both);
    tenant.killed("removing is intended", || tenant.has("step-intended", "elevation-removal"));
    assert!(tenant.is_elevated());
    tenant.status_is_right();
    tenant.faults("");
    let resumed = tenant.env.run(&["resume"]).expect(4);
    assert!(resumed.stderr.contains("still to be done"), "{}", resumed.stderr);
    assert!(!tenant.is_elevated());
    assert_eq!(tenant.standing(), [] as [Value; 0]);
}

/// Goal: a removal that is refused for good is told at the end of the run, by `status` and by
/// `resume`, with what to do; doing that removes the elevation.
#[test]
fn an_elevation_that_cannot_be_removed_is_told_until_it_is() {
    let tenant = Tenant::new();
    tenant.faults(&rule(REMOVE, FOR_GOOD));
    let failed = tenant.env.run(&tenant.apply()).expect(4);
    let hint = format!("mend the cause, and `skybridge {} contoso.toml --simulator", "apply");
    for part in ["still to be done: remove the operator's elevation", hint.as_str()] {
        assert!(failed.stderr.contains(part), "{part} is not in\n{}", failed.stderr);
    }
    assert!(tenant.is_elevated());
    tenant.status_is_right();
    let nothing = tenant.env.run(&["resume"]).expect(2);
    assert!(nothing.stderr.contains("still to be done"), "{}", nothing.stderr);
    tenant.faults("");
    tenant.env.run(&tenant.apply()).expect(0);
    tenant.is_connected("applied again");
}

/// Goal: Ctrl-C while the elevation stands says so at once, and `resume` removes it.
#[test]
fn interrupted_while_elevated() {
    let tenant = Tenant::new();
    let child = tenant.env.command(&tenant.apply()).spawn().unwrap();
    eventually("it is elevated", || tenant.has("step-applied", "elevation"));
    rustix::process::kill_process(rustix_pid(child.id()), Signal::INT).unwrap();
    let interrupted = finish(child).expect(5);
    assert!(tenant.is_elevated(), "{}", interrupted.stderr);
    for part in ["still to be done: remove the operator's elevation", "`skybridge resume "] {
        assert!(interrupted.stderr.contains(part), "{part} is not in\n{}", interrupted.stderr);
    }
    tenant.resumed("interrupted");
}
