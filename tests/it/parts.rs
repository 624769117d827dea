//! A subscription that stops working after the plan was made costs the others nothing.

use serde_json::Value;
use skybridge_tests::{Output, SimulatorProcess, TestEnv};

const FIRST: &str = "33333333-4444-5555-6666-000000000001";
const MIDDLE: &str = "33333333-4444-5555-6666-000000000002";
const LAST: &str = "33333333-4444-5555-6666-000000000003";
const ALL: [&str; 3] = [FIRST, MIDDLE, LAST];

/// How a process ends that kill -9 ended.
const KILLED: i32 = 137;

struct Tenant {
    env: TestEnv,
    simulator: SimulatorProcess,
}

impl Tenant {
    fn new() -> Self {
        let env = TestEnv::new();
        let subscription =
            |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"{id}\"\n");
        env.write("scenario.toml", &ALL.map(subscription).concat());
        let manifest = format!(
            "schema = 1\n[connectors.contoso]\nplugin = \"azure\"\n[connectors.contoso.settings]\n\
             tenant = \"11111111-2222-3333-4444-555555555555\"\n\
             scope = {{ subscriptions = {ALL:?} }}\n\
             [connectors.contoso.operator]\nauth = \"azure-cli\"\n\
             [connectors.contoso.destination]\nkind = \"local\"\n"
        );
        env.write("contoso.toml", &manifest);
        let simulator = SimulatorProcess::start(&env, &["--scenario", "scenario.toml"]);
        Self { env, simulator }
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        let args = [command, "contoso.toml", "--simulator", self.simulator.url()];
        self.env.run(&[&args[..], more].concat())
    }

    fn apply(&self, inject: &[&str]) -> Output {
        let inject: Vec<&str> = inject.iter().flat_map(|fault| ["--inject", fault]).collect();
        self.run("apply", &[&["--yes"], inject.as_slice()].concat())
    }

    fn turn(&self, id: &str, state: &str) {
        let body = format!("{{\"state\": \"{state}\"}}");
        let (status, answer) = self.simulator.control(&format!("subscriptions/{id}"), &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// Where the custom role can be assigned, in order.
    fn scopes_of_the_role(&self) -> Vec<String> {
        let tenant = self.simulator.tenant();
        let roles = tenant["roleDefinitions"].as_array().unwrap().iter();
        let scopes = roles.flat_map(|role| {
            role["properties"]["assignableScopes"].as_array().unwrap().iter().map(|scope| {
                scope.as_str().unwrap().trim_start_matches("/subscriptions/").to_owned()
            })
        });
        let mut scopes: Vec<String> = scopes.collect();
        scopes.sort();
        scopes
    }

    /// The steps of the newest run that ended in `status`.
    fn steps(&self, status: &str) -> Vec<String> {
        let told = self.env.run(&["status", "--format", "json", "--state", ".skybridge/simulated"]);
        let told: Value = serde_json::from_str(&told.expect(0).stdout).unwrap();
        let run = told["runs"].as_array().unwrap().last().unwrap();
        let steps = run["steps"].as_array().unwrap().iter();
        let those = steps.filter(|step| step["status"] == status);
        those.map(|step| step["address"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything works that is not of `id`: the run ended as partly failed and says so.
    fn is_connected_without(&self, id: &str, failed: &Output, why: &str) {
        let check = format!("contoso.subscription@{id}");
        let told = format!("{}{}", failed.stdout, failed.stderr);
        for part in [check.as_str(), why, "what succeeded stays; mend the cause and apply again"] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
        let others: Vec<&str> = ALL.into_iter().filter(|other| *other != id).collect();
        let handed_over = format!("Subscriptions   {}\n", others.join(", "));
        let proved = "verified contoso.verification.subscription of 2 scopes, each: ";
        for part in ["Connected in part: ", &handed_over, proved, "handed over: "] {
            assert!(failed.stdout.contains(part), "{part} is not in\n{}", failed.stdout);
        }
        let of_it = format!("verification.subscription@{id}");
        assert!(!failed.stdout.rsplit("in part").next().unwrap().contains(&of_it));
        assert_eq!(self.env.recorded_subscriptions(), others);
        assert_eq!(self.scopes_of_the_role(), others);
        assert_eq!(self.steps("failed"), [check.as_str()]);
        let skipped = self.steps("skipped");
        assert!(!skipped.is_empty() && skipped.iter().all(|it| it.ends_with(id)), "{skipped:?}");
        let status = self.env.run(&["status"]).expect(0).stdout;
        assert!(status.contains(&check) && status.contains(why), "{check}: {why}\n{status}");
    }

    /// The cause is gone: the plan says what is to be done, and the next apply does it.
    fn is_completed_with(&self, id: &str) {
        let plan = self.run("plan", &["--detailed-exit-code"]).expect(3).stdout;
        for step in ["role-definition.custom", &format!("role-assignment.reader@{id}"), "hand-over"]
        {
            assert!(plan.contains(&format!("contoso.{step}")), "{step} is not in\n{plan}");
        }
        assert!(plan.contains("assignable-scopes"), "{plan}");
        self.apply(&[]).expect(0);
        assert_eq!(self.env.recorded_subscriptions(), ALL);
        assert_eq!(self.scopes_of_the_role(), ALL);
        self.run("verify", &[]).expect(0);
        let again = self.apply(&[]).expect(0);
        assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    }

    /// Nothing of any run is left.
    fn is_taken_back(&self) {
        self.run("offboard", &["--yes"]).expect(0);
        assert_eq!(self.scopes_of_the_role(), [] as [&str; 0]);
        let tenant = self.simulator.tenant();
        let made = |it: &&Value| it["properties"]["description"].is_string();
        let assigned = tenant["roleAssignments"].as_array().unwrap().iter().filter(made);
        assert_eq!(assigned.collect::<Vec<_>>(), [] as [&Value; 0]);
    }
}

/// Goal: a run that was killed is resumed after somebody disabled the first subscription, in which
/// requests about the custom role would be made. The others are connected; while it is disabled a
/// plan leaves it out; once it is enabled the next apply completes it.
#[test]
fn the_first_is_disabled_before_the_run_is_resumed() {
    let tenant = Tenant::new();
    tenant.apply(&[&format!("crash@contoso.subscription@{FIRST}")]).expect(KILLED);
    tenant.turn(FIRST, "Disabled");
    let failed = tenant.env.run(&["resume"]).expect(4);
    let why = format!("subscription {FIRST} is Disabled, and only Enabled ones are onboarded");
    tenant.is_connected_without(FIRST, &failed, &why);
    let left_out = tenant.run("plan", &[]).expect(0).stdout;
    assert!(left_out.contains("AZ-SCOPE-003"), "{left_out}");
    tenant.turn(FIRST, "Enabled");
    tenant.is_completed_with(FIRST);
    tenant.is_taken_back();
}

/// Goal: the check of one in the middle fails, and the process dies right after the custom role was
/// written and again after it was seen: what goes on knows which scopes it was written with.
#[test]
fn a_killed_run_knows_what_it_does_without() {
    let tenant = Tenant::new();
    let fails = format!("error:permission-denied@contoso.subscription@{MIDDLE}");
    let role = "contoso.role-definition.custom";
    tenant.apply(&[&fails, &format!("crash:after@{role}")]).expect(KILLED);
    assert_eq!(tenant.scopes_of_the_role(), [FIRST, LAST]);
    tenant.env.run(&["resume", "--inject", &format!("crash:after#2@{role}")]).expect(KILLED);
    assert_eq!(tenant.scopes_of_the_role(), [FIRST, LAST]);
    let failed = tenant.env.run(&["resume"]).expect(4);
    tenant.is_connected_without(MIDDLE, &failed, "this went wrong on purpose");
    tenant.is_completed_with(MIDDLE);
    tenant.is_taken_back();
}

/// Goal: without any subscription nothing is handed over and no role is made; the next apply does
/// everything.
#[test]
fn all_of_them_fail() {
    let tenant = Tenant::new();
    let failed = tenant.apply(&["error:permission-denied@contoso.subscription"]).expect(4);
    for id in ALL {
        let check = format!("contoso.subscription@{id}");
        assert!(failed.stderr.contains(&check), "{check} is not in\n{}", failed.stderr);
    }
    assert!(failed.stdout.contains("Not connected: "), "{}", failed.stdout);
    assert_eq!(tenant.scopes_of_the_role(), [] as [&str; 0]);
    assert!(!tenant.env.files().iter().any(|path| path.ends_with("connections/contoso.json")));
    assert!(tenant.steps("skipped").contains(&"contoso.hand-over".to_owned()));
    tenant.apply(&[]).expect(0);
    assert_eq!(tenant.env.recorded_subscriptions(), ALL);
    assert_eq!(tenant.scopes_of_the_role(), ALL);
}
