//! What was made can be taken back without a trace, and whether a trace is left can be seen.

use serde_json::{Value, json};
use skybridge_azure_client::arm::role_assignments::{self, NewAssignment};
use skybridge_plugin_sdk::protocol::onboard::Applied;

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, eventually};

const KINDS: [&str; 6] = [
    "applications",
    "servicePrincipals",
    "appRoleAssignments",
    "roleAssignments",
    "roleDefinitions",
    "deletedItems",
];

async fn tenant(rehearsal: &Rehearsal) -> Value {
    let state = rehearsal.control("_simulator/state", None).await;
    KINDS.iter().map(|kind| ((*kind).to_owned(), state[*kind].clone())).collect()
}

async fn take_back(rehearsal: &Rehearsal, done: &[(u32, Applied)], purge: bool) {
    let with_undo = || done.iter().rev().filter(|(_, applied)| !applied.undo.is_null());
    for (position, applied) in with_undo() {
        let word = rehearsal.word(*position);
        let before = rehearsal.remains(*position, &applied.undo, purge).await.unwrap();
        assert!(before.remains, "{word} was not there");
        rehearsal.undo_with(*position, &applied.undo, purge).await.unwrap();
        let twice = rehearsal.undo_with(*position, &applied.undo, purge).await;
        assert!(twice.is_ok(), "{word}: {twice:?}");
    }
    for (position, applied) in with_undo() {
        let word = rehearsal.word(*position);
        eventually(&word, async || {
            let left = rehearsal.remains(*position, &applied.undo, purge).await.unwrap();
            !left.remains
        })
        .await;
    }
}

/// Goal: with a purge the tenant is what it was before, to the last object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purging_leaves_the_tenant_as_it_was() {
    let mut rehearsal = Rehearsal::new(None).await;
    let before = tenant(&rehearsal).await;
    let done = rehearsal.run_all(None).await;
    assert_ne!(tenant(&rehearsal).await, before);
    take_back(&rehearsal, &done, true).await;
    assert_eq!(tenant(&rehearsal).await, before);
    assert!(rehearsal.host.secrets.lock().unwrap().is_empty());
}

/// Goal: without a purge the application can be restored, which is no reason to say it remains.
#[tokio::test]
async fn deleting_leaves_what_can_be_restored() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let done = rehearsal.run_all(Some("api-permissions")).await;
    take_back(&rehearsal, &done, false).await;
    assert!(!rehearsal.truth("deletedItems").await.is_empty());
    let position = rehearsal.find("application");
    let (_, applied) = done.iter().find(|(p, _)| *p == position).unwrap();
    assert!(rehearsal.remains(position, &applied.undo, true).await.unwrap().remains);
}

/// Goal: the custom role stays with those who were given it by others, and goes once they gave it up.
#[tokio::test]
async fn a_custom_role_others_use_stays() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let position = rehearsal.find("role-definition.custom");
    rehearsal.run_all(Some("role-definition.custom")).await;
    let undo = rehearsal.apply(position).await.unwrap().undo;
    let definition = rehearsal.output("role-definition.custom", "role-definition-id");
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let new = NewAssignment {
        role_definition_id: &definition,
        principal_id: "aaaaaaaa-0000-4000-8000-000000000001",
        principal_type: "User",
        description: None,
    };
    let name = "0f0f0f0f-0000-4000-8000-000000000003";
    session.send(&role_assignments::put_request(&scope, name, new)).await.unwrap();
    let undone = rehearsal.undo(position, &undo).await.unwrap();
    assert!(!undone.removed && undone.detail.unwrap().contains("others use"));
    assert!(!rehearsal.remains(position, &undo, false).await.unwrap().remains);
    assert_eq!(rehearsal.truth("roleDefinitions").await.len(), 1);
    session.send(&role_assignments::delete_request(&scope, name)).await.unwrap();
    assert!(rehearsal.remains(position, &undo, false).await.unwrap().remains);
    assert!(rehearsal.undo(position, &undo).await.unwrap().removed);
    assert!(rehearsal.truth("roleDefinitions").await.is_empty());
}

/// Goal: what is not ours to undo has nothing that remains.
#[tokio::test]
async fn steps_that_only_read_leave_nothing() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    for word in ["role-actions", "subscription", "verification.directory", "unplanned-grants"] {
        let position = rehearsal.find(word);
        assert!(!rehearsal.undo(position, &json!({})).await.unwrap().removed, "{word}");
        assert!(!rehearsal.remains(position, &json!({}), true).await.unwrap().remains, "{word}");
    }
}
