//! Manifests as the command line judges them.

use skybridge_tests::{TestEnv, workspace};

/// Files of examples that are no manifests.
const OTHERS: [&str; 2] = ["Cargo.toml", "contract.toml"];

#[test]
fn every_example_is_valid() {
    let env = TestEnv::new();
    let mut folders = vec![workspace().join("examples")];
    let mut checked = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "toml")
                && !OTHERS.iter().any(|it| path.ends_with(it))
            {
                env.run(&["validate", path.to_str().unwrap()]).expect(0);
                checked += 1;
            }
        }
    }
    assert!(checked >= 2, "{checked} examples");
}

#[test]
fn all_problems_come_at_once_with_places_and_hints() {
    let env = TestEnv::new();
    env.write(
        "bad.toml",
        "schema = 1\n\n[connectors.contoso]\nplugin = \"azure\"\ncolour = \"blue\"\n\n\
         [connectors.contoso.settings]\ntenant = \"contoso\"\npermisions = \"seed\"\n\
         scope = { subscriptions = [] }\ncloud = \"publik\"\n\n\
         [connectors.contoso.operator]\nauth = \"azure-cly\"\n\n\
         [connectors.other]\nplugin = \"azur\"\n",
    );
    let refused = env.run(&["validate", "bad.toml"]).expect(2);
    for part in [
        "bad.toml:5:1",
        "unknown key `colour`",
        "bad.toml:8:10",
        "bad.toml:9:1",
        "did you mean `permissions`",
        "bad.toml:10:",
        "bad.toml:11:9",
        "did you mean `public`",
        "bad.toml:14:8",
        "did you mean `azure-cli`",
        "bad.toml:17:10",
        "did you mean `azure`",
    ] {
        assert!(refused.stderr.contains(part), "{part} is not in\n{}", refused.stderr);
    }
}

#[test]
fn a_literal_secret_is_refused_and_not_repeated() {
    let env = TestEnv::new();
    let secret = "abc8Q~thisIsSomebodysRealSecret.Value12345";
    let text =
        format!("schema = 1\n[connectors.a]\nplugin = \"azure\"\nclient-secret = \"{secret}\"\n");
    env.write("secret.toml", &text);
    let refused = env.run(&["validate", "secret.toml"]).expect(2);
    assert!(!refused.stderr.contains(secret), "{}", refused.stderr);
    assert!(refused.stderr.contains("env:"), "{}", refused.stderr);
}

/// The commented destinations of a text: the lines of each, ready to be written.
fn destinations(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let is_key = |name: &str| line.starts_with(&format!("{name} = \""));
        if is_key("kind") {
            all.push(line.to_owned());
        } else if is_key("url") || is_key("key") {
            let last = all.last_mut().unwrap();
            *last = format!("{last}\n{line}");
        }
    }
    all
}

/// Goal: every destination the example and the README show in a comment works once the comment is
/// taken away, and they show all there are.
#[test]
fn every_destination_that_is_shown_is_valid() {
    let readme = fs_err::read_to_string(workspace().join("README.md")).unwrap();
    let (_, block) = readme.split_once("```toml\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let example = fs_err::read_to_string(workspace().join(skybridge_tests::CONTOSO)).unwrap();
    let env = TestEnv::new();
    let schema = env.run(&["schema", "manifest"]).expect(0).stdout;
    for text in [block, example.as_str()] {
        let shown = destinations(text);
        assert_eq!(shown.len(), 3, "{shown:?}");
        for (destination, kind) in shown.iter().zip(["manual", "webhook", "ox"]) {
            assert!(destination.starts_with(&format!("kind = \"{kind}\"")), "{destination}");
            assert!(schema.contains(&format!("\"{kind}\"")), "{kind} is not in the schema");
            let active = text.replace("\nkind = \"local\"\n", &format!("\n{destination}\n"));
            assert_ne!(active, text);
            env.write("shown.toml", &active);
            env.run(&["validate", "shown.toml"]).expect(0);
            let plan = ["plan", "shown.toml", "--offline", "--format", "json"];
            let plan = env.run(&plan).expect(0).stdout;
            assert!(plan.contains(&format!("\"destination\":\"{kind}\"")), "{kind}: {plan}");
        }
    }
}
