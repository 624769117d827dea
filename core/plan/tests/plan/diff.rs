//! What changed from one plan to another.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use serde_json::json;
use skybridge_model::Address;
use skybridge_plan::view::{diff_json, diff_text};
use skybridge_plan::{Action, Plan, PlanOptions, Planned, diff};
use skybridge_plugin_protocol::onboard::{LeftOut, Permission};

use crate::check::{json, planned, shown};
use crate::fixture::{FIRST, SECOND, connector, contoso};

fn read_back(plan: &Plan) -> Plan {
    Plan::from_json(json(plan).as_bytes()).unwrap()
}

fn told(old: &Plan, new: &Plan, options: diff_text::DiffOptions) -> String {
    shown(|out| diff_text::write(&diff(old, new), &options, out))
}

/// The same whether each was just made or read from a file.
fn check(old: &Plan, new: &Plan, expected: Expect) {
    let text = told(old, new, diff_text::DiffOptions::default());
    expected.assert_eq(&text);
    for (old, new) in [(&read_back(old), new), (old, &read_back(new))] {
        assert_eq!(told(old, new, diff_text::DiffOptions::default()), text);
    }
}

fn plan_of(subscriptions: &[&str]) -> Plan {
    planned(vec![connector("contoso", subscriptions)], &PlanOptions::default())
}

fn permission(name: &str) -> Permission {
    Permission {
        permission: name.to_owned(),
        sort: "role".to_owned(),
        scope: "each subscription".to_owned(),
        why: "it reads".to_owned(),
        capabilities: vec!["asset-visibility".to_owned()],
        without: "nothing is seen".to_owned(),
        exposes: Some("names of things".to_owned()),
        asked: true,
    }
}

#[test]
fn a_plan_is_like_itself() {
    let plan = plan_of(&[FIRST, SECOND]);
    check(&plan, &plan, expect![["No difference: 29 steps.\n"]]);
    assert!(diff(&plan, &plan).is_empty());
}

#[test]
fn a_subscription_more_and_another_permission() {
    let (mut old, mut new) = (connector("contoso", &[FIRST]), contoso());
    old.description.permissions = vec![permission("Reader"), permission("Blob Reader")];
    new.description.permissions = vec![permission("Reader"), permission("Owner")];
    new.description.left_out = vec![LeftOut {
        scope: "sub-3".to_owned(),
        reason: "it is disabled".to_owned(),
        ..LeftOut::default()
    }];
    let mut templates = new.description.templates.iter_mut();
    let role = templates.find(|it| it.name.as_deref() == Some("reader")).unwrap();
    role.desired["role"] = json!("Owner");
    role.calls[0].permission = Some("*/write".to_owned());
    let plans = [old, new].map(|input| planned(vec![input], &PlanOptions::default()));
    check(
        &plans[0],
        &plans[1],
        expect![[r#"
            9 steps added, 2 steps changed, 18 as before.

            Permissions of the connection
              + contoso: Owner (role), on each subscription
                  why: it reads
                  exposes: names of things
              - contoso: Blob Reader (role), on each subscription
                  without it: nothing is seen

            Where it works
              + contoso: 33333333-0000-0000-0000-000000000002

            Permissions of whoever applies it
              + */write

            Steps
              ~ contoso.role-assignment.reader@33333333-0000-0000-0000-000000000001  assign Reader
                  calls[0].permission: Microsoft.Authorization/roleAssignments/write → */write
                  desired.role: Reader → Owner
              + contoso.preflight.subscription@33333333-0000-0000-0000-000000000002  check that the subscription is enabled
              + contoso.role-assignment.reader@33333333-0000-0000-0000-000000000002  assign Reader
              + contoso.role-assignment.blob-reader@33333333-0000-0000-0000-000000000002  assign Storage Blob Data Reader
              + contoso.role-assignment.file-reader@33333333-0000-0000-0000-000000000002  assign Storage File Data Privileged Reader
              + contoso.role-definition.scanner@33333333-0000-0000-0000-000000000002  define the custom role
              + contoso.role-assignment.scanner@33333333-0000-0000-0000-000000000002  assign the custom role
              + contoso.role-assignment.aks-reader@33333333-0000-0000-0000-000000000002  assign Azure Kubernetes Service RBAC Reader
              + contoso.role-assignment.aks-user@33333333-0000-0000-0000-000000000002  assign Azure Kubernetes Service Cluster User
              + contoso.verification.subscription@33333333-0000-0000-0000-000000000002  prove the connection to 33333333-0000-0000-0000-000000000002
              ~ contoso.hand-over  hand the connection over to the local store
                  needs:
                    + verification.subscription@33333333-0000-0000-0000-000000000002

            Left out
              + contoso: sub-3: it is disabled
        "#]],
    );
}

#[test]
fn what_differs_alike_in_many_places_is_told_once() {
    let scopes: Vec<String> = (0..50).map(|i| format!("subscription-{i:02}")).collect();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let old = plan_of(&scopes);
    let mut new = connector("contoso", &scopes);
    for template in &mut new.description.templates {
        if template.name.as_deref() == Some("reader") {
            template.throttle = "arm/{scope}/slow".to_owned();
        }
    }
    let new = planned(vec![new], &PlanOptions::default());
    check(
        &old,
        &new,
        expect![[r#"
        50 steps changed, 411 as before.

        Steps
          ~ contoso.role-assignment.reader@subscription-00  assign Reader
              throttle: arm/subscription-00 → arm/subscription-00/slow
              … and 49 more like it in other places
    "#]],
    );
    let all = told(&old, &new, diff_text::DiffOptions { all: true, color: false });
    assert_eq!(all.matches("~ contoso.role-assignment.reader@").count(), 50);
}

#[test]
fn what_the_world_says_counts_when_both_looked() {
    let seen = |action: Action, id: &str| {
        let planned = Planned {
            outputs: BTreeMap::from([("object-id".to_owned(), json!(id))]),
            ..Planned::new(action)
        };
        let address = Address::parse("contoso.application").unwrap();
        plan_of(&[]).with_observations(BTreeMap::from([(address, planned)]))
    };
    let (old, new) = (seen(Action::NoOp, "1"), seen(Action::NoOp, "2"));
    check(
        &old,
        &new,
        expect![[r#"
        1 step changed, 10 as before.

        Steps
          ~ contoso.application  create the application skybridge-connector
              observed.outputs.object-id: 1 → 2
    "#]],
    );
    check(
        &plan_of(&[]),
        &new,
        expect![[r#"
        No difference: 11 steps.

        The plans were not made in the same way: what looking at the world told is not compared.
    "#]],
    );
}

#[test]
fn a_plan_that_tells_no_permissions_is_not_said_to_have_none() {
    let old = plan_of(&[]);
    let mut new = connector("contoso", &[]);
    new.description.permissions = vec![permission("Reader")];
    let new = planned(vec![new], &PlanOptions::default());
    check(
        &old,
        &new,
        expect![[r#"
        No difference: 11 steps.

        Permissions of the connection
              contoso: one of the two plans does not tell them
    "#]],
    );
}

#[test]
fn connectors_come_go_and_change() {
    let (mut a, b) = (connector("a", &[]), connector("b", &[]));
    let old = planned(vec![a.clone(), b], &PlanOptions::default());
    a.destination = "webhook".to_owned();
    a.destination_title = "a webhook".to_owned();
    let new = planned(vec![a], &PlanOptions::default());
    let text = told(&old, &new, diff_text::DiffOptions::default());
    let (connectors, _) = text.split_once("\nSteps").unwrap();
    expect![[r#"
        11 steps removed, 1 step changed, 10 as before.

        Connectors
          - b  plugin azure, handed over to the local store
          ~ a
              destination: local → webhook
              destination-title: the local store → a webhook
    "#]]
    .assert_eq(connectors);
}

#[test]
fn the_schema_describes_what_is_written() {
    let validator = jsonschema::validator_for(&diff_json::schema()).unwrap();
    let (old, new) = (plan_of(&[FIRST]), plan_of(&[SECOND]));
    let written = shown(|out| diff_json::write(&diff(&old, &new), out));
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let problems: Vec<_> = validator.iter_errors(&written).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(written["steps-same"], 10);
    assert_eq!(
        written["scopes"][0],
        json!({"change": "added", "connector": "contoso", "scope": SECOND})
    );
}
