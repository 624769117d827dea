//! Handing over to platforms, rehearsed on those of the simulated cloud.

use serde_json::Value;
use skybridge_tests::{SimulatorProcess, TestEnv};

/// The example's manifest with another destination.
fn destination(env: &TestEnv, lines: &str) {
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let changed = text.replace("kind = \"local\"", lines);
    assert_ne!(text, changed);
    env.write("contoso.toml", &changed);
}

const OX: &str = "kind = \"ox\"\nurl = \"https://ox.invalid/graphql\"\nkey = \"env:OX_KEY\"";
const WEBHOOK: &str =
    "kind = \"webhook\"\nurl = \"https://hook.invalid/\"\nkey = \"file:hook.key\"";

fn all(simulator: &SimulatorProcess, kind: &str) -> Vec<Value> {
    simulator.tenant()[kind].as_array().unwrap().clone()
}

#[test]
fn ox_has_the_one_set_of_credentials_that_is_current() {
    let env = TestEnv::new();
    destination(&env, OX);
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    let run = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(run.stdout.contains("credentials `skybridge contoso "), "{}", run.stdout);
    let first = all(&simulator, "platformCredentials");
    assert_eq!(first.len(), 1, "{first:?}");
    let again = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);

    env.run(&["rotate", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let second = all(&simulator, "platformCredentials");
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(first, second);

    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(all(&simulator, "platformCredentials").is_empty());
}

#[test]
fn a_webhook_hears_of_every_change() {
    let env = TestEnv::new();
    destination(&env, WEBHOOK);
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    for command in ["apply", "rotate", "offboard"] {
        env.run(&[command, "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    }
    let deliveries = all(&simulator, "webhookDeliveries");
    let events: Vec<&str> =
        deliveries.iter().filter_map(|it| it["body"]["event"].as_str()).collect();
    assert_eq!(events, ["connected", "rotated", "removed"], "{deliveries:?}");
    // What the host itself writes is on record too, and verifies.
    let shown = env.run(&["audit", "show", "--step", "contoso.hand-over"]).expect(0).stdout;
    let operations: Vec<&str> =
        shown.lines().filter_map(|line| Some(line.trim().split_once(": Webhook(")?.0)).collect();
    let handed = "handing over the connection";
    assert_eq!(operations, [handed, handed, "withdrawing the connection"], "{shown}");
    assert_eq!(shown.matches("POST done  contoso.hand-over").count(), 3, "{shown}");
    env.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_rehearsal_in_this_process_hands_over_too() {
    let env = TestEnv::new();
    destination(&env, OX);
    let run = env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    assert!(run.stdout.contains("added to connector"), "{}", run.stdout);
}

#[test]
fn what_the_platform_cannot_take_is_refused_before_anything_is_made() {
    let env = TestEnv::new();
    let folder = env.path().join("greetings");
    fs_err::create_dir(&folder).unwrap();
    let hello = |destination: &str| {
        env.write(
            "hello.toml",
            &format!(
                "schema = 1\n[connectors.greetings]\nplugin = \"hello\"\n\
                 settings = {{ folder = {folder:?}, names = [\"ada\"] }}\n\
                 [connectors.greetings.destination]\n{destination}\n"
            ),
        );
        let refused = env.run(&["apply", "hello.toml", "--yes"]).expect(5);
        assert!(refused.stderr.contains("SKY-RUN-005"), "{}", refused.stderr);
        assert!(!folder.join("ada.txt").exists());
        refused.stderr
    };
    let no_key = hello(OX);
    assert!(no_key.contains("env:OX_KEY"), "{no_key}");
    let no_file = hello(WEBHOOK);
    assert!(no_file.contains("hook.key"), "{no_file}");
    env.write("hook.key", "ox\n");
    let no_words = hello(&OX.replace("env:OX_KEY", "file:hook.key"));
    assert!(no_words.contains("does not say what the platform calls"), "{no_words}");
}

/// Goal: what the platform refuses in the middle of a run is told in its words, with what to do; what
/// was made stays, and the next run goes on to the end.
#[test]
fn what_the_platform_refuses_is_told() {
    let env = TestEnv::new();
    destination(&env, OX);
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    let apply = |more: &[&str]| {
        let args = ["apply", "contoso.toml", "--simulator", url, "--yes"];
        env.run(&[&args[..], more].concat())
    };
    let refuse = |status: u32, message: &str| {
        let rule = format!(
            "[[faults]]\nservice = \"platform\"\nmethod = \"POST\"\neffect = \"answer\"\n\
             status = {status}\ncode = \"x\"\nmessage = \"{message}\"\n"
        );
        let (status, answer) = simulator.control("faults", &rule);
        assert_eq!(status, 200, "{answer}");
    };
    refuse(401, "Unauthorized");
    let wrong_key = apply(&[]).expect(4).stderr;
    refuse(200, "the database is asleep");
    let asleep = apply(&["--retry-for", "1s"]).expect(4).stderr;
    for (said, code, words) in
        [(wrong_key, "SKY-DEST-013", "Unauthorized"), (asleep, "SKY-DEST-015", "is asleep")]
    {
        for part in [code, words, "contoso.hand-over", "help: "] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
    }
    assert_eq!(simulator.control("faults", "").0, 200);
    apply(&[]).expect(0);
    assert_eq!(all(&simulator, "platformCredentials").len(), 1);
}

/// Goal: `manual` prints what a person pastes elsewhere and how the secret is opened, and never the
/// secret; nothing is sent anywhere, `verify` and `offboard` go on from it.
#[test]
fn a_person_carries_a_connection_over() {
    let env = TestEnv::new();
    destination(&env, "kind = \"manual\"");
    let simulator = SimulatorProcess::start(&env, &[]);
    let url = simulator.url();
    let run = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    let tenant = simulator.tenant();
    let mut ours = tenant["applications"].as_array().unwrap().iter();
    let ours = ours.find(|it| it["displayName"] == "skybridge-connector").unwrap();
    let client = ours["appId"].as_str().unwrap();
    let secret = &ours["passwordCredentials"][0];
    let (id, text) = (secret["keyId"].as_str().unwrap(), secret["secretText"].as_str().unwrap());
    for line in [
        "Tenant ID       11111111-2222-3333-4444-555555555555".to_owned(),
        format!("Client ID       {client}"),
        format!("Secret ID       {id}"),
        "Client secret   sealed in ".to_owned(),
        "opens with: age --decrypt -i ".to_owned(),
        "Subscriptions   33333333-4444-5555-6666-777777777777".to_owned(),
    ] {
        assert!(run.stdout.contains(&line), "{line} is not in\n{}", run.stdout);
    }
    let status = env.run(&["status"]).expect(0);
    assert!(status.stdout.contains("handed over to `manual`"), "{}", status.stdout);
    let again = env.run(&["apply", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
    assert!(again.stdout.starts_with("Nothing to do"), "{}", again.stdout);
    for output in [run, status, again] {
        assert!(!output.stdout.contains(text) && !output.stderr.contains(text), "the secret");
    }
    for kind in ["platformCredentials", "webhookDeliveries"] {
        assert_eq!(all(&simulator, kind), [] as [Value; 0], "{kind}");
    }
    env.run(&["verify", "contoso.toml", "--simulator", url]).expect(0);
    env.run(&["offboard", "contoso.toml", "--simulator", url, "--yes"]).expect(0);
}
