//! `verify`: what it says when the credential is over, and when the cloud has no time.

use serde_json::Value;
use skybridge_tests::TestEnv;

/// No lag, and one fault.
fn scenario(env: &TestEnv, fault: &str) {
    env.write("fault.toml", &format!("[[faults]]\nevery = 1\n{fault}\n"));
}

const VERIFY: [&str; 5] = ["verify", "contoso.toml", "--simulate", "--scenario", "fault.toml"];

#[test]
fn a_busy_cloud_is_asked_again() {
    let env = TestEnv::new();
    env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    scenario(
        &env,
        "service = \"graph\"\npath-contains = \"/organization\"\ntimes = 2\n\
         effect = \"too-many-requests\"\nretry-after = 1",
    );
    let verified = env.run(&VERIFY).expect(0);
    assert!(verified.stdout.contains("verified:"), "{}", verified.stdout);

    // It stays busy: then the report says that, and not that a grant is missing.
    scenario(
        &env,
        "service = \"graph\"\npath-contains = \"/organization\"\n\
         effect = \"too-many-requests\"\nretry-after = 1",
    );
    let busy = env.run(&VERIFY).expect(4);
    let text = &busy.stdout;
    assert!(text.contains("busy or unwell at every attempt"), "{text}");
    assert!(text.contains("request-id: "), "{text}");
    assert!(!text.contains("consent"), "{text}");
}

#[test]
fn an_expired_credential_ends_with_seven_and_says_so() {
    let env = TestEnv::new();
    env.run(&["apply", "contoso.toml", "--simulate", "--yes"]).expect(0);
    let files = env.files();
    let file = files.iter().find(|path| path.ends_with("connections/contoso.json")).unwrap();
    let mut record: Value = serde_json::from_str(&fs_err::read_to_string(file).unwrap()).unwrap();
    for field in record["fields"].as_array_mut().unwrap() {
        match field["name"].as_str().unwrap() {
            "expires" => field["value"] = "2020-02-01T00:00:00Z".into(),
            "warn-from" => field["value"] = "2020-01-01T00:00:00Z".into(),
            _ => {}
        }
    }
    fs_err::write(file, record.to_string()).unwrap();
    scenario(
        &env,
        "service = \"login\"\nmethod = \"POST\"\npath-contains = \"/token\"\neffect = \"answer\"\nstatus = 401\n\
         code = \"invalid_client\"\nmessage = \"AADSTS7000222: The provided client secret keys are expired.\"",
    );
    let expired = env.run(&VERIFY).expect(7);
    let text = &expired.stdout;
    assert!(text.contains("AADSTS7000222"), "{text}");
    assert!(text.contains("credential expired 2020-02-01T00:00:00Z; `skybridge rotate`"), "{text}");
    assert!(!text.contains("consent is missing"), "{text}");
    assert!(text.contains("skybridge explain AZ-LOGIN-002"), "{text}");
}
