//! Lines 5 to 8: applications, service principals, consent and secrets.

use reqwest::Method;
use serde_json::{Value, json};

use super::{message, said, slow};
use crate::client::{Answer, Cloud, PROMPT};

const DIRECTORY_READ: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
const GRAPH_SP: &str = "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";

/// Line 5: made only when asked to, changed when there; a ghost keeps the name until it is brought
/// back or purged.
#[tokio::test]
async fn unique_names_stay_taken_until_restored_or_purged() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.graph().await;
    let path = "/applications(uniqueName='connector')";
    let body = json!({"displayName": "connector"});
    let upsert = async || {
        let prefer = [("prefer", "create-if-missing")];
        graph.send_with(Method::PATCH, path, Some(body.clone()), &prefer).await
    };
    let missing = graph.send(Method::PATCH, path, Some(body.clone())).await;
    assert_eq!(said(&missing), (404, "Request_ResourceNotFound"), "nobody asked for it");
    let made = upsert().await;
    assert_eq!(made.status, 201);
    assert_eq!(upsert().await.status, 204);
    let deleted = format!("/directory/deletedItems/{}", made.text("id"));
    let delete = async || graph.delete(&format!("/applications/{}", made.text("id"))).await;
    let assert_taken = |reply: &Answer| {
        assert_eq!(said(reply), (400, "Request_BadRequest"));
        assert!(message(reply).contains("uniqueName"), "{reply:?}");
    };
    assert_eq!(delete().await.status, 204);
    assert_taken(&upsert().await);
    assert_eq!(graph.send(Method::POST, &format!("{deleted}/restore"), None).await.status, 200);
    assert_eq!(upsert().await.status, 204, "it is there again");
    assert_eq!(delete().await.status, 204);
    assert_taken(&upsert().await);
    assert_eq!(graph.delete(&deleted).await.status, 204);
    let again = upsert().await;
    assert_eq!(again.status, 201);
    assert_ne!(again.text("id"), made.text("id"));
}

/// Line 6: a young application is missing to some replicas, cannot be changed at others, and has no
/// service principal yet.
#[tokio::test]
async fn a_young_application_is_not_everywhere() {
    let cloud = Cloud::start(&slow(&["application", "application-reference"])).await;
    let graph = cloud.graph().await;
    let prefer = [("prefer", "create-if-missing")];
    let named = "/applications(uniqueName='young')";
    let body = json!({"displayName": "young"});
    let app = graph.send_with(Method::PATCH, named, Some(body.clone()), &prefer).await;
    assert_eq!(app.status, 201, "{app:?}");
    let own = format!("/applications/{}", app.text("id"));
    for (method, path, body) in [
        (Method::GET, own.clone(), None),
        (Method::PATCH, own.clone(), Some(body.clone())),
        (Method::POST, format!("{own}/addPassword"), Some(json!({}))),
    ] {
        let reply = graph.send(method.clone(), &path, body).await;
        assert_eq!(said(&reply), (404, "Request_ResourceNotFound"), "{method} {path}");
    }
    let changed = graph.send_with(Method::PATCH, named, Some(body), &prefer).await;
    assert_eq!(changed.status, 409, "{changed:?}");
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let body = json!({"appId": app.text("appId")});
        let reply = graph.post("/servicePrincipals", body).await;
        let word = match reply.status.as_u16() {
            400 => "does not reference a valid application object",
            403 => "must in the local tenant",
            _ => panic!("{reply:?}"),
        };
        assert!(message(&reply).contains(word), "{reply:?}");
        ways.insert(reply.status.as_u16());
    }
    assert_eq!(ways.into_iter().collect::<Vec<_>>(), [400, 403]);

    // Not only late, but now here and now there.
    let flapping = PROMPT.replace("\napplication = 0", "\napplication = 1500");
    let cloud = Cloud::start(&flapping).await;
    let graph = cloud.graph().await;
    let app = graph.post("/applications", json!({"displayName": "young"})).await;
    let own = format!("/applications/{}", app.text("id"));
    graph.until(Method::GET, &own, None, |reply| reply.status == 404).await;
    graph.until(Method::GET, &own, None, |reply| reply.status == 200).await;
}

async fn grant(cloud: &Cloud, principal: &str) -> Answer {
    let graph = cloud.graph().await;
    let resource = graph.get(&format!("{GRAPH_SP}?$select=id")).await.text("id");
    let body =
        json!({"principalId": principal, "resourceId": resource, "appRoleId": DIRECTORY_READ});
    graph.post(&format!("/servicePrincipals/{resource}/appRoleAssignedTo"), body).await
}

/// Line 7: unknown while young in two ways, refused twice in two ways, listed later than refused,
/// and not for whoever may only write applications.
#[tokio::test]
async fn app_roles_are_granted_once_and_listed_later() {
    let cloud = Cloud::start(&slow(&["service-principal"])).await;
    let (_, _, principal) = cloud.connector().await;
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let early = grant(&cloud, &principal).await;
        match early.status.as_u16() {
            404 => assert_eq!(early.code(), "Request_ResourceNotFound"),
            _ => assert_eq!(
                (early.status.as_u16(), message(&early)),
                (400, "Not a valid reference update.")
            ),
        }
        ways.insert(early.status.as_u16());
    }
    assert_eq!(ways.into_iter().collect::<Vec<_>>(), [400, 404]);

    let cloud = Cloud::start(&slow(&["app-role-assignment"])).await;
    let (_, _, principal) = cloud.connector().await;
    assert_eq!(grant(&cloud, &principal).await.status, 201);
    let mut ways = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let again = grant(&cloud, &principal).await;
        assert_eq!(again.status, 400);
        assert!(message(&again).contains("already exists"), "{again:?}");
        ways.insert(message(&again).to_owned());
    }
    let expected = [
        "EntitlementGrant entry already exists.",
        "Permission being assigned already exists on the object",
    ];
    assert_eq!(ways.into_iter().collect::<Vec<_>>(), expected);
    let held = format!("/servicePrincipals/{principal}/appRoleAssignments");
    let listed = cloud.graph().await.get(&held).await;
    assert_eq!(listed.body["value"], json!([]), "the list lags behind the refusal");

    let roles = "[operator]\ngraph-roles = ['Application.ReadWrite.All']";
    let cloud = Cloud::start(&format!("{PROMPT}\n{roles}")).await;
    let (_, _, principal) = cloud.connector().await;
    let denied = grant(&cloud, &principal).await;
    assert_eq!(said(&denied), (403, "Authorization_RequestDenied"));
    application_administrator().await;
}

/// A person who may register applications and may not consent to Microsoft Graph's app roles.
async fn application_administrator() {
    let person = "\n[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000009'\nname = 'A'\n\
        principal-name = 'a@contoso.example'\npassword = 'p'\n\
        directory-roles = ['Application Administrator']\n";
    let cloud = Cloud::start(&format!("{PROMPT}{person}")).await;
    let (_, _, principal) = cloud.connector().await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "a@contoso.example"),
        ("password", "p"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let graph = cloud.graph_as(cloud.form(&form).await.text("access_token"));
    let resource = graph.get(GRAPH_SP).await.text("id");
    let body =
        json!({"principalId": principal, "resourceId": resource, "appRoleId": DIRECTORY_READ});
    let denied =
        graph.post(&format!("/servicePrincipals/{resource}/appRoleAssignedTo"), body).await;
    assert_eq!(said(&denied), (403, "Authorization_RequestDenied"));
}

/// Line 8: the text is shown once; a lost answer leaves a key that can be found and removed; the
/// tenant's policy is kept.
#[tokio::test]
async fn secrets_are_shown_once_and_orphans_can_be_cleaned() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let add = format!("/applications/{app}/addPassword");
    let made = graph.post(&add, json!({})).await;
    assert_eq!((made.status.as_u16(), made.text("secretText").len()), (200, 40));
    let keys = async || {
        graph.get(&format!("/applications/{app}")).await.body["passwordCredentials"].clone()
    };
    assert_eq!(keys().await[0]["secretText"], Value::Null, "never again");

    let rule = "[[faults]]\nservice = 'graph'\npath-contains = '/addPassword'\ntimes = 1\n\
                effect = 'reset-after-commit'\n";
    assert_eq!(cloud.replace_faults(rule).await.status, 200);
    let request = cloud.http.post(format!("{}{add}", graph.base)).bearer_auth(&graph.token);
    let body = json!({"passwordCredential": {"displayName": "lost"}});
    assert!(request.json(&body).send().await.is_err());
    let all = keys().await;
    let orphan = all.as_array().unwrap().iter().find(|it| it["displayName"] == "lost").unwrap();
    let remove = format!("/applications/{app}/removePassword");
    assert_eq!(graph.post(&remove, json!({"keyId": orphan["keyId"]})).await.status, 204);
    assert_eq!(keys().await.as_array().unwrap().len(), 1);

    let cloud = Cloud::start(&format!("{PROMPT}\n[policy]\nmax-secret-lifetime-days = 30")).await;
    let (app, ..) = cloud.connector().await;
    let body = json!({"passwordCredential": {
        "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-03-01T00:00:00Z",
    }});
    let long = cloud.graph().await.post(&format!("/applications/{app}/addPassword"), body).await;
    assert_eq!(said(&long), (400, "CredentialInvalidLifetimeAsPerAppPolicy"));
}
