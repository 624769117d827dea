//! Resource Manager: role assignments, role definitions, management groups, who may what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{As, Cloud, PROMPT};

pub(crate) const VERSION: &str = "api-version=2022-04-01";
pub(crate) const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

pub(crate) fn assignment_path(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}?{VERSION}")
}

fn role_path(role: &str) -> String {
    format!("/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

pub(crate) fn assignment(role: &str, principal: &str) -> Value {
    json!({"properties": {
        "roleDefinitionId": role_path(role),
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }})
}

pub(crate) fn definition(name: &str, actions: &[&str], scopes: &[&str]) -> Value {
    json!({"properties": {
        "roleName": name, "description": "d", "type": "CustomRole",
        "permissions": [{"actions": actions, "notActions": [], "dataActions": [], "notDataActions": []}],
        "assignableScopes": scopes,
    }})
}

pub(crate) fn name(number: u8) -> String {
    format!("aaaaaaaa-0000-4000-8000-0000000000{number:02}")
}

// §15.1 and 2: made once, refused twice in two ways, taken away once.
#[tokio::test]
async fn role_assignments_are_unique_and_immutable() {
    let cloud = Cloud::start(PROMPT).await;
    let (_, _, principal) = cloud.connector().await;
    let (_, _, other) = cloud.connector().await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let path = assignment_path(&scope, &name(1));
    let made = arm.put(&path, assignment(READER, &principal)).await;
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body["properties"]["scope"], scope);
    assert_eq!(arm.put(&path, assignment(READER, &principal)).await.status, 200);
    let twin = arm.put(&assignment_path(&scope, &name(2)), assignment(READER, &principal)).await;
    assert_eq!((twin.status.as_u16(), twin.code()), (409, "RoleAssignmentExists"));
    let changed = arm.put(&path, assignment(READER, &other)).await;
    assert_eq!(
        (changed.status.as_u16(), changed.code()),
        (400, "RoleAssignmentUpdateNotPermitted")
    );
    assert_eq!(arm.get(&path).await.status, 200);
    let gone = arm.delete(&path).await;
    assert_eq!((gone.status.as_u16(), gone.text("name")), (200, name(1)));
    assert_eq!(arm.delete(&path).await.status, 204);
    assert_eq!(arm.get(&path).await.code(), "RoleAssignmentNotFound");
}

// §15.1: a young principal is not found, longer when its type is not named.
#[tokio::test]
async fn a_young_principal_is_not_found() {
    let scenario = PROMPT
        .replace("principal-untyped = 0", "principal-untyped = 1500")
        .replace("\nprincipal = 0", "\nprincipal = 300");
    let cloud = Cloud::start(&scenario).await;
    let arm = cloud.arm().await;
    let (_, _, principal) = cloud.connector().await;
    let path = assignment_path(&format!("/subscriptions/{}", cloud.subscription), &name(1));
    let mut untyped = assignment(READER, &principal);
    untyped["properties"].as_object_mut().unwrap().remove("principalType");
    let early = arm.put(&path, untyped).await;
    assert_eq!((early.status.as_u16(), early.code()), (400, "PrincipalNotFound"));
    let typed = assignment(READER, &principal);
    let made = arm.until(Method::PUT, &path, Some(typed), |reply| reply.status == 201).await;
    assert_eq!(made.body["properties"]["principalType"], "ServicePrincipal");
}

// §15.3: the whole life of a custom role.
#[tokio::test]
async fn custom_roles_are_checked() {
    let cloud = Cloud::start(PROMPT).await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let group = "/providers/Microsoft.Management/managementGroups/contoso-platform";
    let root = format!("/providers/Microsoft.Management/managementGroups/{}", cloud.tenant());
    let at = |name: &str| {
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}?{VERSION}")
    };
    let actions = [
        "Microsoft.Web/sites/config/list/Action",
        "Microsoft.Network/bastionHosts/getShareableLinks/action",
    ];
    let good = definition("Connector", &actions, &[&scope]);
    for _ in 0..2 {
        assert_eq!(arm.put(&at(&name(1)), good.clone()).await.status, 201);
    }
    let typo = ["Micandrosoft.Web/sites/config/list/action"];
    let refused = arm.put(&at(&name(2)), definition("Typo", &typo, &[&scope])).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "InvalidActionOrNotAction"));
    let same = arm.put(&at(&name(2)), definition("connector", &actions, &[&scope])).await;
    assert_eq!((same.status.as_u16(), same.code()), (409, "RoleDefinitionWithSameNameExists"));
    let two = arm.put(&at(&name(2)), definition("Two", &actions, &[group, &root])).await;
    assert_eq!(two.status, 400);
    let mut data = definition("Data", &actions, &[group]);
    data["properties"]["permissions"][0]["dataActions"] =
        json!(["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]);
    assert_eq!(arm.put(&at(&name(2)), data).await.status, 400);
    let filter = "$filter=roleName%20eq%20'Connector'";
    let list =
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions?{VERSION}&{filter}");
    assert_eq!(arm.get(&list).await.body["value"].as_array().unwrap().len(), 1);
    let (_, _, principal) = cloud.connector().await;
    let assigned = assignment_path(&scope, &name(3));
    assert_eq!(arm.put(&assigned, assignment(&name(1), &principal)).await.status, 201);
    let held = arm.delete(&at(&name(1))).await;
    assert_eq!((held.status.as_u16(), held.code()), (400, "RoleDefinitionHasAssignments"));
    arm.delete(&assigned).await;
    assert_eq!(arm.delete(&at(&name(1))).await.status, 200);
    assert_eq!(arm.delete(&at(&name(1))).await.status, 204);
}

/// A token for the connector that is good for Resource Manager.
async fn sign_in(cloud: &Cloud, app: &str, client: &str) -> String {
    let graph = cloud.graph().await;
    let made = graph.post(&format!("/applications/{app}/addPassword"), json!({})).await;
    let reply =
        cloud.token_request(client, &made.text("secretText"), "https://management.azure.com").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.text("access_token")
}

// §15.9: a grant is in tokens that were issued after it, and a reader may not write.
#[tokio::test]
async fn grants_hold_for_later_tokens_only() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, client, principal) = cloud.connector().await;
    let before = sign_in(&cloud, &app, &client).await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let read = format!("{scope}?api-version=2022-12-01");
    let denied = cloud.arm_as(before.clone()).get(&read).await;
    assert_eq!((denied.status.as_u16(), denied.code()), (403, "AuthorizationFailed"));
    assert!(denied.body["error"]["message"].as_str().unwrap().contains(&principal));
    let none = cloud.arm_as(before.clone()).get("/subscriptions?api-version=2022-12-01").await;
    assert_eq!(none.body["value"], json!([]));
    let arm = cloud.arm().await;
    let made = arm.put(&assignment_path(&scope, &name(1)), assignment(READER, &principal)).await;
    assert_eq!(made.status, 201);
    assert_eq!(cloud.arm_as(before).get(&read).await.status, 403);
    let after = cloud.arm_as(sign_in(&cloud, &app, &client).await);
    assert_eq!(after.get(&read).await.body["state"], "Enabled");
    for (method, path, action) in [
        (
            Method::PUT,
            format!("{scope}/resourcegroups/new?api-version=2021-04-01"),
            "Microsoft.Resources/subscriptions/resourceGroups/write",
        ),
        (
            Method::PATCH,
            format!("{scope}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01"),
            "Microsoft.Resources/tags/write",
        ),
    ] {
        let reply = after.send(method, &path, Some(json!({}))).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (403, "AuthorizationFailed"));
        let message = reply.body["error"]["message"].as_str().unwrap().to_lowercase();
        assert!(message.contains(&action.to_lowercase()), "{message}");
    }
    let permissions = format!("{scope}/providers/Microsoft.Authorization/permissions?{VERSION}");
    assert_eq!(after.get(&permissions).await.body["value"][0]["actions"], json!(["*/read"]));
    linked(&after, &scope).await;
}

/// A caller with rights on one scope only cannot make a role that reaches further.
async fn linked(reader: &As<'_>, scope: &str) {
    let path =
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(9));
    let reply = reader.put(&path, definition("X", &["*/read"], &[scope])).await;
    assert_eq!(reply.code(), "AuthorizationFailed");
}

// §15.3: rights on one scope are not rights on all of a role's scopes.
#[tokio::test]
async fn linked_scopes_need_rights_too() {
    let scope = "/subscriptions/33333333-4444-5555-6666-777777777777";
    let scenario =
        format!("{PROMPT}\n[operator]\nassignments = [{{ role = 'Owner', scope = '{scope}' }}]");
    let cloud = Cloud::start(&scenario).await;
    let arm = cloud.arm().await;
    let group = "/providers/Microsoft.Management/managementGroups/contoso-platform";
    let path =
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(1));
    let reply = arm.put(&path, definition("X", &["*/read"], &[scope, group])).await;
    assert_eq!((reply.status.as_u16(), reply.code()), (403, "LinkedAuthorizationFailed"));
    let root = format!(
        "/providers/Microsoft.Management/managementGroups/{}?api-version=2023-04-01",
        cloud.tenant()
    );
    assert_eq!(arm.get(&root).await.code(), "AuthorizationFailed");
}

// §15.4: every list is paged, each with its own link.
#[tokio::test]
async fn lists_come_in_pages() {
    let cloud = Cloud::start(&format!("{PROMPT}\n[generate]\nsubscriptions = 4")).await;
    let arm = cloud.arm().await;
    let (subscriptions, pages) = arm.all("/subscriptions?api-version=2022-12-01", "nextLink").await;
    assert_eq!((subscriptions.len(), pages), (5, 3));
    let roles = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions?{VERSION}",
        cloud.subscription
    );
    assert_eq!(arm.all(&roles, "nextLink").await, (arm.all(&roles, "nextLink").await.0, 5));
    let scenario = "[[management-groups]]\nid = 'a'\nname = 'A'\n[[management-groups]]\nid = 'b'\nname = 'B'\nparent = 'a'";
    let cloud = Cloud::start(scenario).await;
    let arm = cloud.arm().await;
    let groups = "/providers/Microsoft.Management/managementGroups?api-version=2023-04-01";
    let (found, pages) = arm.all(groups, "@nextLink").await;
    assert_eq!((found.len(), pages), (3, 2));
    let expanded = format!(
        "/providers/Microsoft.Management/managementGroups/{}?api-version=2023-04-01&$expand=children&$recurse=true",
        cloud.tenant()
    );
    let root = arm.get(&expanded).await;
    assert_eq!(root.body["properties"]["children"][0]["children"][0]["name"], "b");
    let entities = "/providers/Microsoft.Management/getEntities?api-version=2023-04-01";
    assert_eq!(
        arm.send(Method::POST, entities, None).await.body["value"].as_array().unwrap().len(),
        2
    );
}

// §15.10: only a Global Administrator in person is elevated, and can undo it.
#[tokio::test]
async fn elevation_is_for_people() {
    let cloud = Cloud::start(PROMPT).await;
    let path = "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01";
    let refused = cloud.arm().await.send(Method::POST, path, None).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "AuthorizationFailed"));
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "admin@contoso.example"),
        ("password", "rehearsal only"),
        ("scope", "https://management.azure.com/.default"),
    ];
    let person = cloud.arm_as(cloud.form(&form).await.text("access_token"));
    assert_eq!(person.send(Method::POST, path, None).await.status, 200);
    let person = cloud.arm_as(cloud.form(&form).await.text("access_token"));
    let id = "aaaaaaaa-0000-4000-8000-000000000001";
    let list = format!(
        "/providers/Microsoft.Authorization/roleAssignments?{VERSION}&$filter=principalId+eq+'{id}'"
    );
    let held = person.get(&list).await;
    assert_eq!(held.body["value"][0]["properties"]["scope"], "/");
    let name = held.body["value"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(person.delete(&assignment_path("", &name)).await.status, 200);
}

// Goal: versions are demanded, filters understood or refused, ids echoed, limits told.
#[tokio::test]
async fn manners_of_resource_manager() {
    let cloud = Cloud::start(PROMPT).await;
    let arm = cloud.arm().await;
    assert_eq!(arm.get("/subscriptions").await.code(), "MissingApiVersionParameter");
    let odd = arm.get("/subscriptions?api-version=1999-01-01").await;
    assert_eq!((odd.status.as_u16(), odd.code()), (400, "InvalidApiVersionParameter"));
    let assignments = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleAssignments?{VERSION}",
        cloud.subscription
    );
    let filter = arm.get(&format!("{assignments}&$filter=createdOn%20gt%20'x'")).await;
    assert_eq!((filter.status.as_u16(), filter.code()), (400, "UnsupportedQuery"));
    let unknown =
        arm.get("/subscriptions/99999999-4444-5555-6666-777777777777?api-version=2022-12-01").await;
    assert_eq!((unknown.status.as_u16(), unknown.code()), (404, "SubscriptionNotFound"));
    let headers = [("x-ms-client-request-id", "abc"), ("x-ms-return-client-request-id", "true")];
    let path = "/tenants?api-version=2022-12-01";
    let reply = arm.send_with(Method::GET, path, None, &headers).await;
    assert_eq!(reply.headers["x-ms-client-request-id"], "abc");
    for name in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-routing-request-id",
        "x-ms-ratelimit-remaining-tenant-reads",
    ] {
        assert!(reply.headers.contains_key(name), "{name}");
    }
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let wrong =
        arm.put(&assignment_path(&scope, &name(1)), json!({"properties": {"colour": 1}})).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (400, "InvalidRequestContent"));
    let clusters = format!(
        "{scope}/providers/Microsoft.ContainerService/managedClusters?api-version=2024-02-01"
    );
    assert_eq!(
        arm.get(&clusters).await.body["value"][0]["properties"]["aadProfile"]["enableAzureRBAC"],
        true
    );
    let operations = format!(
        "/providers/Microsoft.Authorization/providerOperations/Microsoft.Web?{VERSION}&$expand=resourceTypes"
    );
    assert!(arm.get(&operations).await.body.to_string().contains("sites/config/list/Action"));
    let nothing =
        arm.get(&format!("{scope}/providers/Microsoft.Sql/servers?api-version=2021-11-01")).await;
    assert_eq!((nothing.status.as_u16(), nothing.code()), (404, "ResourceNotFound"));
}
