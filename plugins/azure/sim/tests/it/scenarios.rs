//! The scenarios that come with the simulator: every one starts, and refuses what it says it does.

use serde_json::{Value, json};

use crate::client::{As, Cloud, PROMPT};
use crate::management::{READER, VERSION, assignment, assignment_path, definition, name};

const SCOPE: &str = "/subscriptions/33333333-4444-5555-6666-777777777777";
const FILE_READER: &str = "b8eda974-7b85-4f76-af95-65846b26df6d";

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// A scenario of the folder, without lag.
async fn start(file: &str) -> Cloud {
    let text = fs_err::read_to_string(folder().join(file)).unwrap();
    Cloud::start(&format!("{text}\n{PROMPT}")).await
}

/// What assigning a role to the operator itself is answered.
async fn assign(cloud: &Cloud, arm: &As<'_>, scope: &str, role: &str, number: u8) -> (u16, String) {
    let state = cloud.state().await;
    let principal = state["servicePrincipals"][0]["id"].as_str().unwrap().to_owned();
    let path = assignment_path(scope, &name(number));
    let reply = arm.put(&path, assignment(role, &principal)).await;
    (reply.status.as_u16(), reply.code().to_owned())
}

async fn person<'a>(cloud: &'a Cloud, user: &str) -> As<'a> {
    cloud.arm_as(token(cloud, user, "https://management.azure.com/.default").await)
}

/// The token of a person who signs in to the Azure CLI, or the operating one to his client.
async fn token(cloud: &Cloud, user: &str, scope: &str) -> String {
    let operator = &cloud.simulator.ready().operator;
    let client = match &operator.user {
        Some(operating) if operating == user => operator.client_id.to_string(),
        _ => "04b07795-8ddb-461a-bbee-02f9e1bf7b46".to_owned(),
    };
    let form = [
        ("grant_type", "password"),
        ("client_id", client.as_str()),
        ("username", user),
        ("password", "rehearsal only"),
        ("scope", scope),
    ];
    let reply = cloud.form(&form).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.text("access_token")
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

// Goal: no scenario in the folder is wrong, and each says who it is and what must be refused.
#[tokio::test]
async fn every_scenario_starts() {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs_err::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let cloud = Cloud::start(&text).await;
        match &cloud.simulator.ready().operator.user {
            None => drop(cloud.arm().await),
            Some(user) => drop(person(&cloud, user).await),
        }
        if name != "default.toml" {
            assert!(text.starts_with("# Who: "), "{name}");
            assert!(text.contains("\n# Must be refused: "), "{name}");
        }
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        [
            "default.toml",
            "operator-condition.toml",
            "operator-contributor.toml",
            "operator-eligible.toml",
            "operator-guest.toml",
            "operator-owner.toml",
            "operator-too-few-app-roles.toml",
            "person-administrator.toml",
            "person-applications.toml",
            "person-elevating.toml",
            "person-eligible-own-client.toml",
            "person-eligible.toml",
            "person-guest.toml",
            "person-narrow-client.toml",
            "tenant-large.toml",
            "tenant-no-root-group.toml",
            "tenant-policies.toml",
        ]
    );
}

#[tokio::test]
async fn an_owner_may_and_a_contributor_may_not() {
    for (file, expected) in [
        ("operator-owner.toml", refused(201, "")),
        ("operator-contributor.toml", refused(403, "AuthorizationFailed")),
        ("operator-eligible.toml", refused(403, "AuthorizationFailed")),
    ] {
        let cloud = start(file).await;
        let arm = cloud.arm().await;
        assert_eq!(assign(&cloud, &arm, SCOPE, READER, 1).await, expected, "{file}");
    }
}

#[tokio::test]
async fn a_condition_forbids_one_of_the_roles() {
    let cloud = start("operator-condition.toml").await;
    let arm = cloud.arm().await;
    assert_eq!(assign(&cloud, &arm, SCOPE, READER, 1).await, refused(201, ""));
    let expected = refused(403, "AuthorizationFailed");
    assert_eq!(assign(&cloud, &arm, SCOPE, FILE_READER, 2).await, expected);
    let role =
        format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(9));
    assert_eq!(arm.put(&role, definition("X", &["*/read"], &[SCOPE])).await.status, 403);
}

#[tokio::test]
async fn an_eligible_person_learns_what_could_be() {
    let cloud = start("operator-eligible.toml").await;
    let deputy = person(&cloud, "deputy@contoso.example").await;
    assert_eq!(deputy.get(&format!("{SCOPE}?api-version=2022-12-01")).await.status, 403);
    let path = format!(
        "{SCOPE}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01&$filter=asTarget()"
    );
    let own = deputy.get(&path).await;
    let role = &own.body["value"][0]["properties"]["expandedProperties"]["roleDefinition"];
    assert_eq!(role["displayName"], "User Access Administrator");
}

#[tokio::test]
async fn too_few_app_roles_do_not_consent() {
    let cloud = start("operator-too-few-app-roles.toml").await;
    let (_, _, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let found =
        graph.get("/servicePrincipals?$filter=appId%20eq%20'00000003-0000-0000-c000-000000000000'");
    let found = found.await;
    let resource = found.body["value"][0]["id"].clone();
    let body = json!({
        "principalId": principal, "resourceId": resource,
        "appRoleId": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    });
    let path = format!("/servicePrincipals/{}/appRoleAssignedTo", resource.as_str().unwrap());
    assert_eq!(graph.post(&path, body).await.code(), "Authorization_RequestDenied");
    assert_eq!(graph.get("/policies/authorizationPolicy").await.status, 403);
}

#[tokio::test]
async fn a_guest_owns_one_subscription() {
    let cloud = start("operator-guest.toml").await;
    let guest = person(&cloud, "engineer_fabrikam.example#EXT#@contoso.example").await;
    assert_eq!(assign(&cloud, &guest, SCOPE, READER, 1).await, refused(201, ""));
    let expected = refused(403, "AuthorizationFailed");
    let other = SCOPE.replace("777777777777", "777777777778");
    assert_eq!(assign(&cloud, &guest, &other, READER, 2).await, expected);
    let root = format!("/providers/Microsoft.Management/managementGroups/{}", cloud.tenant());
    assert_eq!(assign(&cloud, &guest, &root, READER, 3).await, expected);
    let nobody = cloud.arm().await;
    assert_eq!(assign(&cloud, &nobody, SCOPE, READER, 4).await, expected);
}

#[tokio::test]
async fn a_large_tenant_has_every_state() {
    let cloud = start("tenant-large.toml").await;
    let arm = cloud.arm().await;
    let (all, _) = arm.all("/subscriptions?api-version=2022-12-01", "nextLink").await;
    let mut states: Vec<&Value> = all.iter().map(|it| &it["state"]).collect();
    assert_eq!(states.len(), 13);
    states.sort_by_key(|state| state.to_string());
    states.dedup();
    assert_eq!(states, ["Deleted", "Disabled", "Enabled", "PastDue", "Warned"]);
    let at = |number: u8| format!("/subscriptions/44444444-0000-4000-8000-0000000000{number:02}");
    for (number, expected) in [
        (1, refused(201, "")),
        (3, refused(403, "DenyAssignmentAuthorizationFailed")),
        (7, refused(409, "ReadOnlyDisabledSubscription")),
        (8, refused(404, "SubscriptionNotFound")),
        (9, refused(201, "")),
    ] {
        assert_eq!(assign(&cloud, &arm, &at(number), READER, number).await, expected, "{number}");
    }
    let path = "/providers/Microsoft.Management/managementGroups/contoso/descendants?api-version=2023-04-01";
    let (below, _) = arm.all(path, "nextLink").await;
    assert_eq!(below.len(), 4 + 12, "all groups below it, all subscriptions but one");
}

#[tokio::test]
async fn without_a_root_group_there_is_nothing_to_assign_at() {
    let cloud = start("tenant-no-root-group.toml").await;
    let arm = cloud.arm().await;
    let root = format!("/providers/Microsoft.Management/managementGroups/{}", cloud.tenant());
    assert_eq!(assign(&cloud, &arm, &root, READER, 1).await, refused(404, "NotFound"));
    assert_eq!(arm.get(&format!("{root}?api-version=2023-04-01")).await.status, 404);
    assert_eq!(assign(&cloud, &arm, SCOPE, READER, 2).await, refused(201, ""));
}

// Goal: every person who operates may and may not do what the scenario says.
#[tokio::test]
async fn people_operate_as_far_as_they_may() {
    let denied = || refused(403, "AuthorizationFailed");
    for (file, assigning, registering) in [
        ("person-administrator.toml", denied(), 201),
        ("person-elevating.toml", refused(201, ""), 201),
        ("person-applications.toml", refused(201, ""), 201),
        ("person-eligible.toml", denied(), 403),
        ("person-eligible-own-client.toml", denied(), 403),
        ("person-narrow-client.toml", refused(201, ""), 403),
        ("person-guest.toml", refused(201, ""), 403),
        ("tenant-policies.toml", refused(403, "DenyAssignmentAuthorizationFailed"), 403),
    ] {
        let cloud = start(file).await;
        let operator = cloud.simulator.ready().operator.clone();
        assert_eq!((operator.kind.as_str(), operator.client_secret), ("person", None), "{file}");
        let user = operator.user.unwrap();
        let arm = person(&cloud, &user).await;
        assert_eq!(assign(&cloud, &arm, SCOPE, READER, 1).await, assigning, "{file}");
        let graph = token(&cloud, &user, "https://graph.microsoft.com/.default").await;
        let graph = cloud.graph_as(graph);
        let made = graph.post("/applications", json!({ "displayName": "mine" })).await;
        assert_eq!(made.status, registering, "{file}: {made:?}");
    }
}

#[tokio::test]
async fn an_administrator_may_be_elevated() {
    let cloud = start("person-administrator.toml").await;
    let user = cloud.simulator.ready().operator.user.clone().unwrap();
    let arm = person(&cloud, &user).await;
    let elevate = "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01";
    assert_eq!(arm.post(elevate, json!({})).await.status, 200);
    let arm = person(&cloud, &user).await;
    assert_eq!(assign(&cloud, &arm, SCOPE, READER, 1).await, refused(201, ""));
}
