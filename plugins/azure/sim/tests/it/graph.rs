//! The directory: applications, principals, grants, passwords, deleted items.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cloud, PROMPT};

const DIRECTORY_READ: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
const GRAPH_SP: &str = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

// §15.5: made when asked, changed when there, taken by its ghost, freed by purge and by restore.
#[tokio::test]
async fn unique_names_outlive_their_applications() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.graph().await;
    let path = "/applications(uniqueName='connector')";
    let body = json!({"displayName": "c", "signInAudience": "AzureADMyOrg"});
    let upsert = async |body: Value| {
        let prefer = [("prefer", "create-if-missing")];
        graph.send_with(Method::PATCH, path, Some(body), &prefer).await
    };
    let missing = graph.send(Method::PATCH, path, Some(body.clone())).await;
    assert_eq!((missing.status.as_u16(), missing.code()), (404, "Request_ResourceNotFound"));
    let made = upsert(body.clone()).await;
    assert_eq!((made.status.as_u16(), made.text("uniqueName")), (201, "connector".to_owned()));
    assert_eq!(upsert(json!({"description": "d"})).await.status, 204);
    assert_eq!(graph.get(path).await.text("description"), "d");
    let id = made.text("id");
    assert_eq!(graph.delete(&format!("/applications/{id}")).await.status, 204);
    let taken = upsert(body.clone()).await;
    assert_eq!((taken.status.as_u16(), taken.code()), (400, "Request_BadRequest"));
    assert!(taken.body["error"]["message"].as_str().unwrap().contains("uniqueName already exists"));
    let restore = format!("/directory/deletedItems/{id}/restore");
    assert_eq!(graph.send(Method::POST, &restore, None).await.status, 200);
    assert_eq!(upsert(body.clone()).await.status, 204);
    graph.delete(&format!("/applications/{id}")).await;
    let deleted = graph.get("/directory/deletedItems/microsoft.graph.application").await;
    assert_eq!(deleted.body["value"][0]["id"], json!(id));
    assert_eq!(graph.delete(&format!("/directory/deletedItems/{id}")).await.status, 204);
    assert_eq!(upsert(body).await.status, 201);
}

// §15.6: a young application flaps for every caller, in the ways real ones do.
#[tokio::test]
async fn a_young_application_flaps() {
    let scenario = PROMPT
        .replace("application = 0\n", "application = 600\n")
        .replace("application-reference = 0", "application-reference = 600");
    let cloud = Cloud::start(&scenario).await;
    let graph = cloud.graph().await;
    let app = graph.post("/applications", json!({"displayName": "young"})).await;
    let path = format!("/applications/{}", app.text("id"));
    let early = graph.get(&path).await;
    assert_eq!((early.status.as_u16(), early.code()), (404, "Request_ResourceNotFound"));
    let body = json!({"appId": app.text("appId")});
    let refused = graph.post("/servicePrincipals", body.clone()).await;
    assert!(matches!(refused.status.as_u16(), 400 | 403), "{refused:?}");
    let made = graph
        .until(Method::POST, "/servicePrincipals", Some(body), |reply| reply.status == 201)
        .await;
    assert_eq!(made.text("appId"), app.text("appId"));
    graph.until(Method::GET, &path, None, |reply| reply.status == 200).await;
}

// §15.7: consent; refused twice, in a list after a while, gone when revoked.
#[tokio::test]
async fn app_roles_are_granted_once() {
    let scenario = PROMPT.replace("app-role-assignment = 0", "app-role-assignment = 400");
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let resource = graph.get(&format!("{GRAPH_SP}?$select=id,appRoles")).await;
    let role = resource.body["appRoles"].as_array().unwrap().iter();
    let role = role.into_iter().find(|role| role["value"] == "Directory.Read.All").unwrap();
    assert_eq!(role["id"], DIRECTORY_READ);
    assert_eq!(resource.body.get("displayName"), None, "only what was selected");
    let body = json!({
        "principalId": principal, "resourceId": resource.text("id"), "appRoleId": DIRECTORY_READ,
    });
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", resource.text("id"));
    let made = graph.post(&path, body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    let again = graph.post(&path, body.clone()).await;
    assert_eq!(again.status, 400);
    assert!(again.body["error"]["message"].as_str().unwrap().contains("already exists"));
    let held = format!("/servicePrincipals/{principal}/appRoleAssignments");
    assert_eq!(graph.get(&held).await.body["value"], json!([]), "the list lags behind");
    let listed =
        graph.until(Method::GET, &held, None, |reply| reply.body["value"] != json!([])).await;
    let id = listed.body["value"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(id, made.text("id"));
    assert_eq!(graph.delete(&format!("{path}/{id}")).await.status, 204);
    assert_eq!(graph.post(&path, body).await.status, 201);
}

// §15.7: writing applications is not granting Microsoft Graph's roles.
#[tokio::test]
async fn consent_needs_its_own_permission() {
    let scenario = format!("{PROMPT}\n[operator]\ngraph-roles = ['Application.ReadWrite.All']");
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let resource = graph.get(GRAPH_SP).await.text("id");
    let body =
        json!({"principalId": principal, "resourceId": resource, "appRoleId": DIRECTORY_READ});
    let reply = graph.post(&format!("/servicePrincipals/{resource}/appRoleAssignedTo"), body).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "Authorization_RequestDenied"));
    assert_eq!(graph.get("/policies/authorizationPolicy").await.status, 403);
}

// §15.8: a secret is shown once; a tenant's policy limits its life.
#[tokio::test]
async fn secrets_are_shown_once() {
    let scenario = format!("{PROMPT}\n[policy]\nmax-secret-lifetime-days = 180");
    let cloud = Cloud::start(&scenario).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let add = format!("/applications/{app}/addPassword");
    let credential = |end: &str| {
        json!({"passwordCredential": {
            "displayName": "k", "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": end,
        }})
    };
    let long = graph.post(&add, credential("2027-01-01T00:00:00Z")).await;
    assert_eq!(
        (long.status.as_u16(), long.code()),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy")
    );
    let made = graph.post(&add, credential("2026-06-01T00:00:00Z")).await;
    let secret = made.text("secretText");
    assert_eq!((made.status.as_u16(), secret.len()), (200, 40));
    assert!(secret.starts_with(&made.text("hint")));
    let read = graph.get(&format!("/applications/{app}?$select=passwordCredentials")).await;
    assert_eq!(read.body["passwordCredentials"][0]["keyId"], made.body["keyId"]);
    assert_eq!(read.body["passwordCredentials"][0]["secretText"], Value::Null);
    assert!(!cloud.state().await.to_string().contains(&secret));
    assert!(!cloud.traffic().await.to_string().contains(&secret));
    let remove = format!("/applications/{app}/removePassword");
    let body = json!({"keyId": made.body["keyId"]});
    assert_eq!(graph.post(&remove, body.clone()).await.status, 204);
    assert_eq!(graph.post(&remove, body).await.status, 400);
}

// Goal: lists are filtered and paged, properties checked, what is immutable stays.
#[tokio::test]
async fn manners_of_the_directory() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.graph().await;
    for number in 0..4 {
        let body = json!({"displayName": format!("app {number}"), "tags": ["t"]});
        assert_eq!(graph.post("/applications", body).await.status, 201);
    }
    let (all, pages) = graph.all("/applications?$select=id,displayName", "@odata.nextLink").await;
    assert_eq!((all.len(), pages), (5, 3));
    let one = graph.get("/applications?$filter=displayName%20eq%20'app%202'").await;
    let app = &one.body["value"][0];
    assert_eq!(app["signInAudience"], "AzureADandPersonalMicrosoftAccount");
    let path = format!("/applications/{}", app["id"].as_str().unwrap());
    let patch = async |body: Value| graph.send(Method::PATCH, &path, Some(body)).await;
    assert_eq!(patch(json!({"tags": ["new"]})).await.status, 204);
    assert_eq!(graph.get(&path).await.body["tags"], json!(["new"]), "replaced, not merged");
    for wrong in [
        json!({"appId": "x"}),
        json!({"colour": 1}),
        json!({"displayName": 5}),
        json!({"requiredResourceAccess": [{"resourceAppId": "x"}]}),
        json!({"passwordCredentials": []}),
    ] {
        let reply = patch(wrong.clone()).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, "Request_BadRequest"), "{wrong}");
    }
    let refused = graph.get("/applications?$filter=colour%20eq%20'red'").await;
    assert_eq!(refused.code(), "Request_UnsupportedQuery");
    assert_eq!(graph.get("/organization").await.body["value"][0]["id"], cloud.tenant());
    let policy = graph.get("/policies/authorizationPolicy").await;
    assert_eq!(policy.body["defaultUserRolePermissions"]["allowedToCreateApps"], false);
    let headers = [("client-request-id", "abc")];
    let reply = graph.send_with(Method::GET, "/users", None, &headers).await;
    assert_eq!(reply.headers["client-request-id"], "abc");
    assert!(reply.headers.contains_key("request-id"));
}
