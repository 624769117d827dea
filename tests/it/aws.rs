//! The second cloud, as far as that goes without one: its examples, and what it says of rehearsing.
//! What it does to accounts is judged by `tests/clients/aws.sh`.

use skybridge_tests::{TestEnv, workspace};

const EXAMPLES: [&str; 3] = ["account", "organization", "rehearsal"];

fn example(env: &TestEnv, name: &str) -> String {
    let file = format!("{name}.toml");
    let text = fs_err::read_to_string(workspace().join("examples/aws").join(&file)).unwrap();
    env.write(&file, &text);
    file
}

#[test]
fn the_examples_are_valid_and_can_be_planned_offline() {
    let env = TestEnv::new();
    for name in EXAMPLES {
        let file = example(&env, name);
        env.run(&["validate", &file]).expect(0);
        let plan = env.run(&["plan", &file, "--offline"]).expect(0).stdout;
        assert!(plan.contains("role@") && plan.contains("verification@"), "{plan}");
        env.run(&["permissions", &file]).expect(0);
    }
}

/// Goal: all that is wrong is told at once, each with its place.
#[test]
fn mistakes_are_told_with_their_places() {
    let env = TestEnv::new();
    let text = fs_err::read_to_string(workspace().join("examples/aws/account.toml")).unwrap();
    let wrong = text
        .replace("account = \"111122223333\"", "account = \"1111-2222\"")
        .replace("role-name", "role-nam")
        .replace("auth = \"chain\"", "auth = \"sso\"");
    env.write("wrong.toml", &wrong);
    let told = env.run(&["validate", "wrong.toml"]).expect(2).stderr;
    for part in ["twelve digits", "did you mean `role-name`", "wrong.toml:"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

/// Goal: whoever wants a rehearsal the plugin does not have is told of the one there is.
#[test]
fn a_rehearsal_is_refused_with_the_way_to_rehearse() {
    let env = TestEnv::new();
    let file = example(&env, "rehearsal");
    for args in [
        vec!["apply", file.as_str(), "--simulate", "--yes"],
        vec!["plan", file.as_str(), "--simulate"],
        vec!["simulator", "aws"],
    ] {
        let told = env.run(&args).expect(2).stderr;
        assert!(told.contains("AWS-SIMULATE-001") && told.contains("moto_server"), "{told}");
        assert!(told.contains("http://127.0.0.1:5000"), "{told}");
    }
}

/// Goal: a plugin that has no words of its own for it is refused as before.
#[test]
fn a_plugin_without_words_of_its_own_is_refused_as_before() {
    let env = TestEnv::new();
    env.write(
        "hello.toml",
        "schema = 1\n[connectors.a]\nplugin = \"hello\"\nsettings = { folder = \"/tmp\", names = [] }\n",
    );
    let told = env.run(&["apply", "hello.toml", "--simulate", "--yes"]).expect(2).stderr;
    assert!(told.contains("`hello` cannot simulate its cloud"), "{told}");
    assert!(told.contains("leave --simulate away"), "{told}");
}
