//! The saved form: read back it is the same, and what is not it is refused.

use expect_test::{Expect, expect, expect_file};
use skybridge_model::Address;
use skybridge_plan::{Plan, PlanOptions, json_schema};

use crate::check::{destroy, json, only, planned};
use crate::fixture::{FIRST, connector, contoso};

#[test]
fn read_back_it_is_the_same() {
    for options in [PlanOptions::default(), destroy(), only(&["contoso.consent"])] {
        let plan = planned(vec![contoso()], &options);
        let saved = json(&plan);
        let read = Plan::from_json(saved.as_bytes()).unwrap();
        assert_eq!(json(&read), saved);
        assert_eq!(read.digest(), plan.digest());
        assert!(saved.contains(&plan.digest()));
        for step in plan.steps() {
            assert_eq!(read.find(&step.address()), Some(step.position()));
        }
    }
}

#[test]
fn the_plan_of_version_1_stays_readable() {
    let saved = include_str!("frozen/plan-v1.json");
    let plan = Plan::from_json(saved.as_bytes()).unwrap();
    assert_eq!(json(&plan), saved);
}

#[test]
fn a_plan_that_was_read_has_the_same_references() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
    let address = Address::parse(&format!("contoso.role-assignment.scanner@{FIRST}")).unwrap();
    for plan in [&plan, &read] {
        let step = plan.step(plan.find(&address).unwrap()).unwrap();
        let source = |local| plan.step(step.source(local)?).map(|s| s.address().to_string());
        assert_eq!(source("service-principal").as_deref(), Some("contoso.service-principal"));
        let definition = format!("contoso.role-definition.scanner@{FIRST}");
        assert_eq!(source("role-definition.scanner"), Some(definition));
        assert_eq!(source("client-secret"), None);
    }
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(&Plan::from_json(text.as_bytes()).unwrap_err().to_string());
}

#[test]
fn what_is_not_a_plan_is_refused() {
    let saved = json(&planned(vec![connector("contoso", &[])], &PlanOptions::default()));
    check("{}", expect!["the file holds `something else`, not a `skybridge-plan`"]);
    check(
        &saved.replace("\"version\":1", "\"version\":7"),
        expect![
            "the plan has format version 7, and this Skybridge reads up to version 1; make the plan again with this Skybridge, or use the newer one"
        ],
    );
    check(
        &saved.replace("Reader at the root", "Owner at the root"),
        expect![
            "the plan was changed after it was made: its digest is sha256:f09e8329b43fc9afc7165a205ca7c8e234e1de5158f13fad99b0eefe35ddb22c, its content has sha256:77749254ec5b5234d40039ef5fcccfe01da1d6ce3d6f8a56dc71aed997668061"
        ],
    );
    check(
        &saved.replace("\"needs\":[]", "\"needs\":[\"contoso.hand-over\"]"),
        expect![
            "the plan contradicts itself at `contoso.preflight.operator`: it needs `contoso.hand-over`, which does not come before it"
        ],
    );
    check(
        &saved.replace("\"action\":\"mint\"", "\"action\":\"print\""),
        expect!["the plan contradicts itself at `contoso.client-secret`: unknown action"],
    );
    check(
        &saved.replace("\"kind\":\"client-secret\"", "\"kind\":\"secret\""),
        expect![
            "the plan contradicts itself at `contoso.client-secret`: its parts are given differently"
        ],
    );
}

#[test]
fn the_schema_describes_what_is_written() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for options in [PlanOptions::default(), destroy(), only(&["contoso.consent"])] {
        let saved = serde_json::from_str(&json(&planned(vec![contoso()], &options))).unwrap();
        let problems: Vec<_> = validator.iter_errors(&saved).map(|e| e.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
    let schema = serde_json::to_string_pretty(&json_schema()).unwrap();
    expect_file!["golden/schema.json"].assert_eq(&(schema + "\n"));
}
