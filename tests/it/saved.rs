//! Plans as files: what was reviewed is what is applied, or nothing is.

use serde_json::Value;
use skybridge_tests::TestEnv;

/// A folder to greet people in, with a manifest that says so.
fn greetings() -> TestEnv {
    let env = TestEnv::new();
    fs_err::create_dir(env.path().join("greetings")).unwrap();
    write_manifest(&env, r#"["ada", "grace"]"#);
    env
}

fn write_manifest(env: &TestEnv, names: &str) {
    let folder = env.path().join("greetings");
    env.write(
        "hello.toml",
        &format!(
            "schema = 1\n[connectors.greetings]\nplugin = \"hello\"\n\
             settings = {{ folder = {folder:?}, names = {names} }}\n"
        ),
    );
}

fn read(env: &TestEnv, name: &str) -> String {
    fs_err::read_to_string(env.path().join(name)).unwrap()
}

/// What a stale plan's refusal lists.
fn told(stderr: &str) -> Vec<String> {
    let lines =
        stderr.lines().filter(|line| line.starts_with(" = note:") || line.starts_with("   "));
    lines.map(|line| line.trim_start_matches(" = note:").trim().to_owned()).collect()
}

/// Goal: the run's plan is, byte for byte, the file that was applied; a second time it is refused.
#[test]
fn a_saved_plan_is_applied_exactly() {
    let env = TestEnv::new();
    let planned = env.run(&["plan", "contoso.toml", "--simulate", "--out", "reviewed"]).expect(0);
    assert!(planned.stdout.is_empty(), "{}", planned.stdout);
    let saved = read(&env, "reviewed");
    // Neither name nor place of the file says what it is.
    fs_err::create_dir(env.path().join("elsewhere")).unwrap();
    fs_err::rename(env.path().join("reviewed"), env.path().join("elsewhere/x.toml")).unwrap();
    let applied = env.run(&["apply", "elsewhere/x.toml", "--yes"]).expect(0);
    assert!(applied.stdout.contains("Connected: 20 of 20 steps"), "{}", applied.stdout);
    let files = env.files();
    let run = files.iter().find(|path| path.ends_with("plan.json")).unwrap();
    assert!(run.starts_with(env.path().join(".skybridge/simulated/runs")), "{}", run.display());
    assert_eq!(fs_err::read_to_string(run).unwrap(), saved);

    let again = env.run(&["apply", "elsewhere/x.toml", "--yes"]).expect(5);
    let created = "contoso.application: was to be created, and exists now";
    assert!(told(&again.stderr).iter().any(|line| line == created), "{}", again.stderr);
}

/// Goal: every kind of change is told, and nothing is done.
#[test]
fn a_plan_that_does_not_hold_any_more_is_refused_with_every_difference() {
    let env = greetings();
    let ada = env.path().join("greetings/ada.txt");
    env.run(&["plan", "hello.toml", "--out", "create.json"]).expect(0);
    fs_err::write(&ada, "hello, ada").unwrap();
    let refused = env.run(&["apply", "create.json", "--yes"]).expect(5);
    assert_eq!(
        told(&refused.stderr),
        ["greetings.greeting@ada: was to be created, and exists now"]
    );
    let again = format!("skybridge plan {}/hello.toml --out create.json", canonical(&env));
    assert!(refused.stderr.contains(&again), "{}", refused.stderr);
    assert!(!env.path().join("greetings/grace.txt").exists());

    env.run(&["plan", "hello.toml", "--out", "half.json"]).expect(0);
    fs_err::remove_file(&ada).unwrap();
    let refused = env.run(&["apply", "half.json", "--yes"]).expect(5);
    assert_eq!(told(&refused.stderr), ["greetings.greeting@ada: was there, and is gone"]);

    fs_err::write(&ada, "good day, ada").unwrap();
    write_manifest(&env, r#"["ada", "grace", "joan"]"#);
    let other = read(&env, "half.json").replace("\"sha256\":\"", "\"sha256\":\"0");
    let (content, _) = other.rsplit_once(",\n\"digest\"").unwrap();
    env.write("other.json", &format!("{content}}}"));
    let refused = env.run(&["apply", "other.json", "--yes"]).expect(5);
    let expected = [
        format!("{}/hello.toml: changed from line 4 on", canonical(&env)),
        "plugin hello: another build of version 0.1.0".to_owned(),
        "greetings.greeting@ada: was as wanted, and is not any more".to_owned(),
    ];
    assert_eq!(told(&refused.stderr), expected);
}

fn canonical(env: &TestEnv) -> String {
    fs_err::canonicalize(env.path()).unwrap().display().to_string()
}

/// Goal: a subscription that came to be since the plan was made makes it stale.
/// Method: another simulated tenant takes the place of the first one between planning and applying.
#[test]
fn a_subscription_that_came_to_be_is_a_difference() {
    let env = TestEnv::new();
    let scenario = |more: &str| {
        let default = skybridge_tests::workspace().join("plugins/azure/sim/scenarios/default.toml");
        let text = fs_err::read_to_string(default).unwrap();
        env.write("scenario.toml", &text.replace("[[clusters]]", &format!("{more}\n[[clusters]]")));
    };
    let manifest = read(&env, "contoso.toml");
    let one = r#"{ subscriptions = ["33333333-4444-5555-6666-777777777777"] }"#;
    assert!(manifest.contains(one));
    env.write("contoso.toml", &manifest.replace(one, "{ tenant = true }"));
    scenario("");
    let plan = ["plan", "contoso.toml", "--simulate", "--scenario", "scenario.toml"];
    env.run(&[&plan[..], &["--out", "plan.json"]].concat()).expect(0);
    fs_err::remove_dir_all(env.path().join(".skybridge")).unwrap();
    scenario(
        "[[subscriptions]]\nid = \"33333333-4444-5555-6666-888888888888\"\nname = \"New\"\n\
         state = \"Enabled\"\nmanagement-group = \"contoso-platform\"\n",
    );
    let refused = env.run(&["apply", "plan.json", "--yes"]).expect(5);
    let told = told(&refused.stderr);
    let reader = "contoso.role-assignment.reader@33333333-4444-5555-6666-888888888888: new, to";
    assert!(told.iter().any(|line| line.starts_with(reader)), "{}", refused.stderr);
}

/// Goal: what cannot be applied is refused before anything is asked, with the reason.
#[test]
fn what_is_not_a_whole_plan_of_the_world_is_refused() {
    let env = greetings();
    let refused = |file: &str, why: &str| {
        let refused = env.run(&["apply", file, "--yes"]).expect(2);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
        assert!(!env.path().join(".skybridge/runs").exists());
    };
    env.run(&["plan", "hello.toml", "--offline", "--out", "offline.json"]).expect(0);
    refused("offline.json", "offline.json cannot be applied: it was made offline");
    env.run(&["plan", "hello.toml", "--only", "greetings.hand-over", "--out", "a.json"]).expect(0);
    refused(
        "a.json",
        "greetings.hand-over needs greetings.greeting@ada, which the plan leaves out",
    );
    env.run(&["plan", "hello.toml", "--out", "plan.json"]).expect(0);
    let edited = read(&env, "plan.json").replace("hello, ada", "goodbye, ada");
    env.write("edited.json", &edited);
    refused("edited.json", "the plan was changed after it was made");
    env.write("other.json", "{\"format\":\"else\"}");
    refused("other.json", "the file holds `else`, not a `skybridge-plan`");
    let wrong = env.run(&["apply", "plan.json", "--yes", "--simulate"]).expect(2);
    assert!(wrong.stderr.contains("made for another cloud"), "{}", wrong.stderr);
}

/// Goal: a part that stands on its own is applied as a part; taking away can be saved, too.
#[test]
fn parts_and_removals_can_be_saved() {
    let env = greetings();
    let upto = ["plan", "hello.toml", "--upto", "greetings.greeting@ada", "--out", "part.json"];
    env.run(&upto).expect(0);
    let applied = env.run(&["apply", "part.json", "--yes"]).expect(0);
    assert!(applied.stdout.contains("1 of 1 steps"), "{}", applied.stdout);
    let greetings = env.path().join("greetings");
    assert!(greetings.join("ada.txt").exists() && !greetings.join("grace.txt").exists());
    env.run(&["plan", "hello.toml", "--destroy", "--out", "away.json"]).expect(0);
    env.run(&["apply", "away.json", "--yes"]).expect(0);
    assert!(!greetings.join("ada.txt").exists());
    let again = env.run(&["apply", "away.json", "--yes"]).expect(5);
    let gone = "greetings.greeting@ada: there is no such step any more";
    assert_eq!(told(&again.stderr), [gone]);
}

/// Goal: the ending of the file says the form, and a saved plan is shown in any.
#[test]
fn the_ending_says_the_form() {
    let env = greetings();
    let begins = |file: &str, with: &str| {
        assert!(read(&env, file).starts_with(with), "{file}: {}", read(&env, file));
    };
    for (file, with) in [
        ("a.json", "{\n\"format\""),
        ("a.saved", "{\n\"format\""),
        ("a.txt", "Plan to connect"),
        ("a.dot", "digraph"),
        ("a.mmd", "flowchart"),
        ("a.html", "<!doctype html>"),
    ] {
        env.run(&["plan", "hello.toml", "--offline", "--out", file]).expect(0);
        begins(file, with);
        env.run(&["plan", "a.json", "--out", "again"]).expect(0);
        env.run(&["plan", "again", "--out", file]).expect(0);
        begins(file, with);
    }
    let text = env.run(&["plan", "hello.toml", "--offline"]).expect(0).stdout;
    assert_eq!(env.run(&["plan", "a.json"]).expect(0).stdout, text);
    let anew = env.run(&["plan", "a.json", "--offline"]).expect(2);
    assert!(anew.stderr.contains("is a plan already"), "{}", anew.stderr);
}

/// Goal: permissions come first, and the exit code tells when asked.
#[test]
fn a_difference_between_manifests_and_plans() {
    let env = TestEnv::new();
    let seed = read(&env, "contoso.toml");
    let least = seed.replace("permissions = \"seed\"", "permissions = \"least\"");
    let (before, rest) = least.split_once("capabilities = [").unwrap();
    let (_, after) = rest.split_once("\n]").unwrap();
    env.write("least.toml", &format!("{before}capabilities = [\"asset-visibility\"]{after}"));
    let same = env.run(&["diff", "contoso.toml", "contoso.toml", "--detailed-exit-code"]).expect(0);
    assert!(same.stdout.contains("No difference: 20 steps."), "{}", same.stdout);
    let diff = ["diff", "contoso.toml", "least.toml", "--detailed-exit-code"];
    let text = env.run(&diff).expect(3).stdout;
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}"));
    assert!(at("Permissions of the connection") < at("Steps"), "{text}");

    env.run(&["plan", "contoso.toml", "--offline", "--out", "old.json"]).expect(0);
    let json = ["diff", "old.json", "least.toml", "--format", "json"];
    let diff: Value = serde_json::from_str(&env.run(&json).expect(0).stdout).unwrap();
    assert_eq!((&diff["format"], &diff["same"]), (&"skybridge-plan-diff".into(), &false.into()));
    let lost: Vec<&str> = diff["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|permission| permission["change"] == "removed")
        .map(|permission| permission["permission"].as_str().unwrap())
        .collect();
    assert!(!lost.is_empty(), "{diff}");
}
