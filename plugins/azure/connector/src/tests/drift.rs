//! What was changed behind our back is seen by a look, named, and put right by the next run.

use serde_json::{Value, json};
use skybridge_azure_client::arm::role_assignments::{self, NewAssignment};
use skybridge_azure_client::arm::role_definitions::{self, NewRole};
use skybridge_azure_client::graph::app_role_assignments;
use skybridge_azure_client::graph::applications::{self, RequiredResourceAccess, ResourceAccess};
use skybridge_azure_client::graph::service_principals::{self, ServicePrincipal};
use skybridge_azure_client::{Request, client};
use skybridge_plugin_sdk::protocol::onboard::{Observation, applied, observed};

use super::support::{NO_LAG, Rehearsal, SUBSCRIPTION};

const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

async fn onboarded() -> Rehearsal {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    rehearsal.run_all(None).await;
    rehearsal
}

async fn send(rehearsal: &Rehearsal, request: &Request) {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    session.send(request).await.unwrap();
}

/// Looks at every step: all but `word` are as they should be. Then everything is run again.
async fn repair(rehearsal: &mut Rehearsal, word: &str) -> Observation {
    let mut drifted = None;
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        if rehearsal.word(position) == word {
            drifted = Some(seen);
        } else if !rehearsal.word(position).starts_with("verification") {
            assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
        }
    }
    rehearsal.run = "run-2".into();
    rehearsal.run_all(None).await;
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
    }
    drifted.unwrap()
}

#[tokio::test]
async fn a_removed_assignment() {
    let mut rehearsal = onboarded().await;
    let id = rehearsal.output("role-assignment.reader", "id");
    let (scope, name) =
        id.split_once("/providers/Microsoft.Authorization/roleAssignments/").unwrap();
    send(&rehearsal, &role_assignments::delete_request(scope, name)).await;
    let seen = repair(&mut rehearsal, "role-assignment.reader").await;
    assert_eq!(seen.state, observed::ABSENT);
}

#[tokio::test]
async fn an_edited_custom_role() {
    let mut rehearsal = onboarded().await;
    let id = rehearsal.output("role-definition.custom", "role-definition-id");
    let (scope, name) =
        id.split_once("/providers/Microsoft.Authorization/roleDefinitions/").unwrap();
    let role = NewRole {
        role_name: "Skybridge Connector (skybridge-connector)",
        description: "edited",
        actions: &["Microsoft.Web/sites/config/list/Action".to_owned()],
        assignable_scopes: &[scope.to_owned()],
    };
    send(&rehearsal, &role_definitions::put_request(scope, name, role)).await;
    let seen = repair(&mut rehearsal, "role-definition.custom").await;
    assert_eq!(seen.state, observed::DIFFERS);
    assert_eq!(seen.changes[0].path, "actions");
}

#[tokio::test]
async fn a_revoked_consent() {
    let mut rehearsal = onboarded().await;
    let id = rehearsal.output("admin-consent.policy-read-all", "id");
    let resource = graph(&rehearsal).await.id;
    send(&rehearsal, &app_role_assignments::revoke_request(&resource, &id)).await;
    let seen = repair(&mut rehearsal, "admin-consent.policy-read-all").await;
    assert_eq!(seen.state, observed::ABSENT);
}

#[tokio::test]
async fn a_changed_application() {
    let mut rehearsal = onboarded().await;
    let id = rehearsal.output("application", "object-id");
    send(&rehearsal, &applications::patch_request(&id, json!({ "tags": [] }))).await;
    let seen = repair(&mut rehearsal, "application").await;
    assert_eq!(seen.state, observed::DIFFERS);
}

async fn graph(rehearsal: &Rehearsal) -> ServicePrincipal {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let request = service_principals::get_app_roles_request(GRAPH);
    let response = session.send(&request).await.unwrap();
    client::decode(&request, &response).unwrap()
}

/// Gives the connector three things nobody planned.
async fn give_more(rehearsal: &Rehearsal) {
    let principal = rehearsal.output("service-principal", "object-id");
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let role = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}");
    let new = NewAssignment {
        role_definition_id: &role,
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let name = "0f0f0f0f-0000-4000-8000-000000000004";
    send(rehearsal, &role_assignments::put_request(&scope, name, new)).await;
    let graph = graph(rehearsal).await;
    let planned = ["Directory.Read.All", "Policy.Read.All"];
    let other = graph
        .app_roles
        .iter()
        .find(|role| role.value.as_deref().is_some_and(|value| !planned.contains(&value)));
    let other = other.unwrap().id.clone();
    send(rehearsal, &app_role_assignments::grant_request(&principal, &graph.id, &other)).await;
    let id = rehearsal.output("application", "object-id");
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let app: applications::Application =
        session.json(&applications::get_request(&id)).await.unwrap();
    let mut list: Vec<RequiredResourceAccess> = app.required_resource_access;
    let access = ResourceAccess { id: other, access_type: "Role".into() };
    list[0].resource_access.push(access);
    send(rehearsal, &applications::set_required_access_request(&id, &list)).await;
}

/// Goal: a role, a consent and a listed permission too many are each named and taken away, and
/// nothing else is.
#[tokio::test]
async fn grants_nobody_planned() {
    let mut rehearsal = onboarded().await;
    give_more(&rehearsal).await;
    let before = rehearsal.host.writes.lock().unwrap().len();
    let position = rehearsal.find("unplanned-grants");
    let seen = rehearsal.observe(position).await.unwrap();
    assert_eq!((seen.state.as_str(), seen.changes.len()), (observed::DIFFERS, 3), "{seen:?}");
    let said: Vec<&Value> = seen.changes.iter().map(|change| &change.from).collect();
    let role = format!("Contributor on /subscriptions/{SUBSCRIPTION}");
    assert!(said.contains(&&json!(role)), "{said:?}");
    let done = rehearsal.run_step(position).await.unwrap();
    assert_eq!(done.action, applied::UPDATED);
    assert_eq!(rehearsal.host.writes.lock().unwrap().len(), before + 3);
    for position in rehearsal.positions() {
        let seen = rehearsal.observe(position).await.unwrap();
        assert_eq!(seen.state, observed::MATCHES, "{}: {seen:?}", rehearsal.word(position));
    }
}

/// Goal: what an adopted application has besides is told and left alone.
#[tokio::test]
async fn grants_of_an_adopted_application_are_told() {
    let mut rehearsal = Rehearsal::new(Some(NO_LAG)).await;
    let path = skybridge_azure_client::request::Path::fixed("/v1.0/applications");
    let method = skybridge_azure_client::Method::Post;
    let body = json!({ "displayName": "skybridge-connector", "signInAudience": "AzureADMyOrg" });
    let service = skybridge_azure_client::Service::Graph;
    send(&rehearsal, &Request::new(service, method, path, "registering").json(body)).await;
    rehearsal.run_all(None).await;
    give_more(&rehearsal).await;
    let before = rehearsal.host.writes.lock().unwrap().len();
    let position = rehearsal.find("unplanned-grants");
    let seen = rehearsal.observe(position).await.unwrap();
    assert_eq!(seen.state, observed::MATCHES);
    assert!(seen.detail.unwrap().contains("Contributor on"));
    let done = rehearsal.apply(position).await.unwrap();
    assert_eq!(done.action, applied::UNCHANGED);
    assert!(done.detail.unwrap().contains("left alone"));
    assert_eq!(rehearsal.host.writes.lock().unwrap().len(), before);
}
