//! Plans as the command line prints them: offline, deterministic, in every form.

use serde_json::Value;
use skybridge_tests::TestEnv;

#[test]
fn an_offline_plan_needs_no_network_no_credentials_and_no_state() {
    let env = TestEnv::new();
    let plan = env.run(&["plan", "contoso.toml", "--offline"]).expect(0);
    assert!(plan.stdout.contains("contoso.application"), "{}", plan.stdout);
    assert!(plan.stdout.contains("Microsoft.Web"), "the corrected action is told: {}", plan.stdout);
    assert!(!env.path().join(".skybridge").exists());
}

#[test]
fn every_form_is_the_same_bytes_twice() {
    let env = TestEnv::new();
    for form in ["text", "json", "dot", "mermaid"] {
        let args = ["plan", "contoso.toml", "--offline", "--format", form];
        let (first, second) = (env.run(&args).expect(0), env.run(&args).expect(0));
        assert_eq!(first.stdout, second.stdout, "{form}");
        assert!(first.stdout.len() > 500, "{form}: {}", first.stdout);
    }
}

#[test]
fn the_json_form_has_typed_placeholders_and_real_edges() {
    let env = TestEnv::new();
    let plan = env.run(&["plan", "contoso.toml", "--offline", "--format", "json"]).expect(0);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    let steps = plan["steps"].as_array().unwrap();
    let reader = steps
        .iter()
        .find(|step| step["address"].as_str().unwrap().contains("role-assignment.reader@"))
        .unwrap();
    assert!(reader["desired"].to_string().contains("<service-principal.object-id>"), "{reader}");
    let needs: Vec<&str> =
        reader["needs"].as_array().unwrap().iter().map(|need| need.as_str().unwrap()).collect();
    assert!(needs.contains(&"contoso.service-principal"), "{needs:?}");
}

#[test]
fn only_upto_and_destroy_narrow_and_turn_it() {
    let env = TestEnv::new();
    let addresses = |args: &[&str]| -> Vec<String> {
        let mut all = vec!["plan", "contoso.toml", "--offline", "--format", "json"];
        all.extend(args);
        let plan: Value = serde_json::from_str(&env.run(&all).expect(0).stdout).unwrap();
        let steps = plan["steps"].as_array().unwrap().iter();
        steps.map(|step| step["address"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(addresses(&["--only", "contoso.client-secret"]), ["contoso.client-secret"]);
    let upto = addresses(&["--upto", "contoso.client-secret"]);
    assert_eq!(upto, ["contoso.application", "contoso.client-secret"]);
    let destroyed = addresses(&["--destroy"]);
    let at = |name: &str| destroyed.iter().position(|address| address == name).unwrap();
    assert!(at("contoso.client-secret") < at("contoso.application"), "{destroyed:?}");
    assert!(at("contoso.service-principal") < at("contoso.application"), "{destroyed:?}");
    let missed = env.run(&["plan", "contoso.toml", "--offline", "--only", "contoso.aplication"]);
    assert_eq!(missed.code, 2);
    assert!(missed.stderr.contains("contoso.application"), "{}", missed.stderr);
}

#[test]
fn connectors_that_wait_for_each_other_are_shown_with_their_lines() {
    let env = TestEnv::new();
    let connector = |name: &str, needs: &str| {
        format!(
            "[connectors.{name}]\nplugin = \"hello\"\ndepends-on = [\"{needs}\"]\n\
             settings = {{ folder = \"/tmp\", names = [\"ada\"] }}\n\n"
        )
    };
    let text = format!("schema = 1\n\n{}{}", connector("a", "b"), connector("b", "a"));
    env.write("cycle.toml", &text);
    let refused = env.run(&["plan", "cycle.toml", "--offline"]).expect(2);
    for part in ["a -> b -> a", "a -> b: cycle.toml:5", "b -> a: cycle.toml:10"] {
        assert!(refused.stderr.contains(part), "{part} is not in\n{}", refused.stderr);
    }
}

#[test]
fn schemas_are_printed_and_the_plan_names_its_format() {
    let env = TestEnv::new();
    for name in ["manifest", "plan", "events"] {
        let schema = env.run(&["schema", name]).expect(0);
        let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
        assert!(schema["$schema"].is_string(), "{name}");
    }
}
