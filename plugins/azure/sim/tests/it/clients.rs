//! Clients of the tenant's own: tokens say what was consented to, and no call gets more than both
//! the client and the person may.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, As, Cloud, PROMPT, answer};

const OWN: &str = "cccccccc-0000-4000-8000-000000000001";
const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const ADMIN: &str = "admin@contoso.example";
const GRAPH: &str = "https://graph.microsoft.com/.default offline_access";
const MANAGER: &str = "https://management.azure.com/.default offline_access";
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";
const DIRECTORY_READ: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A tenant whose Global Administrator has a client that may do `scopes`, and more as `more` says.
async fn tenant(scopes: &[&str], more: &str) -> Cloud {
    let text = format!(
        "{PROMPT}[device-code]\napprove-as = '{ADMIN}'\n\
         [[clients]]\nclient-id = '{OWN}'\nname = 'own'\ngraph-scopes = {scopes:?}\n{more}\n"
    );
    Cloud::start(&text).await
}

async fn sign_in(cloud: &Cloud, client: &str, scope: &str) -> Answer {
    let form = [
        ("grant_type", "password"),
        ("client_id", client),
        ("username", ADMIN),
        ("password", "rehearsal only"),
        ("scope", scope),
    ];
    cloud.form(&form).await
}

async fn refresh(cloud: &Cloud, token: &str, scope: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", OWN),
        ("refresh_token", token),
        ("scope", scope),
    ];
    cloud.form(&form).await
}

async fn device_code(cloud: &Cloud, client: &str) -> Answer {
    let url = format!("{}/{}/oauth2/v2.0/devicecode", cloud.login(), cloud.tenant());
    let form = [("client_id", client), ("scope", GRAPH)];
    answer(cloud.http.post(url).form(&form).send().await.unwrap()).await
}

async fn redeem(cloud: &Cloud, client: &str, code: &Answer) -> Answer {
    let code = code.text("device_code");
    cloud.form(&[("grant_type", DEVICE), ("client_id", client), ("device_code", &code)]).await
}

fn claims(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.text("access_token");
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn refused(answer: &Answer) -> (u16, String, u64) {
    let number = answer.body["error_codes"][0].as_u64().unwrap_or_default();
    (answer.status.as_u16(), answer.text("error"), number)
}

/// Goal: whichever way a person signs in, a token has what was consented to for its client, all of
/// it and no more, whatever was asked for.
#[tokio::test]
async fn a_token_has_what_was_consented_to() {
    let scopes = ["User.Read", "Application.ReadWrite.All", "Policy.Read.All"];
    let cloud = tenant(&scopes, "resource-manager = true").await;
    let expected = "Application.ReadWrite.All email openid Policy.Read.All profile User.Read";
    let code = device_code(&cloud, OWN).await;
    let by_code = redeem(&cloud, OWN, &code).await;
    let said = claims(&by_code);
    assert_eq!((said["scp"].as_str(), said["appid"].as_str()), (Some(expected), Some(OWN)));
    let next = refresh(&cloud, &by_code.text("refresh_token"), MANAGER).await;
    assert_eq!(claims(&next)["scp"], "user_impersonation");
    let again = refresh(&cloud, &next.text("refresh_token"), GRAPH).await;
    assert_eq!(claims(&again)["scp"], expected);
    for asked in [GRAPH, "User.Read", "https://graph.microsoft.com/Policy.Read.All"] {
        assert_eq!(claims(&sign_in(&cloud, OWN, asked).await)["scp"], expected, "{asked}");
    }
    let shown = sign_in(&cloud, OWN, "User.Read").await.text("scope");
    assert!(shown.contains("graph.microsoft.com/User.Read"), "{shown}");
}

/// Goal: what nobody consented to is refused by name, in every way of signing in.
#[tokio::test]
async fn what_was_not_consented_to_is_refused() {
    let cloud = tenant(&["User.Read"], "").await;
    let lacking = (400, "invalid_grant".to_owned(), 65_001);
    for asked in ["Policy.Read.All", MANAGER, "https://storage.azure.com/.default"] {
        let answer = sign_in(&cloud, OWN, asked).await;
        assert_eq!(refused(&answer), lacking, "{asked}");
        assert_eq!(answer.text("suberror"), "consent_required");
        assert!(answer.text("error_description").contains("named 'own'"), "{answer:?}");
    }
    let code = device_code(&cloud, OWN).await;
    let by_code = redeem(&cloud, OWN, &code).await;
    assert_eq!(claims(&by_code)["scp"], "email openid profile User.Read");
    let next = refresh(&cloud, &by_code.text("refresh_token"), MANAGER).await;
    assert_eq!(refused(&next), lacking);
    let nothing = tenant(&[], "resource-manager = true").await;
    let code = device_code(&nothing, OWN).await;
    assert_eq!(refused(&redeem(&nothing, OWN, &code).await), lacking);
}

/// Goal: a client the tenant does not have, and an application that is no public client, are refused
/// as the login service does it.
#[tokio::test]
async fn clients_nobody_may_sign_in_to() {
    let cloud = tenant(&["User.Read"], "").await;
    let unknown = (400, "unauthorized_client".to_owned(), 700_016);
    for client in ["cccccccc-0000-4000-8000-00000000000f", "nonsense"] {
        assert_eq!(refused(&device_code(&cloud, client).await), unknown);
        assert_eq!(refused(&sign_in(&cloud, client, GRAPH).await), unknown);
    }
    let operator = cloud.simulator.ready().operator.client_id.to_string();
    let confidential = (401, "invalid_client".to_owned(), 7_000_218);
    assert_eq!(refused(&sign_in(&cloud, &operator, GRAPH).await), confidential);
    // It is given a code all the same, and refused once the person has signed in.
    let code = device_code(&cloud, &operator).await;
    assert_eq!(code.status, 200, "{code:?}");
    assert_eq!(refused(&redeem(&cloud, &operator, &code).await), confidential);
    // A code belongs to the client it was given to.
    let code = device_code(&cloud, OWN).await;
    assert_eq!(refused(&redeem(&cloud, CLI, &code).await).2, 70_018);
}

/// What a Global Administrator is answered through a client that may do `scopes`: registering,
/// changing, consenting, and reading the directory's parts.
async fn through(scopes: &[&str]) -> [u16; 7] {
    let cloud = tenant(scopes, "").await;
    let (app, _, principal) = cloud.connector().await;
    let operator = cloud.graph().await;
    let resource = operator.get(&format!("/servicePrincipals(appId='{GRAPH_APP}')")).await;
    let resource = resource.text("id");
    let token = sign_in(&cloud, OWN, GRAPH).await;
    let graph: As<'_> = cloud.graph_as(token.text("access_token"));
    let changed = json!({"notes": "changed"});
    let grant =
        json!({"principalId": principal, "resourceId": resource, "appRoleId": DIRECTORY_READ});
    let eligible = "/roleManagement/directory/roleEligibilityScheduleInstances";
    let answers = [
        graph.post("/applications", json!({"displayName": "mine"})).await,
        graph.send(Method::PATCH, &format!("/applications/{app}"), Some(changed)).await,
        graph.post(&format!("/servicePrincipals/{resource}/appRoleAssignedTo"), grant).await,
        graph.get("/applications").await,
        graph.get("/policies/defaultAppManagementPolicy").await,
        graph.get("/me").await,
        graph.get(eligible).await,
    ];
    for answer in answers.iter().take(6).filter(|it| it.status == 403) {
        assert_eq!(answer.code(), "Authorization_RequestDenied", "{scopes:?}: {answer:?}");
    }
    if answers[6].status == 403 {
        let said = answers[6].body["error"]["message"].as_str().unwrap();
        assert!(said.contains("PermissionScopeNotGranted"), "{said}");
    }
    answers.map(|answer| answer.status.as_u16())
}

/// Goal: no role of a person makes up for what the client may not do.
#[tokio::test]
async fn a_client_does_no_more_than_was_consented_to() {
    for (scopes, expected) in [
        (&["User.Read"][..], [403, 403, 403, 403, 403, 200, 403]),
        (&["Application.Read.All"], [403, 403, 403, 200, 403, 403, 403]),
        (&["Application.ReadWrite.All"], [201, 204, 403, 200, 403, 403, 403]),
        (&["AppRoleAssignment.ReadWrite.All"], [403, 403, 201, 403, 403, 403, 403]),
        (&["Policy.Read.All"], [403, 403, 403, 403, 200, 403, 403]),
        (&["RoleEligibilitySchedule.Read.Directory"], [403, 403, 403, 403, 403, 403, 200]),
        // What a person may do, but for what privileged identity management keeps to itself.
        (&["Directory.AccessAsUser.All"], [201, 204, 201, 200, 200, 200, 403]),
    ] {
        assert_eq!(through(scopes).await, expected, "{scopes:?}");
    }
}

/// Goal: no permission of a client makes up for what the person may not do.
#[tokio::test]
async fn a_client_lends_a_person_no_rights() {
    let person = "[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000009'\nname = 'A'\n\
                  principal-name = 'admin@contoso.example'\npassword = 'rehearsal only'\n";
    let scopes = [
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "Policy.Read.All",
        "RoleEligibilitySchedule.Read.Directory",
    ];
    let cloud = tenant(&scopes, person).await;
    let token = sign_in(&cloud, OWN, GRAPH).await.text("access_token");
    let graph = cloud.graph_as(token);
    let register = graph.post("/applications", json!({"displayName": "mine"})).await;
    assert_eq!((register.status.as_u16(), register.code()), (403, "Authorization_RequestDenied"));
    assert_eq!(graph.get("/policies/authorizationPolicy").await.status, 200);
    assert_eq!(graph.get("/policies/defaultAppManagementPolicy").await.status, 403);
    let eligible = "/roleManagement/directory/roleEligibilityScheduleInstances";
    assert_eq!(graph.get(eligible).await.status, 403, "of everybody");
    let own = "?$filter=principalId%20eq%20'aaaaaaaa-0000-4000-8000-000000000009'";
    assert_eq!(graph.get(&format!("{eligible}{own}")).await.status, 200, "of oneself");
}
