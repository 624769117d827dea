//! Applications that are there already: used, refused, or brought back from among the deleted.

use serde_json::{Value, json};
use skybridge_azure_client::cloud::Service;
use skybridge_azure_client::graph::{applications, passwords};
use skybridge_azure_client::request::{Method, Path};
use skybridge_azure_client::{Request, client};
use skybridge_plugin_sdk::protocol::onboard::{applied, observed};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION, settings};

const NAME: &str = "skybridge-connector";

/// Registers an application by hand, as the page says.
async fn register(rehearsal: &Rehearsal, extra: Value) -> applications::Application {
    let path = Path::fixed("/v1.0/applications");
    let mut body = json!({ "displayName": NAME, "signInAudience": "AzureADMyOrg" });
    for (key, value) in extra.as_object().unwrap() {
        body[key] = value.clone();
    }
    let request = Request::new(Service::Graph, Method::Post, path, "registering").json(body);
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let response = session.send(&request).await.unwrap();
    client::decode(&request, &response).unwrap()
}

async fn refusal(rehearsal: &Rehearsal) -> String {
    let error = rehearsal.apply(rehearsal.find("application")).await.unwrap_err();
    assert!(error.detail.help.is_some(), "{error:?}");
    error.detail.code.unwrap()
}

/// Goal: an application registered by hand is used as it is and no second one of its name is made.
#[tokio::test]
async fn an_application_made_by_hand_is_adopted() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let made = register(&rehearsal, json!({})).await;
    let position = rehearsal.find("application");
    let seen = rehearsal.observe(position).await.unwrap();
    assert_eq!(seen.state, observed::FOREIGN, "{seen:?}");
    let done = rehearsal.run_all(None).await;
    let (_, application) = done.iter().find(|(p, _)| *p == position).unwrap();
    assert_eq!((application.action.as_str(), &application.undo), (applied::ADOPTED, &json!(null)));
    assert_eq!(rehearsal.output("application", "object-id"), made.id);
    let all = rehearsal.truth("applications").await;
    let named: Vec<&Value> = all.iter().filter(|app| app["displayName"] == NAME).collect();
    assert_eq!(named.len(), 1);
    assert_eq!((&named[0]["tags"], &named[0]["uniqueName"]), (&json!([]), &Value::Null));
    // Our own secret in it does not make it a stranger's the next time.
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::FOREIGN);
}

/// Goal: a role that somebody gave by hand is found and adopted without trying to give it again.
#[tokio::test]
async fn a_role_given_by_hand_is_adopted_without_a_write() {
    use skybridge_azure_client::arm::role_assignments::{NewAssignment, put_request};
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    rehearsal.run_all(Some("service-principal")).await;
    let principal = rehearsal.output("service-principal", "object-id");
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let role = crate::roles::READER.id.unwrap();
    let new = NewAssignment {
        role_definition_id: &format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let name = "0f0f0f0f-0000-4000-8000-000000000002";
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    session.send(&put_request(&scope, name, new)).await.unwrap();
    // As in a later run, which finds the principal.
    let at = rehearsal.find("service-principal");
    rehearsal.outputs.get_mut(&at).unwrap().insert("fresh".into(), json!(false));
    let position = rehearsal.find("role-assignment.reader");
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::FOREIGN);
    let written = rehearsal.writes("creating role assignment");
    let done = rehearsal.apply(position).await.unwrap();
    assert_eq!((done.action.as_str(), &done.undo), (applied::ADOPTED, &json!(null)));
    assert!(done.outputs["id"].as_str().unwrap().ends_with(name));
    assert_eq!(rehearsal.writes("creating role assignment"), written);
}

/// Goal: an application whose credentials somebody else holds is not given anything.
#[tokio::test]
async fn an_application_with_credentials_of_others_is_refused() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let made = register(&rehearsal, json!({})).await;
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let (start, end) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let request = passwords::add_request(&made.id, "made by hand", start, end);
    session.send(&request).await.unwrap();
    assert_eq!(refusal(&rehearsal).await, "AZ-APP-005");
    let seen = rehearsal.observe(rehearsal.find("application")).await.unwrap_err();
    assert_eq!(seen.detail.code.as_deref(), Some("AZ-APP-005"));
}

/// Goal: an application that other tenants can use is not given anything.
#[tokio::test]
async fn an_application_open_to_other_tenants_is_refused() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    register(&rehearsal, json!({ "signInAudience": "AzureADMultipleOrgs" })).await;
    assert_eq!(refusal(&rehearsal).await, "AZ-APP-005");
}

/// Goal: of two applications of one name none is guessed.
#[tokio::test]
async fn two_applications_of_one_name_are_refused() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    register(&rehearsal, json!({})).await;
    register(&rehearsal, json!({})).await;
    assert_eq!(refusal(&rehearsal).await, "AZ-APP-006");
}

/// Goal: what another tool or connector manages is left alone, whatever it is called.
#[tokio::test]
async fn what_others_manage_is_left_alone() {
    let rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let marked = json!({ "tags": ["managed-by:skybridge", "skybridge-connector:fabrikam"] });
    let other = register(&rehearsal, marked.clone()).await;
    let position = rehearsal.find("application");
    assert_eq!(rehearsal.apply(position).await.unwrap().action, applied::CREATED);
    let all = rehearsal.truth("applications").await;
    let untouched = all.iter().find(|app| app["id"] == other.id.as_str()).unwrap();
    assert_eq!(untouched["tags"], marked["tags"]);

    let ours = all.iter().find(|app| app["id"] != other.id.as_str() && app["displayName"] == NAME);
    let id = ours.unwrap()["id"].as_str().unwrap();
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    session.send(&applications::patch_request(id, marked)).await.unwrap();
    assert_eq!(refusal(&rehearsal).await, "AZ-APP-004");
}

/// Runs up to the application, deletes it, and tries again with `way`.
async fn deleted(way: &str) -> (Rehearsal, String) {
    let mut settings = settings();
    settings["deleted-application"] = json!(way);
    let mut rehearsal = Rehearsal::with(Some(NO_LAG), settings).await;
    let position = rehearsal.find("application");
    let done = rehearsal.run_step(position).await.unwrap();
    let id = rehearsal.output("application", "object-id");
    rehearsal.undo(position, &done.undo).await.unwrap();
    rehearsal.outputs.clear();
    let seen = rehearsal.observe(position).await.unwrap();
    assert_eq!(seen.state, observed::ABSENT);
    assert!(seen.detail.unwrap().contains("was deleted"));
    (rehearsal, id)
}

/// Goal: a deleted application of ours comes back.
#[tokio::test]
async fn a_deleted_application_is_restored() {
    let (mut rehearsal, id) = deleted("restore").await;
    rehearsal.run_step(rehearsal.find("application")).await.unwrap();
    assert_eq!(rehearsal.output("application", "object-id"), id);
}

/// Goal: or it is removed for good, and a new one has its name.
#[tokio::test]
async fn a_deleted_application_is_purged() {
    let (mut rehearsal, id) = deleted("purge").await;
    rehearsal.run_step(rehearsal.find("application")).await.unwrap();
    assert_ne!(rehearsal.output("application", "object-id"), id);
    assert!(rehearsal.truth("deletedItems").await.is_empty());
}

/// Goal: or a person is asked to decide, and nothing is changed.
#[tokio::test]
async fn a_deleted_application_is_a_reason_to_stop() {
    let (rehearsal, id) = deleted("refuse").await;
    assert_eq!(refusal(&rehearsal).await, "AZ-APP-003");
    let waiting = rehearsal.truth("deletedItems").await;
    assert_eq!(waiting[0]["id"], id.as_str());
}
