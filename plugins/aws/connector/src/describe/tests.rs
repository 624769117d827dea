//! What a plan is made of.

use serde_json::{Value, json};
use skybridge_aws_client::Endpoints;
use skybridge_plugin_sdk::protocol::onboard::{Description, LeftOut};

use super::describe;
use crate::settings::Settings;
use crate::survey::{Facts, Found};

fn settings(scope: Value) -> Settings {
    Settings::read(json!({
        "account": "111122223333",
        "trust": { "account": "999988887777" },
        "scope": scope,
    }))
    .unwrap()
}

fn endpoints(settings: &Settings) -> Endpoints {
    settings.endpoints(None).unwrap()
}

/// Each step with what it needs.
fn shown(of: &Description) -> String {
    let word = |position: u32| {
        let step = &of.steps[position as usize];
        let template = &of.templates[step.template as usize];
        let name = template.name.as_deref().map(|it| format!(".{it}")).unwrap_or_default();
        let scope = step.scope.as_deref().map(|it| format!("@{it}")).unwrap_or_default();
        format!("{}{name}{scope}", template.kind)
    };
    let line = |position: u32| {
        let needs: Vec<String> =
            of.steps[position as usize].needs.iter().map(|need| word(*need)).collect();
        format!("{} <- {}\n", word(position), needs.join(" "))
    };
    (0_u32..).zip(&of.steps).map(|(position, _)| line(position)).collect()
}

#[test]
fn one_account() {
    let settings = settings(json!({ "accounts": ["111122223333"] }));
    let plan = describe("acme", &settings, &endpoints(&settings), None);
    expect_test::expect![[r#"
        external-id <- 
        account.own@111122223333 <- 
        role@111122223333 <- external-id account.own@111122223333
        policy-attachment.security-audit@111122223333 <- role@111122223333
        policy-attachment.view-only-access@111122223333 <- role@111122223333
        unplanned-policies@111122223333 <- role@111122223333 policy-attachment.security-audit@111122223333 policy-attachment.view-only-access@111122223333
        verification@111122223333 <- external-id role@111122223333 unplanned-policies@111122223333
    "#]].assert_eq(&shown(&plan));
    let fields: Vec<String> =
        plan.handover.iter().map(|it| format!("{}={} {}", it.name, it.value, it.secret)).collect();
    expect_test::expect![[r#"
        role-arn=arn:aws:iam::111122223333:role/skybridge-connector false
        external-id=<external-id.vault-name> true
        accounts=111122223333 false
        role-name=skybridge-connector false
        partition=aws false
        trusted-principal=arn:aws:iam::999988887777:root false"#]]
    .assert_eq(&fields.join("\n"));
    assert_eq!(plan.permissions.iter().filter(|it| it.asked).count(), 2);
}

#[test]
fn an_organization_before_and_after_somebody_looked() {
    let settings = settings(json!({ "organization": true }));
    let before = describe("acme", &settings, &endpoints(&settings), None);
    let text = shown(&before);
    assert_eq!(text.lines().filter(|line| line.starts_with("role@each-account ")).count(), 1);
    assert!(before.notes.iter().any(|note| note.contains("planning online")), "{:?}", before.notes);
    let found = |id: &str| Found { id: id.into(), name: String::new() };
    let facts = Facts::of(
        vec![found("222233334444"), found("111122223333")],
        vec![LeftOut { scope: "555566667777".into(), ..LeftOut::default() }],
    );
    let after = describe("acme", &settings, &endpoints(&settings), Some(&facts));
    let text = shown(&after);
    assert!(text.contains("role@111122223333 <- external-id account.own@111122223333"), "{text}");
    assert!(
        text.contains("role@222233334444 <- external-id account.member@222233334444"),
        "{text}"
    );
    assert_eq!(after.left_out.len(), 1);
    let accounts = after.handover.iter().find(|it| it.name == "accounts").unwrap();
    assert!(accounts.scopes && accounts.value.split(',').count() == 2, "{accounts:?}");
}

/// Goal: no description depends on when or where it is made.
#[test]
fn the_same_settings_give_the_same_bytes() {
    let make = || {
        let settings = settings(json!({ "organization": true }));
        serde_json::to_vec(&describe("acme", &settings, &endpoints(&settings), None)).unwrap()
    };
    assert_eq!(make(), make());
}

/// Goal: a large organization is a normal plan: small steps over few templates.
#[test]
fn ten_thousand_accounts_share_their_templates() {
    let settings = settings(json!({ "organization": true }));
    let ids = (0..10_000_u64).map(|n| Found { id: format!("{n:012}"), name: String::new() });
    let facts = Facts::of(ids.collect(), Vec::new());
    let plan = describe("acme", &settings, &endpoints(&settings), Some(&facts));
    assert_eq!((plan.templates.len(), plan.steps.len()), (7, 60_001));
}
