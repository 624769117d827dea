//! Parts that others rest on: a check before, a proof after, and what all of them share between.

use std::collections::BTreeMap;

use skybridge_model::Address;
use skybridge_plan::view::text::TextOptions;
use skybridge_plan::{Action, ConnectorInput, Plan, PlanOptions, Planned};
use skybridge_plugin_protocol::onboard::{Description, Step, StepTemplate};

use crate::check::{json, planned, text};
use crate::fixture::connector;

fn template(kind: &str, effect: &str, part: bool) -> StepTemplate {
    StepTemplate {
        kind: kind.to_owned(),
        title: format!("do {kind}"),
        group: "Steps".to_owned(),
        effect: effect.to_owned(),
        throttle: "none".to_owned(),
        part,
        ..StepTemplate::default()
    }
}

/// Of `a` and `b` each is checked, is given a role that both share, and is proved.
fn plan() -> Plan {
    let step = |template: u32, scope: Option<&str>, needs: &[u32]| Step {
        template,
        scope: scope.map(str::to_owned),
        needs: needs.to_vec(),
        ..Step::default()
    };
    let description = Description {
        templates: vec![
            template("check", "read", true),
            template("role", "ensure", false),
            template("grant", "ensure", false),
            template("proof", "read", true),
        ],
        steps: vec![
            step(0, Some("a"), &[]),
            step(0, Some("b"), &[]),
            step(1, None, &[0, 1]),
            step(2, Some("a"), &[0, 2]),
            step(2, Some("b"), &[1, 2]),
            step(3, Some("a"), &[0, 3]),
            step(3, Some("b"), &[1, 4]),
        ],
        ..Description::default()
    };
    let input = ConnectorInput { description, ..connector("c", &[]) };
    planned(vec![input], &PlanOptions::default())
}

fn needs(plan: &Plan, text: &str) -> Vec<String> {
    let step = plan.step(plan.find(&Address::parse(text).unwrap()).unwrap()).unwrap();
    let name = |need: &u32| plan.step(*need).unwrap().address().to_string();
    step.needs().iter().map(name).collect()
}

/// Goal: a check that worked is not enough to hand something over, when its proof did not.
#[test]
fn the_hand_over_needs_the_last_parts() {
    assert_eq!(needs(&plan(), "c.hand-over"), ["c.proof@a", "c.proof@b"]);
}

/// Goal: a reader sees that a grant rests on its own check. The role both share says nothing about
/// it, a proof of one does say that its grant was made.
#[test]
fn what_several_share_does_not_stand_for_one_of_them() {
    let text = text(&plan(), &TextOptions::default());
    for line in ["c.grant@a · needs check, role", "c.proof@b · needs grant"] {
        assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
    }
}

/// The actions after looking, where all but `changed` was found as wanted.
fn actions(changed: &[(&str, Action)]) -> BTreeMap<String, Action> {
    let plan = plan();
    let seen = plan.steps().map(|step| {
        let address = step.address();
        let changed = changed.iter().find(|(name, _)| address.to_string() == format!("c.{name}"));
        (address, Planned::new(changed.map_or(Action::NoOp, |(_, action)| *action)))
    });
    let seen = seen.collect();
    let plan = plan.with_observations(seen);
    let read = Plan::from_json(json(&plan).as_bytes()).unwrap();
    assert_eq!(json(&read), json(&plan));
    let named = plan.steps().map(|step| (step.address().to_string(), step.action()));
    named.filter(|(_, action)| *action != Action::NoOp).collect()
}

fn are(expected: &[(&str, Action)]) -> BTreeMap<String, Action> {
    expected.iter().map(|(name, action)| (format!("c.{name}"), *action)).collect()
}

/// Goal: what the plan found well is asked again in a run that changes something because of it, and
/// only then.
#[test]
fn a_part_is_asked_again_where_something_changes() {
    assert_eq!(actions(&[]), are(&[]));
    let grant = ("grant@a", Action::Create);
    assert_eq!(actions(&[grant]), are(&[grant, ("check@a", Action::Read)]));
    let role = ("role", Action::Update);
    let checks = [("check@a", Action::Read), ("check@b", Action::Read)];
    assert_eq!(actions(&[role]), are(&[role, checks[0], checks[1]]));
    // What is handed over is what was found.
    let hand_over = ("hand-over", Action::HandOver);
    assert_eq!(actions(&[hand_over]), are(&[hand_over]));
}
