//! What looking at the world makes of a plan.

use std::collections::BTreeMap;

use expect_test::expect_file;
use serde_json::json;
use skybridge_model::Address;
use skybridge_plan::view::text::TextOptions;
use skybridge_plan::{Action, Plan, PlanOptions, Planned};
use skybridge_plugin_protocol::onboard::Change;

use crate::check::{json as saved, planned, text};
use crate::fixture::{FIRST, SECOND, contoso};

fn observed(seen: Vec<(String, Planned)>) -> Plan {
    let seen: BTreeMap<Address, Planned> =
        seen.into_iter().map(|(text, planned)| (Address::parse(&text).unwrap(), planned)).collect();
    planned(vec![contoso()], &PlanOptions::default()).with_observations(seen)
}

#[test]
fn a_world_with_nothing_in_it() {
    let plan = observed(vec![("contoso.application".to_owned(), Planned::new(Action::Create))]);
    // Everything that would be looked up through the application is created with it …
    let action = |text: &str| {
        plan.step(plan.find(&Address::parse(text).unwrap()).unwrap()).unwrap().action()
    };
    assert_eq!(action("contoso.consent.user-read"), Action::Create);
    assert_eq!(action("contoso.verification.directory"), Action::Read);
    assert_eq!(action("contoso.hand-over"), Action::HandOver);
    // … and the two role definitions, which could have been looked at, were not.
    assert!(!plan.complete() && plan.applyable() && !plan.errored() && plan.online());
}

#[test]
fn a_world_that_differs_here_and_there() {
    let role = |name: &str, scope: &str| format!("contoso.role-assignment.{name}@{scope}");
    let mut seen: Vec<(String, Planned)> =
        ["application", "service-principal", "permission.required"]
            .map(|local| (format!("contoso.{local}"), Planned::new(Action::NoOp)))
            .into();
    for scope in [FIRST, SECOND] {
        seen.push((format!("contoso.role-definition.scanner@{scope}"), Planned::new(Action::NoOp)));
        for name in ["reader", "blob-reader", "file-reader", "scanner", "aks-reader", "aks-user"] {
            seen.push((role(name, scope), Planned::new(Action::NoOp)));
        }
    }
    for local in
        ["consent.directory-read", "consent.user-read", "role-assignment.management-group-reader"]
    {
        seen.push((format!("contoso.{local}"), Planned::new(Action::Create)));
    }
    let change = Change {
        path: "assignableScopes".to_owned(),
        from: json!([]),
        to: json!(["/subscriptions"]),
    };
    let definition = format!("contoso.role-definition.scanner@{SECOND}");
    seen.push((definition, Planned { changes: vec![change], ..Planned::new(Action::Update) }));
    let detail = Some("made by somebody else on 2026-01-02".to_owned());
    seen.push((role("reader", FIRST), Planned { detail, ..Planned::new(Action::Adopt) }));
    let error = Some("the directory does not answer".to_owned());
    seen.push((
        "contoso.client-secret".to_owned(),
        Planned { error, ..Planned::new(Action::Mint) },
    ));
    let plan = observed(seen);
    assert!(!plan.complete() && !plan.applyable() && plan.errored() && plan.has_changes());
    expect_file!["golden/contoso-observed.txt"].assert_eq(&text(&plan, &TextOptions::default()));
    let json = saved(&plan);
    assert_eq!(saved(&Plan::from_json(json.as_bytes()).unwrap()), json);
}

#[test]
fn a_world_as_wanted() {
    let plan = planned(vec![contoso()], &PlanOptions::default());
    let addresses = plan.steps().map(|step| step.address().to_string());
    let seen = addresses.map(|address| (address, Planned::new(Action::NoOp))).collect();
    let plan = observed(seen);
    assert!(plan.complete() && !plan.applyable() && !plan.has_changes());
    assert_eq!(plan.counts().of(Action::NoOp), plan.len());
}
