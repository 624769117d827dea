//! A tenant of a hundred subscriptions, connected and let go again while the program is killed over
//! and over: four rounds, two hundred kills, and at the end nothing twice, nothing left, nothing lost.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, finish};

const SUBSCRIPTIONS: usize = 100;

/// Kills of a round.
const KILLS: usize = 50;

/// Kills while connecting, and while letting go; a round does both until it has killed enough.
const EACH: (usize, usize) = (40, 10);

/// How far the journal comes between two kills at most, in bytes: with as many kills it comes from
/// one end of the run, of some 600,000 bytes, to about the other.
const STRIDE: u64 = 18_000;

/// Of so many kills one strikes at any moment from the start of the process, the others when the
/// journal has come on a while: a process that was just started does nothing worth killing it for.
const BLIND: u64 = 5;

/// How long a process may have lived when it is killed blindly: longer than it takes to start.
const BLIND_MAX: u64 = 2_500;

/// After the stride the instant is random still, up to this: about what one call takes.
const JITTER: u64 = 40;

/// Longer than the record of a run's end.
const RECORD_BYTES: u64 = 4_096;

/// Where the output of a process goes that is going to be killed.
const SAID: &str = "said.log";

/// Numbers that differ from run to run; the first is printed.
struct Chance(u64);

impl Chance {
    fn new(round: u64) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(now.map_or(0, |now| now.subsec_nanos().into()) ^ (round << 40))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A hundred subscriptions in a tenant that catches up quickly and never slows anybody down: the kills
/// are the matter here.
fn scenario() -> String {
    let mut text = String::from("[lag]\n");
    for lag in ["application", "application-reference", "service-principal", "principal"] {
        writeln!(text, "{lag} = 60").unwrap();
    }
    for lag in ["app-role-assignment", "app-role-effect", "role-definition", "secret"] {
        writeln!(text, "{lag} = 60").unwrap();
    }
    for lag in ["role-assignment", "role-assignment-effect", "credential-list"] {
        writeln!(text, "{lag} = 60").unwrap();
    }
    text.push_str("[page-size]\nresource-manager = 50\ngraph = 50\n[throttle.resource-manager]\n");
    for calls in ["reads", "writes", "deletes"] {
        writeln!(text, "{calls} = {{ bucket = 10000, per-second = 1000 }}").unwrap();
    }
    writeln!(text, "[generate]\nsubscriptions = {}", SUBSCRIPTIONS - 1).unwrap();
    text
}

struct Round {
    env: TestEnv,
    simulator: SimulatorProcess,
    chance: Chance,
    kills: usize,
    resumes: usize,
}

/// The newest journal's length, and whether it says that its run has ended.
fn journal(env: &TestEnv) -> Option<(u64, bool)> {
    let runs = env.path().join(".skybridge/simulated/runs");
    let mut folders: Vec<_> =
        std::fs::read_dir(runs).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|folder| folder.join("run.json").is_file());
    folders.sort();
    // It is looked at often, and long: its length and its last record say enough.
    let mut file = fs_err::File::open(folders.pop()?.join("journal")).ok()?;
    let bytes = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(RECORD_BYTES))).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let ended = String::from_utf8_lossy(&end).lines().last()?.contains("run-finished");
    Some((bytes, ended))
}

impl Round {
    fn new(number: u64) -> Self {
        let env = TestEnv::new();
        let manifest = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
        let listed = "scope = { subscriptions = [\"33333333-4444-5555-6666-777777777777\"] }";
        let all = manifest.replace(listed, "scope = { tenant = true }");
        assert_ne!(manifest, all);
        env.write("contoso.toml", &all);
        env.write("hundred.toml", &scenario());
        let simulator = SimulatorProcess::start(&env, &["--scenario", "hundred.toml"]);
        Self { env, simulator, chance: Chance::new(number), kills: 0, resumes: 0 }
    }

    /// Does `command` to its end, about `kills` kills later.
    fn through(&mut self, command: &str, kills: usize) {
        let url = self.simulator.url().to_owned();
        let whole = [command, "contoso.toml", "--simulator", &url, "--yes", "--no-progress"];
        let before = journal(&self.env);
        for _ in 0..kills {
            let begun = journal(&self.env) != before;
            let open = begun && journal(&self.env).is_some_and(|(_, ended)| !ended);
            if begun && !open {
                return;
            }
            self.resumes += usize::from(open);
            let args = if open { &["resume"][..] } else { &whole[..] };
            // Into a file: what it says of a hundred subscriptions is more than a pipe takes.
            let said = std::fs::File::create(self.env.path().join(SAID)).unwrap();
            let mut child = self.env.command(args);
            child.stdout(said.try_clone().unwrap()).stderr(said);
            let child = child.spawn().unwrap();
            if !self.kill(child) {
                return;
            }
        }
        let last = self.env.run(&["resume"]);
        self.resumes += 1;
        if last.code != 0 {
            // Every kill struck before there was a run.
            assert!(last.stderr.contains("no run to go on with"), "{}{}", last.stdout, last.stderr);
            self.env.run(&whole).expect(0);
        }
    }

    /// Kills a process at an instant of its life; false when it had come to its end before.
    fn kill(&mut self, mut child: Child) -> bool {
        let (started, from) = (Instant::now(), journal(&self.env).map_or(0, |(bytes, _)| bytes));
        let blind = self.chance.below(BLIND) == 0;
        let moment = Duration::from_millis(self.chance.below(BLIND_MAX));
        let stride = from + 1 + self.chance.below(STRIDE);
        let come = || {
            let far = journal(&self.env).is_some_and(|(bytes, _)| bytes >= stride);
            if blind { started.elapsed() >= moment } else { far }
        };
        skybridge_tests::eventually("it is time to kill", || {
            come() || matches!(child_state(child.id()), Some('Z'))
        });
        if !blind {
            std::thread::sleep(Duration::from_millis(self.chance.below(JITTER)));
        }
        child.kill().unwrap();
        let ended = finish(child);
        let said = || fs_err::read_to_string(self.env.path().join(SAID)).unwrap();
        assert!(matches!(ended.code, 0 | 137), "it ended with {}:\n{}", ended.code, said());
        self.kills += usize::from(ended.code == 137);
        ended.code == 137
    }
}

/// How the system calls the state of a process.
fn child_state(pid: u32) -> Option<char> {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// What is there once too often, and what is missing, of what a connected tenant holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    twice: usize,
    lost: usize,
    left: usize,
}

fn ours<'a>(tenant: &'a Value, kind: &str, key: &str, value: &Value) -> Vec<&'a Value> {
    tenant[kind].as_array().unwrap().iter().filter(|it| it[key] == *value).collect()
}

impl Count {
    /// There should be `should` things, and there are `is`.
    fn things(&mut self, is: usize, should: usize) {
        self.twice += is.saturating_sub(should);
        self.lost += should.saturating_sub(is);
    }

    fn connected(tenant: &Value) -> Self {
        let mut count = Self::default();
        let name = Value::from("skybridge-connector");
        let apps = ours(tenant, "applications", "displayName", &name);
        count.things(apps.len(), 1);
        count.things(apps[0]["passwordCredentials"].as_array().unwrap().len(), 1);
        let principals = ours(tenant, "servicePrincipals", "displayName", &name);
        count.things(principals.len(), 1);
        let id = &principals[0]["id"];
        count.things(ours(tenant, "appRoleAssignments", "principalId", id).len(), 2);
        count.roles(tenant, id);
        count
    }

    /// Seven roles: one at the root, six in each subscription; each once.
    fn roles(&mut self, tenant: &Value, principal: &Value) {
        let mut roles: BTreeMap<(String, String), usize> = BTreeMap::new();
        for assignment in tenant["roleAssignments"].as_array().unwrap() {
            let properties = &assignment["properties"];
            if properties["principalId"] == *principal {
                let text = |key: &str| properties[key].as_str().unwrap().to_lowercase();
                let role = text("roleDefinitionId").rsplit('/').next().unwrap().to_owned();
                *roles.entry((text("scope"), role)).or_default() += 1;
            }
        }
        self.twice += roles.values().map(|count| count - 1).sum::<usize>();
        let mut scopes: BTreeMap<&str, usize> = BTreeMap::new();
        roles.keys().for_each(|(scope, _)| *scopes.entry(scope).or_default() += 1);
        let subscriptions = scopes.keys().filter(|scope| scope.starts_with("/subscriptions/"));
        self.things(subscriptions.count(), SUBSCRIPTIONS);
        self.things(roles.len(), 6 * SUBSCRIPTIONS + 1);
    }

    fn gone(tenant: &Value, operator: &Value) -> Self {
        let mut count = Self::default();
        for (kind, key) in [
            ("applications", "displayName"),
            ("servicePrincipals", "displayName"),
            ("appRoleAssignments", "principalDisplayName"),
        ] {
            let all = tenant[kind].as_array().unwrap().iter();
            count.left += all.filter(|it| it[key] == "skybridge-connector").count();
        }
        count.left += tenant["roleDefinitions"].as_array().unwrap().len();
        let all = tenant["roleAssignments"].as_array().unwrap().iter();
        count.left += all.filter(|it| it["properties"]["principalId"] != *operator).count();
        count
    }
}

/// Goes through a round and sums it up.
fn round(number: u64) -> String {
    let (started, mut round) = (Instant::now(), Round::new(number));
    let before = round.simulator.tenant();
    let operator = before["servicePrincipals"][0]["id"].clone();
    while round.kills < KILLS {
        round.through("apply", EACH.0.min(KILLS - round.kills));
        let connected = Count::connected(&round.simulator.tenant());
        assert_eq!(connected, Count::default(), "connected");
        round.through("offboard", EACH.1.min(KILLS - round.kills));
        let gone = Count::gone(&round.simulator.tenant(), &operator);
        assert_eq!(gone, Count::default(), "let go");
    }
    let Round { kills, resumes, .. } = round;
    format!(
        "round {number}: {kills} kills, {resumes} resumes, {:.0} s; twice 0, left 0, lost 0",
        started.elapsed().as_secs_f64()
    )
}

#[test]
fn fifty_kills_first_round() {
    println!("{}", round(1));
}

#[test]
fn fifty_kills_second_round() {
    println!("{}", round(2));
}

#[test]
fn fifty_kills_third_round() {
    println!("{}", round(3));
}

#[test]
fn fifty_kills_fourth_round() {
    println!("{}", round(4));
}
