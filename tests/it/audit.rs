//! The audit log of the real program: whole, true to the wire, and not to be tampered with unseen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv, finish, get};

fn apply(url: &str) -> [&str; 5] {
    ["apply", "contoso.toml", "--simulator", url, "--yes"]
}

fn log(env: &TestEnv) -> PathBuf {
    env.path().join(".skybridge/simulated/audit/log.ndjson")
}

fn entries(env: &TestEnv, filters: &[&str]) -> Vec<Value> {
    let mut args = vec!["audit", "show", "--format", "json"];
    args.extend(filters);
    let shown: Value = serde_json::from_str(&env.run(&args).expect(0).stdout).unwrap();
    shown["entries"].as_array().unwrap().clone()
}

/// The head that a run told.
fn head(said: &str) -> &str {
    let line = said.lines().find_map(|line| line.strip_prefix("audit head ")).unwrap();
    line.split_whitespace().next().unwrap()
}

/// Goal: what the log says is what was on the wire: each write once, with the cloud's own id.
#[test]
fn says_what_was_on_the_wire() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let run = env.run(&apply(simulator.url())).expect(0);
    let traffic = get(&format!("{}/_simulator/traffic", simulator.url()));
    let mut answered: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut changed = 0;
    for exchange in traffic.as_array().unwrap() {
        let headers = exchange["response"]["headers"].as_object().unwrap();
        let ids = headers.iter().filter(|(name, _)| name.to_lowercase().ends_with("request-id"));
        answered.extend(ids.filter_map(|(_, id)| Some((id.as_str()?, exchange))));
        let method = exchange["request"]["method"].as_str().unwrap();
        changed += usize::from(matches!(method, "PUT" | "PATCH" | "DELETE"));
    }
    let all = entries(&env, &[]);
    let mut seen = 0;
    for entry in &all {
        let exchange = answered[entry["request-id"].as_str().unwrap()];
        let (request, response) = (&exchange["request"], &exchange["response"]);
        assert_eq!(entry["method"], request["method"], "{entry}");
        assert_eq!(entry["status"], response["status"], "{entry}");
        let target = entry["target"].as_str().unwrap();
        let url = request["url"].as_str().unwrap();
        assert!(!target.contains('?'), "{target}");
        let path = |url: &str| url.split(['?', '#']).next().unwrap().replace("%27", "'");
        assert_eq!(path(target), path(url), "{entry}");
        seen += usize::from(entry["method"] != "POST");
    }
    assert_eq!(seen, changed, "every call that changes something is on record");
    assert!(all.len() > seen, "posts too");

    // Filters, and the form for people.
    let steps = entries(&env, &["--step", "contoso.role-assignment"]);
    assert!(!steps.is_empty() && steps.len() < all.len());
    let run_id = all[0]["run"].as_str().unwrap();
    assert_eq!(entries(&env, &["--run", run_id, "--connector", "contoso"]).len(), all.len());
    assert!(entries(&env, &["--connector", "fabrikam"]).is_empty());
    let shown = env.run(&["audit", "show"]).expect(0).stdout;
    for part in ["PATCH done (201)  contoso.application\n", "creating role assignment: https://"] {
        assert!(shown.contains(part), "{shown}");
    }
    // The head that the run told proves all of it.
    let verified = env.run(&["audit", "verify", "--head", head(&run.stderr)]).expect(0);
    assert!(verified.stdout.contains(&format!("whole, {} entries", all.len())), "{verified:?}");
}

/// Goal: whoever changes, removes or cuts off anything is found out with file and line, and nothing
/// more is written to a cloud until a person has looked.
#[test]
fn is_not_tampered_with_unseen() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let told = env.run(&apply(simulator.url())).expect(0).stderr;
    let whole = fs_err::read_to_string(log(&env)).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let last = lines.len();
    let verify = |what: &str| {
        let output = env.run(&["audit", "verify"]).expect(4);
        assert!(output.stdout.contains("broken"), "{}", output.stdout);
        assert!(output.stderr.contains("SKY-AUDIT-001"), "{}", output.stderr);
        assert!(output.stderr.contains(what), "{what}: {}", output.stderr);
    };
    let file = log(&env);
    let shown = file.strip_prefix(env.path()).unwrap().display();
    let at = |line: usize, what: &str| format!("{shown}:{line}: {what}");

    fs_err::write(&file, whole.replacen("PUT", "GET", 1)).unwrap();
    let place = 1 + lines.iter().position(|line| line.contains("PUT")).unwrap();
    verify(&at(place, "changed"));
    let listed = env.run(&["audit", "show"]).expect(4);
    assert!(listed.stderr.contains("changed"), "{}", listed.stderr);
    fs_err::write(&file, [&lines[..3], &lines[4..]].concat().concat()).unwrap();
    verify(&at(4, "missing: entry 3"));
    fs_err::write(&file, [&lines[..3], &[lines[4], lines[3]], &lines[5..]].concat().concat())
        .unwrap();
    verify(&at(4, "reordered: entry 4"));
    fs_err::write(&file, lines[..last - 1].concat()).unwrap();
    verify(&at(last, "truncated"));
    let refused = env.run(&apply(simulator.url())).expect(5);
    assert!(
        refused.stderr.contains("truncated") && refused.stderr.contains("move "),
        "{refused:?}"
    );
    let json = env.run(&["audit", "verify", "--format", "json"]).expect(4).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["logs"][0]["broken"]["finding"], "truncated");
    assert_eq!(json["logs"][0]["broken"]["line"], last);

    // The whole folder gone: the runs are still there, and so is the head that was kept elsewhere.
    fs_err::remove_dir_all(file.parent().unwrap()).unwrap();
    verify("truncated");
    env.run(&apply(simulator.url())).expect(0);
    env.run(&["audit", "verify"]).expect(0);
    let kept = env.run(&["audit", "verify", "--head", head(&told)]).expect(4);
    assert!(kept.stderr.contains("truncated"), "{}", kept.stderr);
    env.run(&["audit", "verify", "--head", "12"]).expect(2);
}

/// Goal: killed at any instant, the log has every write of every step whose outcome the journal
/// knows; a line half written is no tampering; the next process goes on with both.
#[test]
fn lacks_no_write_that_the_journal_knows() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let mut child = env.command(&apply(simulator.url())).spawn().unwrap();
    let (mut kills, mut gaps) = (0, 0);
    for _ in 0..5 {
        let (pid, before) = (child.id(), journal(env.path()).lines().count());
        // So far that it has recorded an outcome of its own: the gaps are noted before.
        skybridge_tests::eventually("the journal has grown", || {
            ended(pid) || journal(env.path()).lines().count() > before + 8
        });
        drop(child.kill());
        let _killed = finish(child);
        kills += 1;
        let written = fs_err::read_to_string(log(&env)).unwrap();
        for step in made(&journal(env.path())) {
            let quoted = format!("\"step\":\"{step}\"");
            assert!(written.contains(&quoted), "no write of {step} after {kills} kills");
        }
        env.run(&["audit", "verify"]).expect(0);
        gaps += under_way(&journal(env.path()));
        child = env.command(&["resume"]).spawn().unwrap();
    }
    let resumed = finish(child);
    assert!(matches!(resumed.code, 0 | 2), "{resumed:?}");
    let all = entries(&env, &[]);
    let noted = all.iter().filter(|entry| entry["event"] == "gap").count();
    println!("{kills} kills, {gaps} steps under way at the time, {noted} gaps on record");
    assert_eq!(noted, gaps, "a gap for each step whose attempt nobody knows the end of");
    env.run(&["audit", "verify"]).expect(0);
}

/// Whether a child of ours that nobody has waited for yet is at its end.
fn ended(pid: u32) -> bool {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().starts_with('Z')
}

/// The only run's journal.
fn journal(folder: &Path) -> String {
    let Ok(runs) = fs_err::read_dir(folder.join(".skybridge/simulated/runs")) else {
        return String::new();
    };
    let texts =
        runs.filter_map(|run| fs_err::read_to_string(run.unwrap().path().join("journal")).ok());
    texts.collect()
}

fn records(journal: &str) -> impl Iterator<Item = Value> + '_ {
    journal.lines().filter_map(|line| serde_json::from_str(line.splitn(4, ' ').nth(3)?).ok())
}

/// The steps that made or changed something at the cloud.
fn made(journal: &str) -> Vec<String> {
    let made = records(journal).filter(|it| {
        it["event"] == "step-applied" && (it["action"] == "created" || it["action"] == "updated")
    });
    let addresses = made.map(|it| it["address"].as_str().unwrap().to_owned());
    // The host itself hands over to this machine.
    addresses.filter(|address| !address.ends_with(".hand-over")).collect()
}

/// How many steps have an attempt without an outcome.
fn under_way(journal: &str) -> usize {
    let mut open: BTreeMap<String, bool> = BTreeMap::new();
    for record in records(journal) {
        if let Some(address) = record["address"].as_str() {
            open.insert(address.to_owned(), record["event"] == "step-intended");
        }
    }
    open.values().filter(|open| **open).count()
}
