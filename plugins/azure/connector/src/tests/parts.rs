//! Subscriptions that stop working between the plan and the run cost the others nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use skybridge_plugin_sdk::Error;
use skybridge_plugin_sdk::protocol::onboard::{Applied, observed};

use super::support::{NO_LAG, Rehearsal, TENANT, settings};
use crate::describe::describe;
use crate::settings::Settings;

const ROLE: &str = "role-definition.custom";
const FIRST: &str = "33333333-4444-5555-6666-000000000001";
const MIDDLE: &str = "33333333-4444-5555-6666-000000000002";
const LAST: &str = "33333333-4444-5555-6666-000000000003";
const ALL: [&str; 3] = [FIRST, MIDDLE, LAST];

fn scope(ids: &[&str]) -> Value {
    let mut settings = settings();
    settings["scope"] = json!({ "subscriptions": ids });
    settings
}

async fn connector(ids: &[&str]) -> Rehearsal {
    let subscription = |id: &str| format!("[[subscriptions]]\nid = \"{id}\"\nname = \"{id}\"\n");
    let scenario = format!("{}{NO_LAG}", ALL.map(subscription).concat());
    Rehearsal::with(Some(&scenario), scope(ids)).await
}

/// The connector's settings mean other subscriptions from now on.
fn means(rehearsal: &mut Rehearsal, ids: &[&str]) {
    rehearsal.settings = Settings::read(scope(ids)).unwrap();
    rehearsal.outputs.clear();
    rehearsal.description = describe("contoso", &rehearsal.settings, None);
}

async fn turn(rehearsal: &Rehearsal, id: &str, state: &str) {
    let body = json!({ "state": state });
    let answer = rehearsal.control(&format!("_simulator/subscriptions/{id}"), Some(body)).await;
    assert_eq!(answer["state"], state, "{answer}");
}

/// Where the custom role can be assigned, in order.
async fn scopes(rehearsal: &Rehearsal) -> Vec<String> {
    let roles = rehearsal.truth("roleDefinitions").await;
    let all = roles.iter().flat_map(|it| {
        it["properties"]["assignableScopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|at| at.as_str().unwrap().trim_start_matches("/subscriptions/").to_owned())
    });
    let mut all: Vec<String> = all.collect();
    all.sort();
    all
}

/// How many roles are assigned in a subscription.
async fn assigned_in(rehearsal: &Rehearsal, id: &str) -> usize {
    let assigned = rehearsal.truth("roleAssignments").await;
    let at = format!("/subscriptions/{id}");
    let described = |it: &&Value| it["properties"]["description"].is_string();
    assigned
        .iter()
        .filter(described)
        .filter(|it| it["properties"]["scope"].as_str() == Some(at.as_str()))
        .count()
}

fn words(failed: &[(String, Error)]) -> Vec<&str> {
    failed.iter().map(|(word, _)| word.as_str()).collect()
}

/// How each step is undone, by its name.
type Undos = BTreeMap<String, Value>;

/// Takes over what a run says about undoing: the newest word on a step counts.
fn note(undos: &mut Undos, rehearsal: &Rehearsal, done: &[(u32, Applied)]) {
    let with_undo = done.iter().filter(|(_, applied)| !applied.undo.is_null());
    undos.extend(with_undo.map(|(at, applied)| (rehearsal.name(*at), applied.undo.clone())));
}

/// Takes everything back, last first, and looks that nothing of it is left.
async fn take_back(rehearsal: &Rehearsal, undos: &Undos) {
    let steps: Vec<(u32, &Value)> = rehearsal
        .positions()
        .rev()
        .filter_map(|at| Some((at, undos.get(&rehearsal.name(at))?)))
        .collect();
    assert_eq!(steps.len(), undos.len());
    for (position, undo) in &steps {
        rehearsal.undo(*position, undo).await.unwrap();
    }
    for (position, undo) in steps {
        let left = rehearsal.remains(position, undo, false).await.unwrap();
        assert!(!left.remains, "{}: {left:?}", rehearsal.name(position));
    }
    for id in ALL {
        assert_eq!(assigned_in(rehearsal, id).await, 0, "{id}");
    }
}

/// The others are connected without the one that fails; once it works the next run does the rest;
/// then all of it can be taken back.
async fn one_fails(id: &str, breaks: impl AsyncFn(&Rehearsal), mends: impl AsyncFn(&Rehearsal)) {
    let mut rehearsal = connector(&ALL).await;
    breaks(&rehearsal).await;
    let (first, failed) = rehearsal.run_what_works().await;
    assert_eq!(words(&failed), [format!("subscription@{id}")], "{failed:#?}");
    let others: Vec<&str> = ALL.into_iter().filter(|other| *other != id).collect();
    assert_eq!(scopes(&rehearsal).await, others);
    assert_eq!(assigned_in(&rehearsal, id).await, 0);
    let home = format!("/subscriptions/{}/", others[0]);
    let role = rehearsal.output(ROLE, "role-definition-id");
    assert!(role.starts_with(&home), "{role} is not of {home}");
    let mut undos = Undos::new();
    note(&mut undos, &rehearsal, &first);
    let written: Vec<String> = others.iter().map(|id| format!("/subscriptions/{id}")).collect();
    assert_eq!(undos[ROLE]["scopes"], json!(written));
    let at = rehearsal.find(ROLE);

    mends(&rehearsal).await;
    rehearsal.lost.clear();
    let seen = rehearsal.observe(at).await.unwrap();
    assert_eq!(seen.state, observed::DIFFERS, "{seen:?}");
    let changes: Vec<_> = seen.changes.iter().map(|it| (it.path.as_str(), &it.to)).collect();
    assert_eq!(changes, [("assignable-scopes", &json!([format!("/subscriptions/{id}")]))]);
    let (second, failed) = rehearsal.run_what_works().await;
    assert_eq!(words(&failed), [] as [&str; 0], "{failed:#?}");
    assert_eq!(scopes(&rehearsal).await, ALL);
    assert_eq!(assigned_in(&rehearsal, id).await, assigned_in(&rehearsal, others[0]).await);
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
    }
    note(&mut undos, &rehearsal, &second);
    take_back(&rehearsal, &undos).await;
    assert_eq!(scopes(&rehearsal).await, [] as [&str; 0]);
}

/// Goal: the first subscription, in which requests about the role would be made, may be the one.
#[tokio::test]
async fn the_first_is_disabled() {
    let breaks = async |it: &Rehearsal| turn(it, FIRST, "Disabled").await;
    one_fails(FIRST, breaks, async |it: &Rehearsal| turn(it, FIRST, "Enabled").await).await;
}

/// Goal: one that is not there at all, in which nothing can be read.
#[tokio::test]
async fn the_middle_one_is_deleted() {
    let breaks = async |it: &Rehearsal| turn(it, MIDDLE, "Deleted").await;
    one_fails(MIDDLE, breaks, async |it: &Rehearsal| turn(it, MIDDLE, "Enabled").await).await;
}

/// Goal: the same for one in which the operator lost the rights.
#[tokio::test]
async fn the_operator_lost_the_rights_in_the_first() {
    let rules = format!(
        "[[faults]]\nservice = \"resource-manager\"\npath-contains = \"/subscriptions/{FIRST}\"\n\
         effect = \"answer\"\nstatus = 403\ncode = \"AuthorizationFailed\"\nmessage = \"no\"\n"
    );
    let breaks = async |it: &Rehearsal| it.faults(&rules).await;
    one_fails(FIRST, breaks, async |it: &Rehearsal| it.faults("").await).await;
}

/// Goal: without any subscription nothing is made that is for them; the application is.
#[tokio::test]
async fn all_of_them_are_disabled() {
    let mut rehearsal = connector(&ALL).await;
    for id in ALL {
        turn(&rehearsal, id, "Disabled").await;
    }
    let (_, failed) = rehearsal.run_what_works().await;
    assert_eq!(words(&failed), ALL.map(|id| format!("subscription@{id}")));
    assert!(failed.iter().all(|(_, it)| it.detail.code.as_deref() == Some("AZ-SUB-003")));
    assert_eq!(scopes(&rehearsal).await, [] as [&str; 0]);
    for id in ALL {
        assert_eq!(assigned_in(&rehearsal, id).await, 0);
    }
    let applications = rehearsal.truth("applications").await;
    assert!(applications.iter().any(|it| it["displayName"] == "skybridge-connector"));
}

/// Goal: what an earlier run put into the role is still ours when its subscription fails later, and
/// a role that is there is extended from a subscription that works.
#[tokio::test]
async fn one_that_was_connected_is_disabled() {
    let mut rehearsal = connector(&[FIRST, MIDDLE]).await;
    let (first, failed) = rehearsal.run_what_works().await;
    assert_eq!(words(&failed), [] as [&str; 0], "{failed:#?}");
    let mut first_words = Undos::new();
    note(&mut first_words, &rehearsal, &first);
    turn(&rehearsal, FIRST, "Disabled").await;
    means(&mut rehearsal, &ALL);
    let (second, failed) = rehearsal.run_what_works().await;
    assert_eq!(words(&failed), [format!("subscription@{FIRST}")], "{failed:#?}");
    assert_eq!(scopes(&rehearsal).await, ALL);
    let mut undos = Undos::new();
    note(&mut undos, &rehearsal, &second);
    let listed = undos[ROLE]["scopes"].as_array().unwrap();
    assert!(listed.len() == 3 && listed.contains(&json!(format!("/subscriptions/{FIRST}"))));
    assert_eq!(undos[ROLE]["home"], format!("/subscriptions/{MIDDLE}"));
    // The first run's word on the steps that the second did not come to.
    undos = first_words.into_iter().chain(undos).collect();
    take_back(&rehearsal, &undos).await;
    assert_eq!(scopes(&rehearsal).await, [] as [&str; 0]);
}

/// Goal: another connector that uses the role keeps what it has when one does without a subscription.
#[tokio::test]
async fn a_role_that_is_shared() {
    let mut contoso = connector(&[MIDDLE]).await;
    let (_, failed) = contoso.run_what_works().await;
    assert_eq!(words(&failed), [] as [&str; 0], "{failed:#?}");
    let mut other = Rehearsal::of("other", Arc::clone(&contoso.simulator), scope(&ALL));
    turn(&other, FIRST, "Disabled").await;
    let (done, failed) = other.run_what_works().await;
    assert_eq!(words(&failed), [format!("subscription@{FIRST}")], "{failed:#?}");
    assert_eq!(scopes(&other).await, [MIDDLE, LAST]);
    for (position, applied) in done.iter().rev().filter(|(_, applied)| !applied.undo.is_null()) {
        other.undo(*position, &applied.undo).await.unwrap();
    }
    assert_eq!(scopes(&other).await, [MIDDLE]);
    let custom = contoso.find("role-assignment.custom");
    assert_eq!(contoso.observe(custom).await.unwrap().state, observed::MATCHES);
}

/// Goal: where a management group stands for more subscriptions than a role may list, it does so
/// for those that work as well.
#[tokio::test]
async fn a_group_that_stands_for_all_of_them() {
    let ids: Vec<String> = (0..2_001).map(|n| format!("33333333-4444-5555-6666-{n:012}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut rehearsal = connector(&ids).await;
    let checks = rehearsal.positions().filter(|at| rehearsal.word(*at) == "subscription");
    rehearsal.lost = checks.skip(1).collect();
    let at = rehearsal.find(ROLE);
    assert_eq!(rehearsal.call(at).without.len(), 2_000);
    let applied = rehearsal.run_step(at).await.unwrap();
    let group = format!("/providers/Microsoft.Management/managementGroups/{TENANT}");
    assert_eq!(applied.undo["scopes"], json!([group]));
    assert_eq!(scopes(&rehearsal).await, [group]);
}
