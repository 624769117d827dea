//! What a loopback Azure has to do, line by line: each test is one line of the list of behaviours
//! that clients of these services depend on, with every clause of the line.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, As, Cloud, PROMPT};
use crate::management::{READER, VERSION, assignment, assignment_path, definition, name};

mod directory;
mod tokens;

const SCOPE: &str = "/subscriptions/33333333-4444-5555-6666-777777777777";
const GROUPS: &str = "/providers/Microsoft.Management/managementGroups";
const ACTION: &str = "Microsoft.Web/sites/config/list/Action";

/// A scenario in which these lags last an hour, and nothing is seen before.
fn slow(lags: &[&str]) -> String {
    let slower = |text: String, lag: &&str| {
        text.replace(&format!("\n{lag} = 0\n"), &format!("\n{lag} = 3600000\n"))
    };
    format!("flapping = false\n{}", lags.iter().fold(PROMPT.to_owned(), slower))
}

fn said(reply: &Answer) -> (u16, &str) {
    (reply.status.as_u16(), reply.code())
}

fn message(reply: &Answer) -> &str {
    reply.body["error"]["message"].as_str().unwrap_or_default()
}

fn role_path(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}?{VERSION}")
}

/// The Global Administrator of the default scenario, with a new token.
async fn administrator(cloud: &Cloud) -> As<'_> {
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "admin@contoso.example"),
        ("password", "rehearsal only"),
        ("scope", "https://management.azure.com/.default"),
    ];
    cloud.arm_as(cloud.form(&form).await.text("access_token"))
}

/// Line 1: once made, refused in two ways; a principal is unknown at first, and longer if its type
/// is not named.
#[tokio::test]
async fn role_assignments_are_unique_and_immutable() {
    let cloud = Cloud::start(PROMPT).await;
    let (_, _, principal) = cloud.connector().await;
    let (_, _, other) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = |number| assignment_path(SCOPE, &name(number));
    let made = arm.put(&path(1), assignment(READER, &principal)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let twin = arm.put(&path(2), assignment(READER, &principal)).await;
    assert_eq!(said(&twin), (409, "RoleAssignmentExists"));
    let changed = arm.put(&path(1), assignment(READER, &other)).await;
    assert_eq!(said(&changed), (400, "RoleAssignmentUpdateNotPermitted"));

    let mut untyped = assignment(READER, &principal);
    untyped["properties"].as_object_mut().unwrap().remove("principalType");
    let cloud = Cloud::start(&slow(&["principal", "principal-untyped"])).await;
    let (_, _, young) = cloud.connector().await;
    assert_eq!(principal, young, "the same seed makes the same principal");
    let arm = cloud.arm().await;
    for body in [untyped.clone(), assignment(READER, &young)] {
        let early = arm.put(&path(1), body).await;
        assert_eq!(said(&early), (400, "PrincipalNotFound"));
        assert!(message(&early).contains("does not exist in the directory"), "{early:?}");
    }
    let cloud = Cloud::start(&slow(&["principal-untyped"])).await;
    cloud.connector().await;
    let arm = cloud.arm().await;
    assert_eq!(said(&arm.put(&path(1), untyped.clone()).await), (400, "PrincipalNotFound"));
    assert_eq!(
        arm.put(&path(1), assignment(READER, &young)).await.status,
        201,
        "its type is named"
    );
    let shorter = PROMPT.replace("principal-untyped = 0", "principal-untyped = 200");
    let cloud = Cloud::start(&shorter).await;
    cloud.connector().await;
    let arm = cloud.arm().await;
    arm.until(Method::PUT, &path(1), Some(untyped), |reply| reply.status == 201).await;
}

/// Line 2: gone with its body, then nothing to delete.
#[tokio::test]
async fn deleting_a_role_assignment_answers_200_then_204() {
    let cloud = Cloud::start(PROMPT).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = assignment_path(SCOPE, &name(1));
    assert_eq!(arm.put(&path, assignment(READER, &principal)).await.status, 201);
    let gone = arm.delete(&path).await;
    assert_eq!((gone.status.as_u16(), gone.text("name")), (200, name(1)));
    assert_eq!(gone.body["properties"]["principalId"], json!(principal));
    let nothing = arm.delete(&path).await;
    assert_eq!((nothing.status.as_u16(), nothing.body), (204, Value::Null));
}

/// Line 3: what a custom role may say, where, by whom, and when it can go.
#[tokio::test]
async fn role_definitions_are_checked_and_kept_while_assigned() {
    let own =
        format!("{PROMPT}\n[operator]\nassignments = [{{ role = 'Owner', scope = '{SCOPE}' }}]");
    let narrow = Cloud::start(&own).await;
    let group = format!("{GROUPS}/contoso-platform");
    let body = definition("X", &[ACTION], &[SCOPE, &group]);
    let linked = narrow.arm().await.put(&role_path(SCOPE, &name(1)), body).await;
    assert_eq!(said(&linked), (403, "LinkedAuthorizationFailed"));

    let cloud = Cloud::start(PROMPT).await;
    let root = format!("{GROUPS}/{}", cloud.tenant());
    let arm = cloud.arm().await;
    let put = async |number, body| arm.put(&role_path(SCOPE, &name(number)), body).await;
    let good = definition("Connector", &[ACTION], &[SCOPE]);
    for _ in 0..2 {
        assert_eq!(put(1, good.clone()).await.status, 201, "always");
    }
    let typo = put(2, definition("Typo", &["Microsoft.Wbe/sites/read"], &[SCOPE])).await;
    assert_eq!(said(&typo), (400, "InvalidActionOrNotAction"));
    let same = put(2, definition("CONNECTOR", &[ACTION], &[SCOPE])).await;
    assert_eq!(said(&same), (409, "RoleDefinitionWithSameNameExists"));
    assert_eq!(put(2, definition("Two", &[ACTION], &[&group, &root])).await.status, 400);
    let mut data = definition("Data", &[ACTION], &[&group]);
    data["properties"]["permissions"][0]["dataActions"] =
        json!(["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]);
    assert_eq!(put(2, data).await.status, 400);

    let (_, _, principal) = cloud.connector().await;
    let assigned = assignment_path(SCOPE, &name(3));
    assert_eq!(arm.put(&assigned, assignment(&name(1), &principal)).await.status, 201);
    let held = arm.delete(&role_path(SCOPE, &name(1))).await;
    assert_eq!(said(&held), (400, "RoleDefinitionHasAssignments"));
    assert_eq!(arm.delete(&assigned).await.status, 200);
    assert_eq!(arm.delete(&role_path(SCOPE, &name(1))).await.status, 200);
    assert_eq!(arm.delete(&role_path(SCOPE, &name(1))).await.status, 204);
}

/// Line 4: three services, three names for the next page, pages of one or two.
#[tokio::test]
async fn lists_come_in_pages_of_one_or_two() {
    for size in [1_usize, 2] {
        let pages = format!("{PROMPT}\n[page-size]\nresource-manager = {size}\ngraph = {size}\n");
        let cloud = Cloud::start(&format!("{pages}[generate]\nsubscriptions = 3")).await;
        for _ in 0..2 {
            cloud.connector().await;
        }
        let (arm, graph) = (cloud.arm().await, cloud.graph().await);
        let subscriptions = "/subscriptions?api-version=2022-12-01";
        let groups = format!("{GROUPS}?api-version=2023-04-01");
        for (service, path, link, count) in [
            (&arm, subscriptions, "nextLink", 4_usize),
            (&arm, &groups, "@nextLink", 2),
            (&graph, "/applications", "@odata.nextLink", 3),
        ] {
            let (items, pages) = service.all(path, link).await;
            assert_eq!((items.len(), pages), (count, count.div_ceil(size)), "{path}");
            let first = service.get(path).await;
            assert_eq!(first.body["value"].as_array().unwrap().len(), size, "{path}");
            let names = ["nextLink", "@nextLink", "@odata.nextLink"];
            let others = names.iter().filter(|it| **it != link);
            assert!(others.into_iter().all(|it| first.body.get(it).is_none()), "{first:?}");
        }
    }
}

/// Line 10: elevation is for Global Administrators in person, and can be taken back.
#[tokio::test]
async fn elevation_is_for_global_administrators() {
    let person = "\n[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000007'\nname = 'P'\n\
        principal-name = 'p@contoso.example'\npassword = 'p'\n";
    let administrators = "[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000001'\nname = 'A'\n\
        principal-name = 'admin@contoso.example'\npassword = 'rehearsal only'\n\
        directory-roles = ['Global Administrator']\n";
    let cloud = Cloud::start(&format!("{PROMPT}{person}{administrators}")).await;
    let elevate = "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01";
    let application = cloud.arm().await.send(Method::POST, elevate, None).await;
    assert_eq!(application.status, 403, "{application:?}");
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "p@contoso.example"),
        ("password", "p"),
        ("scope", "https://management.azure.com/.default"),
    ];
    let nobody = cloud.arm_as(cloud.form(&form).await.text("access_token"));
    assert_eq!(nobody.send(Method::POST, elevate, None).await.status, 403);

    let done = administrator(&cloud).await.send(Method::POST, elevate, None).await;
    assert_eq!((done.status.as_u16(), done.body), (200, Value::Null));
    let list = format!(
        "/providers/Microsoft.Authorization/roleAssignments?{VERSION}&$filter=principalId+eq+'aaaaaaaa-0000-4000-8000-000000000001'"
    );
    let held = administrator(&cloud).await.get(&list).await;
    let own = &held.body["value"][0];
    assert_eq!(own["properties"]["scope"], "/");
    let role = own["properties"]["roleDefinitionId"].as_str().unwrap();
    assert!(role.ends_with("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"), "{role}");
    let path = assignment_path("", own["name"].as_str().unwrap());
    assert_eq!(administrator(&cloud).await.delete(&path).await.status, 200);
    let left = administrator(&cloud).await.get(&list).await;
    assert!(left.body["value"].as_array().is_none_or(Vec::is_empty), "{left:?}");
}

/// Line 11: busy on any verb, with a time and without; broken in every way a network can.
#[tokio::test]
async fn answers_fail_in_every_way() {
    let cloud = Cloud::start(PROMPT).await;
    let (arm, graph) = (cloud.arm().await, cloud.graph().await);
    let rule = |service: &str, effect: &str, more: &str| {
        format!("[[faults]]\nservice = '{service}'\neffect = '{effect}'\n{more}\n")
    };
    let path = assignment_path(SCOPE, &name(1));
    cloud.replace_faults(&rule("resource-manager", "too-many-requests", "retry-after = 7")).await;
    for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE] {
        let reply = arm.send(method.clone(), &path, Some(json!({}))).await;
        assert_eq!(reply.status, 429, "{method}");
        assert_eq!(reply.headers["retry-after"], "7", "{method}");
    }
    cloud.replace_faults(&rule("graph", "too-many-requests", "path-contains = '/policies/'")).await;
    let policy = graph.get("/policies/authorizationPolicy").await;
    assert_eq!((policy.status.as_u16(), policy.headers.get("retry-after")), (429, None));
    for (effect, status) in
        [("internal-error", 500), ("service-unavailable", 503), ("request-timeout", 408)]
    {
        cloud.replace_faults(&rule("resource-manager", effect, "")).await;
        assert_eq!(arm.get(&path).await.status.as_u16(), status);
    }
    cloud.replace_faults(&rule("graph", "reset-mid-body", "")).await;
    let url = format!("{}/organization", graph.base);
    let cut = match cloud.http.get(url).bearer_auth(&graph.token).send().await {
        Ok(reply) => reply.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(cut, "the answer ends before its end");
}

/// Line 12: every write leaves the id its client gave it, under either name.
#[tokio::test]
async fn writes_leave_their_request_ids() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, _, principal) = cloud.connector().await;
    let (arm, graph) = (cloud.arm().await, cloud.graph().await);
    let (assigned, role) = (assignment_path(SCOPE, &name(1)), role_path(SCOPE, &name(2)));
    let body = definition("R", &[ACTION], &[SCOPE]);
    let object = format!("/applications/{app}");
    let writes = [
        (
            &arm,
            "x-ms-client-request-id",
            Method::PUT,
            assigned.clone(),
            assignment(READER, &principal),
        ),
        (&arm, "x-ms-client-request-id", Method::PUT, role, body),
        (&arm, "x-ms-client-request-id", Method::DELETE, assigned, Value::Null),
        (&graph, "client-request-id", Method::POST, format!("{object}/addPassword"), json!({})),
        (&graph, "client-request-id", Method::PATCH, object.clone(), json!({"notes": "n"})),
        (&graph, "client-request-id", Method::DELETE, object, Value::Null),
    ];
    for (number, (service, header, method, path, body)) in (0..).zip(writes) {
        let id = name(number);
        let body = Some(body).filter(|it| !it.is_null());
        let reply = service.send_with(method.clone(), &path, body, &[(header, &id)]).await;
        assert!(reply.status.is_success(), "{reply:?}");
        let traffic = cloud.traffic().await;
        let own: Vec<&Value> = traffic
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["request"])
            .filter(|it| it["headers"][header] == json!(id))
            .collect();
        assert_eq!(own.len(), 1, "{path}");
        assert_eq!(own[0]["method"], method.as_str());
    }
}

/// Line 13: errors in an answer of 200, a quota that is told and counted, a verification that fails.
#[tokio::test]
async fn the_platform_refuses_in_its_own_ways() {
    let ask = async |cloud: &Cloud, query: &str, variables: Value| {
        let ready = cloud.simulator.ready();
        let request = cloud
            .http
            .post(ready.endpoints.ox.clone())
            .header("authorization", ready.platform.ox_key.clone())
            .json(&json!({"query": query, "variables": variables}));
        crate::client::answer(request.send().await.unwrap()).await
    };
    let cloud = Cloud::start(PROMPT).await;
    let wrong = ask(&cloud, "{ colour }", json!({})).await;
    assert_eq!(wrong.status, 200);
    assert!(wrong.body["errors"][0]["message"].is_string(), "{wrong:?}");
    assert_eq!(wrong.headers["ratelimit-hourlimit"], "1000");
    assert_eq!(wrong.headers["ratelimit-remaining"], "999");
    for header in ["ratelimit-reset", "ratelimit-daylimit"] {
        assert!(wrong.headers.contains_key(header), "{header}");
    }
    let families = "{ getConnectorsByFamily { connectors { connector { id displayName } } } }";
    let found = ask(&cloud, families, json!({})).await.body;
    let all = found["data"]["getConnectorsByFamily"].as_array().unwrap();
    let mut all = all.iter().flat_map(|family| family["connectors"].as_array().unwrap());
    let azure = all.find(|it| it["connector"]["displayName"] == "Azure").unwrap();
    let id = &azure["connector"]["id"];
    let add = "mutation A($input: AddCredentialsInput!) { addCredentials(addCredentialsInput: $input) \
               { connector { credentials { ... on AzureCloudCredentials { credentialsId } } } } }";
    let fields = json!({"tenantId": cloud.tenant(), "clientId": name(1), "clientSecret": "x"});
    let input = json!({"input": {"connectorID": id, "credentialsType": "AzureCloud",
        "credentialsName": "n", "credentialsInput": fields}});
    let added = ask(&cloud, add, input).await.body;
    let credential =
        &added["data"]["addCredentials"]["connector"]["credentials"][0]["credentialsId"];
    let verify = "mutation V($input: VerifyCredentialsInput!) { verifySingleConnectorCredentials( \
                  verifyCredentialsInput: $input) { credentialsAreValid validationMessage } }";
    let input = json!({"input": {"connectorID": id, "credentialsID": credential}});
    let verified = ask(&cloud, verify, input).await.body;
    let verdict = &verified["data"]["verifySingleConnectorCredentials"];
    assert_eq!(verdict["credentialsAreValid"], false, "{verified}");

    let few = Cloud::start(&format!("{PROMPT}\n[platform]\nrequests-per-hour = 1")).await;
    assert_eq!(ask(&few, families, json!({})).await.status, 200);
    assert_eq!(ask(&few, families, json!({})).await.status, 429);
}
