//! People: what their roles allow, who consents, and what is seen of what was deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, As, Cloud, PROMPT};

const DIRECTORY_READ: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
const POLICY_READ: &str = "246dd0d5-5bd0-4def-940b-0421030a5b68";
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";
const GRAPH_SCOPE: &str = "https://graph.microsoft.com/.default";
const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A person of the scenario: a name, and what else is said of it.
fn user(number: u32, name: &str, more: &str) -> String {
    format!(
        "\n[[users]]\nid = 'aaaaaaaa-0000-4000-8000-0000000000{number:02}'\nname = '{name}'\n\
         principal-name = '{name}@contoso.example'\npassword = 'p'\n{more}\n"
    )
}

fn people() -> String {
    let role = |name: &str| format!("directory-roles = ['{name}']");
    [
        user(10, "global", &role("Global Administrator")),
        user(11, "privileged", &role("Privileged Role Administrator")),
        user(12, "application", &role("Application Administrator")),
        user(13, "developer", &role("Application Developer")),
        user(14, "member", "eligible-directory-roles = ['Global Administrator']"),
        user(15, "guest", "guest = true"),
    ]
    .concat()
}

async fn sign_in(cloud: &Cloud, name: &str, client: &str, scope: &str) -> Answer {
    let name = format!("{name}@contoso.example");
    let form = [
        ("grant_type", "password"),
        ("client_id", client),
        ("username", &name),
        ("password", "p"),
        ("scope", scope),
    ];
    cloud.form(&form).await
}

async fn person<'a>(cloud: &'a Cloud, name: &str) -> As<'a> {
    let token = sign_in(cloud, name, CLI, GRAPH_SCOPE).await;
    assert_eq!(token.status, 200, "{token:?}");
    cloud.graph_as(token.text("access_token"))
}

// §4.3: what each directory role is good for.
#[tokio::test]
async fn roles_allow_what_the_directory_says() {
    let cloud = Cloud::start(&format!("{PROMPT}{}", people())).await;
    let (_, _, connector) = cloud.connector().await;
    let resource = cloud
        .graph()
        .await
        .get(&format!("/servicePrincipals(appId='{GRAPH_APP}')"))
        .await
        .text("id");
    for (name, may_register, may_grant, may_read) in [
        ("global", 201, 201, 200),
        ("application", 201, 403, 200),
        ("privileged", 403, 400, 200),
        ("developer", 201, 403, 200),
        ("member", 403, 403, 200),
        ("guest", 403, 403, 403),
    ] {
        let graph = person(&cloud, name).await;
        let app = graph.post("/applications", json!({"displayName": name})).await;
        assert_eq!(app.status.as_u16(), may_register, "{name} registers: {app:?}");
        if app.status == 201 {
            let body = json!({"appId": app.text("appId")});
            assert_eq!(graph.post("/servicePrincipals", body).await.status, 201, "{name} owns it");
        }
        let grant = json!({
            "principalId": connector, "resourceId": resource, "appRoleId": DIRECTORY_READ,
        });
        let path = format!("/servicePrincipals/{resource}/appRoleAssignedTo");
        let granted = graph.post(&path, grant).await;
        assert_eq!(granted.status.as_u16(), may_grant, "{name} grants: {granted:?}");
        assert_eq!(graph.get("/users").await.status.as_u16(), may_read, "{name} reads");
        assert_eq!(graph.get("/me").await.status, 200);
        let policy = graph.get("/policies/authorizationPolicy").await;
        assert_eq!(policy.status.as_u16(), may_read, "{name} reads policies");
    }
    let member = person(&cloud, "member").await;
    let connector = member.get("/applications").await.body["value"][0]["id"].clone();
    let path = format!("/applications/{}", connector.as_str().unwrap());
    let change = member.send(Method::PATCH, &path, Some(json!({"notes": "mine"}))).await;
    assert_eq!(change.status, 403, "what is not owned is not changed");
}

// Goal: a tenant may let its members register applications; guests are not meant.
#[tokio::test]
async fn members_register_if_the_tenant_lets_them() {
    let policy = "\n[policy]\nusers-may-register-applications = true\n";
    let cloud = Cloud::start(&format!("{PROMPT}{policy}{}", people())).await;
    for (name, expected) in [("member", 201), ("guest", 403)] {
        let graph = person(&cloud, name).await;
        let app = graph.post("/applications", json!({"displayName": name})).await;
        assert_eq!(app.status.as_u16(), expected, "{name}: {app:?}");
    }
}

// §3.1, §4.3: active roles are told to everybody, eligible ones only to who asks for the scope.
#[tokio::test]
async fn active_and_eligible_roles() {
    let other_client = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    let client = format!(
        "[[clients]]\nclient-id = '{other_client}'\nname = 'own'\n\
         graph-scopes = ['RoleEligibilitySchedule.Read.Directory', 'User.Read']\n"
    );
    let cloud = Cloud::start(&format!("{PROMPT}{}{client}", people())).await;
    let global = person(&cloud, "global").await;
    let held = global.get("/me/transitiveMemberOf/microsoft.graph.directoryRole").await;
    assert_eq!(held.body["value"][0]["displayName"], "Global Administrator");
    let member = "aaaaaaaa-0000-4000-8000-000000000014";
    let eligible = format!(
        "/roleManagement/directory/roleEligibilityScheduleInstances?$filter=principalId%20eq%20'{member}'"
    );
    let refused = global.get(&eligible).await;
    assert_eq!(refused.status, 403, "the command line's token has no such scope");
    assert!(
        refused.body["error"]["message"].as_str().unwrap().contains("PermissionScopeNotGranted")
    );
    assert_eq!(cloud.graph().await.get(&eligible).await.status, 403);
    let assignments =
        format!("/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{member}'");
    assert_eq!(global.get(&assignments).await.body["value"], json!([]), "eligible is not active");
    let scope = "https://graph.microsoft.com/RoleEligibilitySchedule.Read.Directory";
    let token = sign_in(&cloud, "member", other_client, scope).await.text("access_token");
    let shown = cloud.graph_as(token).get(&eligible).await;
    assert_eq!(
        shown.body["value"][0]["roleDefinitionId"], "62e90394-69f5-4237-9190-012177145e10",
        "{shown:?}"
    );
    let narrow = sign_in(&cloud, "global", other_client, "User.Read").await.text("access_token");
    let reply = cloud.graph_as(narrow).post("/applications", json!({"displayName": "x"})).await;
    assert_eq!(reply.status, 403, "a person may not do through a client what it may not do");
}

fn required(roles: &[&str]) -> Value {
    let access: Vec<Value> = roles.iter().map(|id| json!({"id": id, "type": "Role"})).collect();
    json!({"requiredResourceAccess": [{"resourceAppId": GRAPH_APP, "resourceAccess": access}]})
}

// §4.3: consent grants what is asked for and takes back the rest; only some people may.
#[tokio::test]
async fn an_administrator_consents() {
    let cloud = Cloud::start(&format!("{PROMPT}{}", people())).await;
    let (app, client, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let ask = async |roles: &[&str]| {
        let path = format!("/applications/{app}");
        assert_eq!(graph.send(Method::PATCH, &path, Some(required(roles))).await.status, 204);
    };
    let granted = async || {
        let path = format!("/servicePrincipals/{principal}/appRoleAssignments");
        let (items, _) = graph.all(&path, "@odata.nextLink").await;
        let mut roles: Vec<String> =
            items.iter().map(|it| it["appRoleId"].as_str().unwrap().to_owned()).collect();
        roles.sort();
        roles
    };
    ask(&[DIRECTORY_READ, POLICY_READ]).await;
    let url = format!("{}/{}/adminconsent?client_id={client}", cloud.login(), cloud.tenant());
    let page = cloud.http.get(url).send().await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("Policy.Read.All"));
    let consent = async |name: &str| {
        let user = format!("{name}@contoso.example");
        cloud.control("consents", json!({"client-id": client, "user": user})).await.status.as_u16()
    };
    assert_eq!(consent("application").await, 403);
    assert_eq!(consent("nobody").await, 404);
    assert_eq!(consent("privileged").await, 200);
    assert_eq!(granted().await, [POLICY_READ, DIRECTORY_READ]);
    ask(&[POLICY_READ]).await;
    assert_eq!(consent("global").await, 200);
    assert_eq!(granted().await, [POLICY_READ], "what is no longer asked for is taken back");
}

// §4.3: the operator may not grant, somebody else does so after a while.
#[tokio::test]
async fn a_scenario_consents_after_a_refusal() {
    let scenario = format!(
        "{PROMPT}{}\n[operator]\ngraph-roles = ['Application.ReadWrite.All']\n\
         [consent]\napprove-as = 'privileged@contoso.example'\nafter-ms = 300",
        people()
    );
    let cloud = Cloud::start(&scenario).await;
    let (app, _, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let path = format!("/applications/{app}");
    graph.send(Method::PATCH, &path, Some(required(&[DIRECTORY_READ]))).await;
    let resource = graph.get(&format!("/servicePrincipals(appId='{GRAPH_APP}')")).await.text("id");
    let grant =
        json!({"principalId": principal, "resourceId": resource, "appRoleId": DIRECTORY_READ});
    let path = format!("/servicePrincipals/{resource}/appRoleAssignedTo");
    assert_eq!(graph.post(&path, grant).await.status, 403);
    let held = format!("/servicePrincipals/{principal}/appRoleAssignments");
    assert_eq!(graph.get(&held).await.body["value"], json!([]));
    graph.until(Method::GET, &held, None, |reply| reply.body["value"] != json!([])).await;
}

// §11: what was deleted is still seen by some reads, and by none after the lag.
#[tokio::test]
async fn deletions_flap() {
    let scenario = PROMPT
        .replace("application-deletion = 0", "application-deletion = 600")
        .replace("service-principal-deletion = 0", "service-principal-deletion = 600");
    let cloud = Cloud::start(&scenario).await;
    let (app, client, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let paths = [
        format!("/applications/{app}"),
        format!("/servicePrincipals/{principal}"),
        format!("/servicePrincipals(appId='{client}')"),
    ];
    assert_eq!(graph.delete(&paths[0]).await.status, 204);
    assert_eq!(graph.get(&paths[0]).await.status, 200, "a replica that has not heard of it");
    assert_eq!(graph.get(&paths[1]).await.status, 200);
    assert_eq!(graph.delete(&paths[0]).await.status, 404, "changes meet the primary replica");
    for path in &paths {
        graph.until(Method::GET, path, None, |reply| reply.status == 404).await;
    }
    let gone = |reply: &Answer| !reply.body.to_string().contains(&client);
    let filter = format!("?$filter=appId%20eq%20'{client}'");
    for list in ["/applications", "/servicePrincipals"] {
        graph.until(Method::GET, &format!("{list}{filter}"), None, gone).await;
    }
}

// §15.11: busy without a time to wait on policies.
#[tokio::test]
async fn policies_may_be_busy_without_a_time() {
    let fault = "\n[[faults]]\nservice = 'graph'\npath-prefix = '/v1.0/policies'\ntimes = 2\n\
                 effect = 'too-many-requests'";
    let cloud = Cloud::start(&format!("{PROMPT}{fault}")).await;
    let graph = cloud.graph().await;
    for path in ["/policies/authorizationPolicy", "/policies/defaultAppManagementPolicy"] {
        let reply = graph.get(path).await;
        assert_eq!((reply.status.as_u16(), reply.headers.get("retry-after")), (429, None));
        assert_eq!(graph.get("/organization").await.status, 200);
    }
    assert_eq!(graph.get("/policies/authorizationPolicy").await.status, 200);
}
