//! Taking back what journals say was made.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skybridge_model::Address;
use skybridge_plan::{HAND_OVER, Plan, PlanOptions, TakeBack, Undoing, take_back};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate, Undo};

use crate::check::{addresses, json as plan_json, planned};
use crate::fixture::{self, FIRST, contoso};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn made(all: &[(&str, &[Value])]) -> BTreeMap<Address, Vec<Value>> {
    all.iter().map(|(text, undo)| (address(text), undo.to_vec())).collect()
}

/// A small connector: `(kind, effect, needs)`; everything has an undo.
fn small(steps: &[(&str, &str, &[u32])]) -> Plan {
    let template = |(kind, effect, _): &(&str, &str, &[u32])| StepTemplate {
        kind: (*kind).to_owned(),
        title: format!("make {kind}"),
        group: "Things".to_owned(),
        effect: (*effect).to_owned(),
        undo: Some(Undo { title: format!("remove {kind}"), calls: Vec::new() }),
        throttle: "things".to_owned(),
        ..StepTemplate::default()
    };
    let step = |(at, (_, _, needs)): (u32, &(&str, &str, &[u32]))| Step {
        template: at,
        needs: needs.to_vec(),
        ..Step::default()
    };
    let description = Description {
        templates: steps.iter().map(template).collect(),
        steps: (0..).zip(steps).map(step).collect(),
        ..Description::default()
    };
    let mut input = fixture::connector("a", &[]);
    input.description = description;
    planned(vec![input], &PlanOptions::default())
}

fn needs(plan: &Plan, of: &str) -> Vec<String> {
    let step = plan.step(plan.find(&address(of)).unwrap()).unwrap();
    step.needs().iter().map(|need| plan.step(*need).unwrap().address().to_string()).collect()
}

fn undoing(plan: &Plan, of: &str) -> Undoing {
    Undoing::of(&plan.step(plan.find(&address(of)).unwrap()).unwrap()).unwrap()
}

#[test]
fn what_was_made_last_goes_first_through_steps_that_stay() {
    let plan = small(&[("one", "ensure", &[]), ("two", "ensure", &[0]), ("three", "ensure", &[1])]);
    let hand_over = format!("a.{HAND_OVER}");
    let what = TakeBack {
        made: made(&[("a.one", &[json!(1)]), ("a.three", &[json!(3)]), (&hand_over, &[json!({})])]),
        left: [(address("a.two"), "adopted".to_owned())].into(),
        purge: true,
    };
    let back = take_back(&[plan], &what).unwrap();
    assert_eq!(addresses(&back), format!("{hand_over}\na.three\na.one\n"));
    assert_eq!(needs(&back, "a.three"), [hand_over]);
    assert_eq!(needs(&back, "a.one"), ["a.three"]);
    assert!(back.destroys());
    let left: Vec<_> = back.left_out().map(|(_, left)| (&*left.scope, &*left.reason)).collect();
    assert_eq!(left, [("a.two", "adopted")]);
    assert_eq!(undoing(&back, "a.one"), Undoing { undo: vec![json!(1)], purge: true });
}

#[test]
fn a_secret_of_each_run_goes_and_of_the_rest_the_newest_word_counts() {
    let plan = small(&[("app", "ensure", &[]), ("secret", "mint", &[0])]);
    let values = [json!({ "id": "<1>" }), json!({ "id": "{2}" })];
    let made = made(&[("a.app", &values), ("a.secret", &values)]);
    let back = take_back(&[plan], &TakeBack { made, ..TakeBack::default() }).unwrap();
    assert_eq!(undoing(&back, "a.app").undo, [values[1].clone()]);
    assert_eq!(undoing(&back, "a.secret").undo, [values[1].clone(), values[0].clone()]);
}

#[test]
fn a_step_is_taken_from_the_first_plan_that_has_it() {
    // The newer plan no longer has `old`, and knows `secret` only by `app`.
    let newer = small(&[("app", "ensure", &[]), ("secret", "mint", &[0])]);
    let older = small(&[("app", "ensure", &[]), ("old", "ensure", &[0]), ("secret", "mint", &[1])]);
    let made = made(&[
        ("a.app", &[json!(1)]),
        ("a.old", &[json!(2)]),
        ("a.secret", &[json!(3)]),
        ("a.lost", &[json!(4)]),
    ]);
    let back = take_back(&[newer, older], &TakeBack { made, ..TakeBack::default() }).unwrap();
    assert_eq!(needs(&back, "a.app"), ["a.old", "a.secret"]);
    assert!(needs(&back, "a.secret").is_empty());
    let left: Vec<_> = back.left_out().map(|(_, left)| &*left.scope).collect();
    assert_eq!(left, ["a.lost"]);
}

#[test]
fn it_is_read_back_as_it_was_written() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let odd = json!({ "id": format!("/{FIRST}/<x.y>/{{z}}"), "list": ["{scope}", "<<"] });
    let made: BTreeMap<Address, Vec<Value>> = plan
        .steps()
        .filter(|step| step.undo().is_some())
        .map(|step| (step.address(), vec![odd.clone()]))
        .collect();
    assert!(made.len() > 5);
    let what = TakeBack { made, ..TakeBack::default() };
    let back = take_back(&[plan], &what).unwrap();
    let text = plan_json(&back);
    let again = Plan::from_json(text.as_bytes()).unwrap();
    assert_eq!(plan_json(&again), text);
    for step in again.steps() {
        assert_eq!(
            Undoing::of(&step).unwrap().undo,
            std::slice::from_ref(&odd),
            "{}",
            step.address()
        );
        assert_eq!(step.action().as_str(), "delete");
    }
    assert_eq!(back.len(), what.made.len());
}

#[test]
fn nothing_made_is_nothing_to_do() {
    let back = take_back(&[], &TakeBack::default()).unwrap();
    assert!(back.is_empty() && back.destroys());
}
