//! What a plugin is asked when a step it needs has put nothing out, or did not work.

use serde_json::json;
use skybridge_plan::{ConnectorInput, PlanOptions};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};

use super::*;

/// `rights`, and `removal`, which reads its outputs.
fn plan(always: bool) -> Plan {
    let template = |kind: &str| StepTemplate {
        kind: kind.to_owned(),
        title: kind.to_owned(),
        group: "steps".to_owned(),
        effect: "ensure".to_owned(),
        throttle: "none".to_owned(),
        outputs: vec!["id".to_owned(), "since".to_owned()],
        ..StepTemplate::default()
    };
    let removal = StepTemplate {
        always,
        inputs: vec!["rights.id".to_owned(), "rights.since".to_owned()],
        desired: json!({ "id": "<rights.id>", "since": "<rights.since>" }),
        ..template("removal")
    };
    let description = Description {
        templates: vec![template("rights"), removal],
        steps: vec![Step::default(), Step { template: 1, needs: vec![0], ..Step::default() }],
        ..Description::default()
    };
    let input = ConnectorInput { name: "c".to_owned(), description, ..ConnectorInput::default() };
    skybridge_plan::plan(vec![input], &PlanOptions::default()).0.unwrap()
}

fn asked(always: bool, outputs: Map) -> Result<StepCall, StepError> {
    let plan = plan(always);
    let address = plan.step(0).unwrap().address();
    let needs = [Dependency { step: 0, address, outputs: Arc::new(outputs) }];
    Context::call(&plan.step(1).unwrap(), &needs)
}

#[test]
fn a_step_that_always_runs_gets_what_there_is() {
    let outputs = Map::from([("id".to_owned(), json!("7"))]);
    let call = asked(true, outputs.clone()).unwrap();
    assert_eq!(call.inputs, Map::from([("rights.id".to_owned(), json!("7"))]));
    assert_eq!(call.desired, json!({ "id": "7", "since": null }));
    assert!(asked(true, Map::new()).unwrap().inputs.is_empty());
}

#[test]
fn any_other_step_gets_everything_or_is_not_asked() {
    let outputs = Map::from([("id".to_owned(), json!("7"))]);
    let error = asked(false, outputs).unwrap_err();
    assert_eq!(error.detail.message, "c.removal: nothing is known for `<rights.since>`");
}

/// Goal: a step is told the scopes of the parts it does without, and only those.
#[test]
fn a_step_is_told_what_it_does_without() {
    let template = |kind: &str, part: bool| StepTemplate {
        kind: kind.to_owned(),
        title: kind.to_owned(),
        group: "steps".to_owned(),
        effect: "ensure".to_owned(),
        throttle: "none".to_owned(),
        part,
        ..StepTemplate::default()
    };
    let part = |scope: &str| Step { scope: Some(scope.to_owned()), ..Step::default() };
    let description = Description {
        templates: vec![template("part", true), template("whole", false)],
        steps: vec![
            part("a"),
            part("b"),
            part("c"),
            Step { template: 1, needs: vec![0, 1, 2], ..Step::default() },
        ],
        ..Description::default()
    };
    let input = ConnectorInput { name: "c".to_owned(), description, ..ConnectorInput::default() };
    let plan = skybridge_plan::plan(vec![input], &PlanOptions::default()).0.unwrap();
    let without = |work: &[u32]| {
        let needs: Vec<Dependency> = work
            .iter()
            .map(|part| Dependency {
                step: *part,
                address: plan.step(*part).unwrap().address(),
                outputs: Arc::default(),
            })
            .collect();
        Context::call(&plan.step(3).unwrap(), &needs).unwrap().without
    };
    assert_eq!(without(&[0, 1, 2]), [""; 0]);
    assert_eq!(without(&[0, 2]), ["b"]);
    assert_eq!(without(&[1]), ["a", "c"]);
}
