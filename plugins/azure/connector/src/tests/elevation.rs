//! The operator takes the right at the root for one step, and never keeps it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use skybridge_azure_client::arm::elevation;
use skybridge_plugin_sdk::protocol::onboard::{applied, observed};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, settings};
use crate::azure::Fuse;

const ADMIN: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const ROLE: &str = "management-group-reader";

/// A tenant whose Global Administrator owns a subscription and nothing above it. `line` is added to
/// that person.
fn scenario(roles: &str) -> String {
    format!(
        "[[users]]\nid = \"{ADMIN}\"\nname = \"Ada\"\nprincipal-name = \"ada@contoso.example\"\n\
         password = \"rehearsal only\"\ndirectory-roles = [{roles}]\n\
         assignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" }}]\n{NO_LAG}"
    )
}

async fn rehearsal(scenario: &str) -> Rehearsal {
    let mut settings = settings();
    settings["root-management-group"] = json!("elevate");
    let mut rehearsal = Rehearsal::with(Some(scenario), settings).await;
    rehearsal.run_all(Some("service-principal")).await;
    rehearsal
}

async fn as_administrator() -> Rehearsal {
    let mut rehearsal = rehearsal(&scenario("\"Global Administrator\"")).await;
    rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
    rehearsal
}

/// Whether the administrator is User Access Administrator at `/`.
async fn is_elevated(rehearsal: &Rehearsal) -> bool {
    rehearsal.truth("roleAssignments").await.iter().any(|one| {
        let says = &one["properties"];
        says["scope"] == "/" && says["principalId"] == ADMIN
    })
}

async fn is_assigned(rehearsal: &Rehearsal) -> bool {
    let principal = rehearsal.output("service-principal", "object-id");
    rehearsal.truth("roleAssignments").await.iter().any(|one| {
        let says = &one["properties"];
        says["principalId"] == principal.as_str()
            && says["scope"].as_str().unwrap().contains("managementGroups")
    })
}

fn words() -> [String; 3] {
    ["elevation".into(), format!("role-assignment.{ROLE}"), "elevation-removal".into()]
}

/// Runs the three steps; the removal runs whatever became of the others.
async fn run(rehearsal: &mut Rehearsal) -> Vec<Result<String, Value>> {
    let mut done: Vec<Result<String, Value>> = Vec::new();
    for word in words() {
        let skipped = word != "elevation-removal" && done.iter().any(Result::is_err);
        if skipped || rehearsal.host.fuse.as_ref().is_some_and(|fuse| fuse.is_burnt()) {
            done.push(Err(json!("skipped")));
            continue;
        }
        let position = rehearsal.find(&word);
        let outcome = rehearsal.run_step(position).await;
        done.push(outcome.map(|applied| applied.action).map_err(|e| json!(e.detail.code)));
    }
    done
}

fn ok(action: &str) -> Result<String, Value> {
    Ok(action.to_owned())
}

/// Goal: the role is assigned by an administrator who had no right at the root, has none
/// afterwards, and needs none to see that all is well.
#[tokio::test]
async fn the_right_is_taken_for_one_step() {
    let mut rehearsal = as_administrator().await;
    let absent = rehearsal.observe(rehearsal.find("elevation")).await.unwrap();
    assert_eq!(absent.state, observed::ABSENT);
    assert_eq!(
        run(&mut rehearsal).await,
        [ok(applied::CREATED), ok(applied::CREATED), ok(applied::UPDATED)]
    );
    assert!(is_assigned(&rehearsal).await && !is_elevated(&rehearsal).await);
    assert!(!rehearsal.host.secrets.lock().unwrap().contains_key("elevation"));

    for word in words() {
        let position = rehearsal.find(&word);
        rehearsal.outputs.remove(&position);
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{word}: {seen:?}");
        rehearsal.outputs.insert(position, seen.outputs);
    }
    assert_eq!(
        run(&mut rehearsal).await,
        [ok(applied::UNCHANGED), ok(applied::UNCHANGED), ok(applied::UNCHANGED)]
    );
    assert_eq!(rehearsal.writes("elevating the operator"), 1);
}

/// Goal: taking the role back takes the right for that moment, and leaves nothing either.
#[tokio::test]
async fn undoing_elevates_too() {
    let mut rehearsal = as_administrator().await;
    let position = rehearsal.find(&words()[1]);
    rehearsal.run_step(rehearsal.find("elevation")).await.unwrap();
    let undo = rehearsal.run_step(position).await.unwrap().undo;
    rehearsal.run_step(rehearsal.find("elevation-removal")).await.unwrap();
    assert!(rehearsal.remains(position, &undo, false).await.unwrap().remains);
    rehearsal.undo(position, &undo).await.unwrap();
    assert!(!is_assigned(&rehearsal).await && !is_elevated(&rehearsal).await);
    assert!(!rehearsal.remains(position, &undo, false).await.unwrap().remains);
    assert!(!rehearsal.host.secrets.lock().unwrap().contains_key("elevation"));
}

/// Goal: an operator who was elevated before keeps that.
#[tokio::test]
async fn an_elevation_that_is_not_ours_stays() {
    let mut rehearsal = as_administrator().await;
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    session.send(&elevation::elevate_request()).await.unwrap();
    rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
    assert_eq!(
        run(&mut rehearsal).await,
        [ok(applied::UNCHANGED), ok(applied::CREATED), ok(applied::UNCHANGED)]
    );
    assert!(is_elevated(&rehearsal).await);
}

/// Goal: whoever cannot be elevated is told why, and nothing is noted about an elevation.
#[tokio::test]
async fn who_cannot_be_elevated_is_told() {
    let mut application = rehearsal(&format!(
        "[operator]\nassignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" \
         }}]\n{NO_LAG}"
    ))
    .await;
    let done = run(&mut application).await;
    assert_eq!(done[0], Err(json!("AZ-ELEVATE-001")));
    assert_eq!(done[2], ok(applied::UNCHANGED));
    let mut member = rehearsal(&scenario("\"Application Administrator\"")).await;
    member.azure.operate_as("ada@contoso.example", "rehearsal only");
    assert_eq!(run(&mut member).await[0], Err(json!("AZ-ELEVATE-002")));
    for rehearsal in [application, member] {
        assert!(!rehearsal.host.secrets.lock().unwrap().contains_key("elevation"));
    }
}

/// Goal: a plan says that an earlier run left its operator elevated.
#[tokio::test]
async fn a_left_elevation_is_seen_and_removed() {
    let mut rehearsal = as_administrator().await;
    rehearsal.run_step(rehearsal.find("elevation")).await.unwrap();
    let removal = rehearsal.find("elevation-removal");
    let seen = rehearsal.observe(removal).await.unwrap();
    assert_eq!(seen.state, observed::DIFFERS);
    rehearsal.outputs.clear();
    assert_eq!(rehearsal.run_step(removal).await.unwrap().action, applied::UPDATED);
    assert!(!is_elevated(&rehearsal).await);
}

/// Kills the process at each of its calls in turn, before or after the call has its effect: the next
/// run ends with the role assigned and the right gone.
async fn kill_everywhere(after: bool) {
    let mut rehearsal = as_administrator().await;
    let fuse = Fuse::endless();
    rehearsal.azure.fused(&fuse);
    rehearsal.host.fuse = Some(fuse.clone());
    for calls in 0.. {
        // A new process has no tokens of the old one.
        rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
        fuse.set(calls, after);
        run(&mut rehearsal).await;
        let finished = !fuse.is_burnt();
        fuse.set(i64::MAX, false);
        rehearsal.azure.operate_as("ada@contoso.example", "rehearsal only");
        // What an unseen elevation is waited for has passed when the next run comes.
        rehearsal.host.later(SignedDuration::from_mins(11 * (calls + 1)));
        let done = run(&mut rehearsal).await;
        assert!(done.iter().all(Result::is_ok), "after {calls} calls: {done:?}");
        assert!(is_assigned(&rehearsal).await, "after {calls} calls");
        assert!(!is_elevated(&rehearsal).await, "after {calls} calls");
        assert!(!rehearsal.host.secrets.lock().unwrap().contains_key("elevation"));
        let undo = rehearsal.apply(rehearsal.find(&words()[1])).await.unwrap().undo;
        rehearsal.undo(rehearsal.find(&words()[1]), &undo).await.unwrap();
        if finished {
            assert!(calls > 15, "{calls}");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_any_call() {
    kill_everywhere(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_any_call() {
    kill_everywhere(true).await;
}
