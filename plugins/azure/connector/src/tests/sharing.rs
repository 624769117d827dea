//! Connectors that share the custom role: none takes from another what it needs.

use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::onboard::{Applied, applied, observed};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, settings, simulator};

const SECOND: &str = "33333333-4444-5555-6666-777777777778";
const ROLE: &str = "role-definition.custom";

/// The connectors `contoso` and `other`, each for subscriptions of its own.
async fn two(first: &[&str], second: &[&str]) -> [Rehearsal; 2] {
    two_with(first, second, "").await
}

async fn two_with(first: &[&str], second: &[&str], more: &str) -> [Rehearsal; 2] {
    let subscription = |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"{id}\"\n");
    let all = [SUBSCRIPTION, SECOND].map(subscription).concat();
    let cloud = simulator(Some(&format!("{all}{more}{NO_LAG}"))).await;
    [("contoso", first), ("other", second)].map(|(name, ids)| {
        let mut settings = settings();
        settings["scope"] = json!({ "subscriptions": ids });
        Rehearsal::of(name, Arc::clone(&cloud), settings)
    })
}

async fn role(rehearsal: &Rehearsal) -> Option<(Vec<String>, String)> {
    let roles = rehearsal.truth("roleDefinitions").await;
    assert!(roles.len() <= 1, "{roles:?}");
    let says = &roles.first()?["properties"];
    let scopes = says["assignableScopes"].as_array().unwrap().iter();
    let scopes = scopes.map(|it| it.as_str().unwrap().trim_start_matches("/subscriptions/").into());
    Some((scopes.collect(), says["description"].as_str().unwrap().to_owned()))
}

fn done_at(done: &[(u32, Applied)], at: u32) -> &Applied {
    done.iter().find_map(|(position, applied)| (*position == at).then_some(applied)).unwrap()
}

/// Takes everything back that is not the application's.
async fn take_back(
    rehearsal: &Rehearsal,
    done: &[(u32, Applied)],
) -> Vec<(String, Option<String>)> {
    let mut told = Vec::new();
    for (position, applied) in done.iter().rev().filter(|(_, applied)| !applied.undo.is_null()) {
        let undone = rehearsal.undo(*position, &applied.undo).await.unwrap();
        let left = rehearsal.remains(*position, &applied.undo, false).await.unwrap();
        assert!(!left.remains, "{}: {left:?}", rehearsal.word(*position));
        told.push((rehearsal.word(*position), undone.detail));
    }
    told
}

fn of_role(told: &[(String, Option<String>)]) -> &str {
    told.iter().find(|(word, _)| word == ROLE).unwrap().1.as_deref().unwrap()
}

/// Goal: the second connector adds its subscription; the first one's going takes out only its own.
#[tokio::test]
async fn in_two_subscriptions() {
    let [mut contoso, mut other] = two(&[SUBSCRIPTION], &[SECOND]).await;
    let first = contoso.run_all(None).await;
    let at = other.find(ROLE);
    let seen = other.observe(at).await.unwrap();
    assert_eq!(seen.state, observed::DIFFERS, "{seen:?}");
    let second = other.run_all(None).await;
    assert_eq!(done_at(&second, at).action, applied::UPDATED);
    let (scopes, says) = role(&other).await.unwrap();
    assert_eq!(scopes, [SUBSCRIPTION, SECOND]);
    assert!(says.ends_with("Used by contoso, other."), "{says}");
    for rehearsal in [&contoso, &other] {
        for position in rehearsal.positions() {
            let seen = rehearsal.observe(position).await.unwrap();
            assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
        }
    }
    let told = take_back(&contoso, &first).await;
    assert!(of_role(&told).contains("took our part"), "{told:?}");
    let (scopes, says) = role(&other).await.unwrap();
    assert_eq!(scopes, [SECOND]);
    assert!(says.ends_with("Used by other."), "{says}");
    for position in other.positions() {
        let seen = other.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", other.word(position));
    }
    let told = take_back(&other, &second).await;
    assert_eq!(of_role(&told), "deleted the custom role");
    assert_eq!(role(&other).await, None);
}

/// Goal: in one subscription the role stays as it is until the last of them goes.
#[tokio::test]
async fn in_one_subscription() {
    let [mut contoso, mut other] = two(&[SUBSCRIPTION], &[SUBSCRIPTION]).await;
    let first = contoso.run_all(None).await;
    let second = other.run_all(None).await;
    let told = take_back(&contoso, &first).await;
    assert!(of_role(&told).contains("others use it"), "{told:?}");
    assert_eq!(role(&other).await.unwrap().0, [SUBSCRIPTION]);
    let custom = other.find("role-assignment.custom");
    assert_eq!(other.observe(custom).await.unwrap().state, observed::MATCHES);
    take_back(&other, &second).await;
    assert_eq!(role(&other).await, None);
}

/// Goal: with the subscriptions overlapping, what both use stays and what only one used goes.
#[tokio::test]
async fn in_overlapping_subscriptions() {
    let [mut contoso, mut other] = two(&[SUBSCRIPTION, SECOND], &[SECOND]).await;
    let first = contoso.run_all(None).await;
    other.run_all(None).await;
    take_back(&contoso, &first).await;
    let (scopes, says) = role(&other).await.unwrap();
    assert_eq!(scopes, [SECOND]);
    assert!(says.ends_with("Used by other."), "{says}");
}

/// Goal: where the tenant cannot be searched as a whole, the name that is taken leads to the role.
#[tokio::test]
async fn a_role_that_is_seen_from_elsewhere_only() {
    let refused = "[[faults]]\nservice = \"resource-manager\"\nmethod = \"GET\"\n\
        path-prefix = \"/providers/Microsoft.Authorization/roleDefinitions\"\nevery = 1\n\
        effect = \"answer\"\nstatus = 403\ncode = \"AuthorizationFailed\"\nmessage = \"no\"\n";
    let [mut contoso, mut other] = two_with(&[SUBSCRIPTION], &[SECOND], refused).await;
    contoso.run_all(Some(ROLE)).await;
    let at = other.find(ROLE);
    assert_eq!(other.observe(at).await.unwrap().state, observed::ABSENT);
    let done = other.run_all(Some(ROLE)).await;
    assert_eq!(done_at(&done, at).action, applied::UPDATED);
    assert_eq!(role(&other).await.unwrap().0, [SUBSCRIPTION, SECOND]);
}

/// Goal: a role that an early version made, under another id and without names, is still ours.
#[tokio::test]
async fn a_role_of_an_early_version() {
    use skybridge_azure_client::arm::role_definitions::{NewRole, put_request};
    let [mut contoso, _] = two(&[SUBSCRIPTION], &[SECOND]).await;
    let name = crate::names::custom_role(&contoso.settings.display_name);
    let id = crate::names::custom_role_id_once(&contoso.settings.tenant_id(), &name);
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let new = NewRole {
        role_name: &name,
        description: "Two actions a security platform needs beyond Reader. Managed by Skybridge.",
        actions: &contoso.settings.grants().action_names(),
        assignable_scopes: std::slice::from_ref(&scope),
    };
    let session = contoso.azure.session(&contoso.host).unwrap();
    session.send(&put_request(&scope, &id, new)).await.unwrap();
    let at = contoso.find(ROLE);
    let seen = contoso.observe(at).await.unwrap();
    let changed: Vec<&str> = seen.changes.iter().map(|it| it.path.as_str()).collect();
    assert_eq!((seen.state.as_str(), changed), (observed::DIFFERS, vec!["used-by"]));
    let done = contoso.run_all(Some("role-assignment.custom")).await;
    assert_eq!(done_at(&done, at).undo["id"], json!(id));
    take_back(&contoso, &done).await;
    assert_eq!(role(&contoso).await, None);
}

/// Goal: a role of our name that somebody else made is used as it is, and never written.
#[tokio::test]
async fn a_role_of_somebody_else() {
    use skybridge_azure_client::arm::role_definitions::{NewRole, put_request};
    let [contoso, other] = two(&[SUBSCRIPTION], &[SECOND]).await;
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let new = NewRole {
        role_name: &crate::names::custom_role(&contoso.settings.display_name),
        description: "made by hand",
        actions: &contoso.settings.grants().action_names(),
        assignable_scopes: std::slice::from_ref(&scope),
    };
    let session = contoso.azure.session(&contoso.host).unwrap();
    session.send(&put_request(&scope, "0f0f0f0f-0000-4000-8000-000000000004", new)).await.unwrap();
    let at = contoso.find(ROLE);
    assert_eq!(contoso.observe(at).await.unwrap().state, observed::FOREIGN);
    let done = contoso.apply(at).await.unwrap();
    assert_eq!((done.action.as_str(), &done.undo), (applied::ADOPTED, &json!(null)));
    for error in [other.observe(at).await.unwrap_err(), other.apply(at).await.unwrap_err()] {
        assert_eq!(error.detail.code.as_deref(), Some("AZ-ROLE-002"), "{error:?}");
        assert!(error.to_string().contains(&format!("assigned in /subscriptions/{SECOND}")));
    }
    assert_eq!(role(&other).await.unwrap(), (vec![SUBSCRIPTION.into()], "made by hand".into()));
}

/// Goal: what one connector asks of the role is not changed for another one.
#[tokio::test]
async fn different_actions_are_refused() {
    let [mut contoso, other] = two(&[SUBSCRIPTION], &[SECOND]).await;
    contoso.run_all(Some(ROLE)).await;
    let mut settings: Value = settings();
    settings["scope"] = json!({ "subscriptions": [SECOND] });
    settings["permissions"] = json!("least");
    settings["capabilities"] = json!(["cloud-bom"]);
    let other = Rehearsal::of("other", Arc::clone(&other.simulator), settings);
    let error = other.observe(other.find(ROLE)).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-ROLE-007"), "{error:?}");
    assert!(error.to_string().contains("contoso"), "{error}");
    let error = other.apply(other.find(ROLE)).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-ROLE-007"), "{error:?}");
}
