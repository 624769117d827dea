//! When the time for something is over: what is shown, what to do, and that the next run goes on.

use skybridge_tests::{SimulatorProcess, TestEnv};

fn says_all(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

/// Goal: a service that stays unwell ends the step with what it said, its own id of the request, and
/// what to do; once it is well again the run goes on to the end.
#[test]
fn a_service_stays_unwell() {
    let env = TestEnv::new();
    let simulator = SimulatorProcess::start(&env, &[]);
    let rule = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"PUT\"\n\
                path-contains = \"/roleAssignments/\"\neffect = \"service-unavailable\"\n";
    assert_eq!(simulator.control("faults", rule).0, 200);
    let args = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let failed = env.run(&[&args[..], &["--retry-for", "1s"]].concat()).expect(4);
    says_all(
        &failed.stderr,
        &[
            "error[AZ-HTTP-500]: creating role assignment: Azure Resource Manager answered 503",
            "contoso.role-assignment.",
            "request-id ",
            "help: it was tried again until the time for it was over; give the same command again",
        ],
    );
    assert_eq!(simulator.control("faults", "").0, 200);
    env.run(&args).expect(0);
    crate::recovery::check(&simulator.tenant(), std::time::Duration::ZERO);
}

/// Goal: the time for a person's consent is over, which is told with what was waited for; the next
/// run waits anew.
#[test]
fn nobody_consents_in_time() {
    let env = TestEnv::new();
    let text = fs_err::read_to_string(env.path().join("contoso.toml")).unwrap();
    let changes = [("consent = \"grant\"", "consent = \"hand-off\""), ("\"1h\"  ", "\"2s\"  ")];
    let text = changes.iter().fold(text, |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replacen(from, to, 1)
    });
    env.write("contoso.toml", &text);
    let folder = skybridge_tests::workspace().join("plugins/azure/sim/scenarios");
    let file = folder.join("operator-too-few-app-roles.toml");
    let simulator = SimulatorProcess::start(&env, &["--scenario", file.to_str().unwrap()]);
    let args = ["apply", "contoso.toml", "--simulator", simulator.url(), "--yes"];
    let failed = env.run(&args).expect(4);
    says_all(
        &failed.stderr,
        &[
            "gave up after 2 s waiting until the consent is given and listed: nobody has consented",
            "contoso.admin-consent.",
            "adminconsent?client_id=",
            "help: it was tried again until the time for it was over; give the same command again",
        ],
    );
}
