//! `--only`, `--upto`, `--destroy`, and that the order of the input makes no difference.

use expect_test::expect;
use skybridge_model::Address;
use skybridge_plan::{PlanOptions, Selector};

use crate::check::{addresses, destroy, json, only, planned, refused, upto};
use crate::fixture::{FIRST, connector, contoso, depends};

#[test]
fn only_is_exactly_the_steps_and_names_what_they_expect() {
    let scoped = format!("contoso.role-assignment.scanner@{FIRST}");
    let plan = planned(vec![contoso()], &only(&["contoso.application", &scoped]));
    expect![[r#"
        contoso.application
        contoso.role-assignment.scanner@33333333-0000-0000-0000-000000000001
    "#]]
    .assert_eq(&addresses(&plan));
    let expects: Vec<_> = plan.step(1).unwrap().expects().iter().map(Address::as_str).collect();
    expect![[r#"
        [
            "contoso.service-principal",
            "contoso.preflight.subscription@33333333-0000-0000-0000-000000000001",
            "contoso.role-definition.scanner@33333333-0000-0000-0000-000000000001",
        ]
    "#]]
    .assert_debug_eq(&expects);
    assert!(!plan.complete() && plan.applyable());
}

#[test]
fn only_takes_prefixes_and_scopes() {
    let count = |selector: &str| planned(vec![contoso()], &only(&[selector])).len();
    assert_eq!(count("contoso"), 29);
    assert_eq!(count("contoso.role-assignment"), 13);
    assert_eq!(count("contoso.role-assignment.reader"), 2);
    assert_eq!(count(&format!("contoso@{FIRST}")), 9);
    assert_eq!(count(&format!("@{FIRST}")), 9);
    assert_eq!(count(&format!("contoso.role-assignment@{FIRST}")), 6);
}

#[test]
fn upto_is_the_step_and_all_it_needs() {
    let plan = planned(vec![contoso()], &upto("contoso.consent.user-read"));
    expect![[r#"
        contoso.preflight.operator
        contoso.application
        contoso.service-principal
        contoso.consent.user-read
    "#]]
    .assert_eq(&addresses(&plan));
    assert!(plan.steps().all(|step| step.expects().is_empty()));
}

#[test]
fn only_and_upto_together_select_what_both_select() {
    let both = |only_these: &str, upto_this: &str| PlanOptions {
        upto: Some(Selector::parse(upto_this).unwrap()),
        ..only(&[only_these])
    };
    let plan = planned(vec![contoso()], &both("contoso.preflight", "contoso.consent"));
    assert_eq!(addresses(&plan), "contoso.preflight.operator\n");
    let text = refused(vec![contoso()], &both("contoso.hand-over", "contoso.consent"));
    expect![[r#"
        SKY-PLAN-016: --only and --upto have no step in common
          help: leave one of them out
    "#]]
    .assert_eq(&text);
}

#[test]
fn an_unmatched_selector_is_told_the_nearest_address() {
    for selector in [
        "contoso.aplication",
        "contosso",
        "contoso.role-assignment.reader@33333333-0000-0000-0000-000000000003",
        "contoso.role-asignment.reader@33333333-0000-0000-0000-000000000001",
        "fabrikam.vm",
    ] {
        let text = refused(vec![contoso()], &only(&[selector]));
        assert!(text.starts_with(&format!("SKY-PLAN-015: `{selector}` matches no step")), "{text}");
        let expected = match selector {
            "contoso.aplication" => "did you mean `contoso.application`?",
            "contosso" => "did you mean `contoso`?",
            "fabrikam.vm" => "the plan has 29 steps, such as `contoso.preflight.operator`",
            _ => {
                "did you mean `contoso.role-assignment.reader@33333333-0000-0000-0000-000000000001`?"
            }
        };
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn destroying_goes_the_other_way_and_waits_through_steps_left_out() {
    let plan = planned(vec![contoso()], &destroy());
    let forward = planned(vec![contoso()], &PlanOptions::default());
    let position = |text: &str| plan.find(&Address::parse(text).unwrap());
    assert_eq!(position("contoso.hand-over"), Some(0));
    assert_eq!(position("contoso.preflight.operator"), None, "a read leaves nothing behind");
    // The secret is proved by reads only, which the hand-over needs: it goes after the hand-over.
    let secret = plan.step(position("contoso.client-secret").unwrap()).unwrap();
    assert_eq!(secret.needs(), [0]);
    assert_eq!(secret.calls()[0].method, "DELETE");
    // Whatever a step needed directly is taken away after it.
    for step in forward.steps() {
        let Some(undone) = plan.find(&step.address()) else { continue };
        for need in step.needs() {
            let need = forward.step(*need).unwrap().address();
            if let Some(other) = plan.find(&need) {
                assert!(other > undone && plan.step(other).unwrap().needs().contains(&undone));
            }
        }
    }
}

#[test]
fn irrelevant_order_makes_no_difference() {
    let inputs = || {
        let mut beta = connector("beta", &[FIRST]);
        beta.depends_on = vec![depends("gamma", 4), depends("contoso", 5)];
        vec![contoso(), beta, connector("gamma", &[])]
    };
    let usual = json(&planned(inputs(), &PlanOptions::default()));
    let mut other = inputs();
    other.reverse();
    for input in &mut other {
        input.depends_on.reverse();
        for step in &mut input.description.steps {
            step.needs.reverse();
            step.needs.extend(step.needs.first().copied());
        }
        let last = u32::try_from(input.description.templates.len()).unwrap() - 1;
        input.description.templates.reverse();
        for step in &mut input.description.steps {
            step.template = last - step.template;
        }
    }
    assert_eq!(json(&planned(other, &PlanOptions::default())), usual);
}

#[test]
fn connectors_run_after_those_they_depend_on() {
    let mut alpha = connector("alpha", &[]);
    alpha.depends_on = vec![depends("beta", 9)];
    let plan = planned(vec![alpha, connector("beta", &[])], &PlanOptions::default());
    let names: Vec<_> = plan.connectors().iter().map(|connector| &connector.name).collect();
    assert_eq!(names, ["beta", "alpha"]);
    let end = plan.find(&Address::parse("beta.hand-over").unwrap()).unwrap();
    let first = plan.find(&Address::parse("alpha.preflight.operator").unwrap()).unwrap();
    assert_eq!(plan.step(first).unwrap().needs(), [end]);
    assert_eq!(plan.depth(), plan.longest_chain().len());
    assert_eq!(plan.heights()[0] as usize, plan.depth());
}
