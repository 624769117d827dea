//! Who may do what: conditions, deny assignments, roles that have to be activated, and states of
//! subscriptions.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{As, Cloud, PROMPT};
use crate::management::{READER, VERSION, assignment, assignment_path, definition, name};

const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const SCOPE: &str = "/subscriptions/33333333-4444-5555-6666-777777777777";
/// The person of the default scenario, with a role of their own.
const PERSON: &str = "[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000007'\nname = 'Reader'\n\
    principal-name = 'reader@contoso.example'\npassword = 'rehearsal only'\n";

/// Neither gives nor takes away the role Owner.
const NO_OWNERS: &str = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR \
    (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
    ForAnyOfAllValues:GuidNotEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb635})) AND \
    ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR \
    (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
    ForAnyOfAllValues:GuidNotEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb635}))";

async fn person(cloud: &Cloud) -> As<'_> {
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "reader@contoso.example"),
        ("password", "rehearsal only"),
        ("scope", "https://management.azure.com/.default"),
    ];
    cloud.arm_as(cloud.form(&form).await.text("access_token"))
}

fn message(reply: &crate::client::Answer) -> &str {
    reply.body["error"]["message"].as_str().unwrap_or_default()
}

// Goal: a condition lets through what it is for, and its refusal is worded as the service words it.
#[tokio::test]
async fn a_condition_narrows_a_role() {
    let roles = format!(
        "{{ role = 'Role Based Access Control Administrator', condition = \"\"\"{NO_OWNERS}\"\"\" }}"
    );
    let scenario = format!("{PROMPT}\n[operator]\nassignments = [{roles}]\n");
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = |number| assignment_path(SCOPE, &name(number));
    assert_eq!(arm.put(&path(1), assignment(READER, &principal)).await.status, 201);
    let refused = arm.put(&path(2), assignment(OWNER, &principal)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "AuthorizationFailed"));
    let wanted = "does not have authorization or an ABAC condition not fulfilled to perform action \
                  'Microsoft.Authorization/roleAssignments/write'";
    assert!(message(&refused).contains(wanted), "{refused:?}");
    assert_eq!(arm.delete(&path(1)).await.status, 200);
    assert_eq!(arm.delete(&path(1)).await.status, 204);
    // Reading and what the permissions say are not narrowed.
    let permissions = format!("{SCOPE}/providers/Microsoft.Authorization/permissions?{VERSION}");
    let held = arm.get(&permissions).await;
    assert_eq!(
        held.body["value"][0]["actions"][0],
        "Microsoft.Authorization/roleAssignments/write"
    );
    let list = format!("{SCOPE}/providers/Microsoft.Authorization/roleAssignments?{VERSION}");
    let listed = arm.get(&list).await;
    assert_eq!(listed.body["value"][0]["properties"]["condition"], NO_OWNERS);
    // A role it may not define is refused without a word of conditions.
    let role =
        format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(9));
    let refused = arm.put(&role, definition("X", &["*/read"], &[SCOPE])).await;
    assert!(!message(&refused).contains("ABAC"), "{refused:?}");
}

// Goal: a condition that says nothing is refused when it is written, and a good one is kept.
#[tokio::test]
async fn conditions_are_read_when_they_are_written() {
    let cloud = Cloud::start(PROMPT).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = assignment_path(SCOPE, &name(1));
    let with = |condition: &str, version: &str| {
        let mut body = assignment(READER, &principal);
        body["properties"]["condition"] = json!(condition);
        body["properties"]["conditionVersion"] = json!(version);
        body
    };
    for (condition, version) in [("(((", "2.0"), ("ActionMatches{'a'}", "7.0")] {
        let refused = arm.put(&path, with(condition, version)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "InvalidRoleAssignmentCondition")
        );
    }
    let made = arm.put(&path, with(NO_OWNERS, "")).await;
    assert_eq!(
        (made.status.as_u16(), &made.body["properties"]["conditionVersion"]),
        (201, &json!("2.0"))
    );
}

// Goal: a deny assignment outweighs Owner, spares whom it excludes, and is told when asked for.
#[tokio::test]
async fn a_deny_assignment_outweighs_every_role() {
    let scenario = format!(
        "{PROMPT}\n[[deny-assignments]]\nname = 'locked'\nscope = '{SCOPE}'\n\
         actions = ['Microsoft.Authorization/roleAssignments/*']\n\
         not-actions = ['*/read']\nprincipals = ['everyone']\n\
         exclude-principals = ['admin@contoso.example']\n\
         [[deny-assignments]]\nname = 'not for the operator'\nactions = ['*']\n\
         principals = ['everyone']\nexclude-principals = ['operator']\n\
         [[deny-assignments]]\nname = 'elsewhere'\nactions = ['*/delete']\n\
         principals = ['admin@contoso.example']\n"
    );
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = assignment_path(&format!("{SCOPE}/resourceGroups/rg-production"), &name(1));
    let refused = arm.put(&path, assignment(READER, &principal)).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "DenyAssignmentAuthorizationFailed")
    );
    assert!(message(&refused).contains("deny assignment with name 'locked'"), "{refused:?}");
    assert!(message(&refused).contains(&format!("at scope '{SCOPE}'")), "{refused:?}");
    let denials = format!("{SCOPE}/providers/Microsoft.Authorization/denyAssignments?{VERSION}");
    let all = arm.get(&denials).await;
    assert_eq!(all.body["value"].as_array().unwrap().len(), 2, "a page: {all:?}");
    for (filter, count) in [
        ("atScope()", 3),
        ("denyAssignmentName eq 'locked'", 1),
        ("principalId eq 'aaaaaaaa-0000-4000-8000-000000000001'", 3),
        ("principalId eq 'aaaaaaaa-0000-4000-8000-000000000009'", 2),
    ] {
        let filter = filter.replace(' ', "%20");
        let (found, _) = arm.all(&format!("{denials}&$filter={filter}"), "nextLink").await;
        assert_eq!(found.len(), count, "{filter}");
    }
    let odd = arm.get(&format!("{denials}&$filter=gdprExportPrincipalId%20eq%20'x'")).await;
    assert_eq!(odd.code(), "UnsupportedQuery");
    let found = arm.get(&format!("{denials}&$filter=denyAssignmentName%20eq%20'locked'")).await;
    let locked = &found.body["value"][0];
    assert_eq!(locked["properties"]["principals"][0]["type"], "SystemDefined");
    let one = format!("{}?{VERSION}", locked["id"].as_str().unwrap());
    assert_eq!(arm.get(&one).await.body, *locked);
    let elsewhere = assignment_path(
        "/providers/Microsoft.Management/managementGroups/contoso-platform",
        &name(2),
    );
    assert_eq!(arm.put(&elsewhere, assignment(READER, &principal)).await.status, 201);
}

// Goal: a role that has to be activated gives nothing, and its holder can find out about it.
#[tokio::test]
async fn an_eligible_role_gives_nothing() {
    let scenario = format!(
        "{PROMPT}\n[operator]\nassignments = [{{ role = 'Reader' }}, \
         {{ role = 'Owner', scope = '{SCOPE}', eligible = true }}]\n\
         {PERSON}assignments = [{{ role = 'Contributor', eligible = true }}]\n"
    );
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let refused = arm.put(&assignment_path(SCOPE, &name(1)), assignment(READER, &principal)).await;
    assert_eq!(refused.code(), "AuthorizationFailed");
    let list = format!("{SCOPE}/providers/Microsoft.Authorization/roleAssignments?{VERSION}");
    assert_eq!(arm.get(&list).await.body["value"].as_array().unwrap().len(), 1);
    let eligible = |scope: &str, filter: &str| {
        format!(
            "{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01{filter}"
        )
    };
    let own = arm.get(&eligible(SCOPE, "&$filter=asTarget()")).await;
    let own = own.body["value"].as_array().unwrap().clone();
    assert_eq!(own.len(), 1);
    let properties = &own[0]["properties"];
    assert_eq!(properties["scope"], SCOPE);
    assert_eq!(properties["status"], "Provisioned");
    assert_eq!(properties["expandedProperties"]["roleDefinition"]["displayName"], "Owner");
    assert_eq!(properties["expandedProperties"]["scope"]["displayName"], "Contoso Production");
    let everybody = arm.get(&eligible(SCOPE, "")).await;
    assert_eq!(everybody.body["value"].as_array().unwrap().len(), 2);
    let above = arm.get(&eligible("", "&$filter=atScope()")).await;
    assert_eq!(above.status, 403, "reading everybody's needs a right at that scope");
    let person = person(&cloud).await;
    let own = person.get(&eligible("", "&$filter=asTarget()")).await;
    assert_eq!(
        own.body["value"][0]["properties"]["expandedProperties"]["principal"]["email"],
        "reader@contoso.example"
    );
    assert_eq!(person.get(&eligible(SCOPE, "")).await.status, 403);
    let none = person.get("/subscriptions?api-version=2022-12-01").await;
    assert_eq!(none.body["value"], json!([]));
}

// Goal: a person holds roles like anybody, inherited from above.
#[tokio::test]
async fn people_hold_roles() {
    let group = "/providers/Microsoft.Management/managementGroups/contoso-platform";
    let scenario =
        format!("{PROMPT}\n{PERSON}assignments = [{{ role = 'Reader', scope = '{group}' }}]\n");
    let cloud = Cloud::start(&scenario).await;
    let person = person(&cloud).await;
    assert_eq!(person.get(&format!("{SCOPE}?api-version=2022-12-01")).await.status, 200);
    let list = format!(
        "{SCOPE}/providers/Microsoft.Authorization/roleAssignments?{VERSION}&$filter=assignedTo('aaaaaaaa-0000-4000-8000-000000000007')"
    );
    let held = person.get(&list).await;
    assert_eq!(held.body["value"][0]["properties"]["principalType"], "User");
    assert_eq!(held.body["value"][0]["properties"]["scope"], group);
}

// Goal: a subscription that is switched off is read, not written; a deleted one is only listed.
#[tokio::test]
async fn states_of_subscriptions_have_consequences() {
    let ids: Vec<String> =
        (1..=6).map(|n| format!("00000000-0000-4000-8000-00000000000{n}")).collect();
    let states = ["Enabled", "Warned", "PastDue", "Disabled", "Deleted", "Enabled"];
    let mut scenario = format!("{PROMPT}\n[page-size]\nresource-manager = 10\n");
    for (id, state) in ids.iter().zip(states) {
        scenario +=
            &format!("[[subscriptions]]\nid = '{id}'\nname = '{state}'\nstate = '{state}'\n");
    }
    scenario += "tenant = '99999999-2222-3333-4444-555555555555'\n";
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let list = arm.get("/subscriptions?api-version=2022-12-01").await;
    let listed: Vec<&Value> =
        list.body["value"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(listed, states);
    assert_eq!(list.body["value"][5]["tenantId"], "99999999-2222-3333-4444-555555555555");
    for (number, (id, state)) in (1..).zip(ids.iter().zip(states)) {
        let scope = format!("/subscriptions/{id}");
        let read = arm.get(&format!("{scope}?api-version=2022-12-01")).await;
        let path = assignment_path(&scope, &name(number));
        let written = arm.put(&path, assignment(READER, &principal)).await;
        let (read_as, written_as) = match state {
            "Disabled" => (200, (409, "ReadOnlyDisabledSubscription")),
            "Deleted" => (404, (404, "SubscriptionNotFound")),
            _ => (200, (201, "")),
        };
        assert_eq!(read.status.as_u16(), read_as, "{state}");
        assert_eq!((written.status.as_u16(), written.code()), written_as, "{state}");
    }
    let off = format!("/subscriptions/{}/resourcegroups/new?api-version=2021-04-01", ids[3]);
    let refused = arm.send(Method::PUT, &off, Some(json!({}))).await;
    assert_eq!(refused.code(), "ReadOnlyDisabledSubscription");
    let role = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}",
        ids[3],
        name(1)
    );
    let refused = arm.put(&role, definition("X", &["*/read"], &["/subscriptions/x"])).await;
    assert_eq!(refused.code(), "ReadOnlyDisabledSubscription");
}

// Goal: somebody disables a subscription while the simulator runs, and enables it again.
#[tokio::test]
async fn a_subscription_changes_its_state() {
    let id = "00000000-0000-4000-8000-000000000001";
    let cloud =
        Cloud::start(&format!("{PROMPT}\n[[subscriptions]]\nid = '{id}'\nname = 'One'\n")).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let path = assignment_path(&format!("/subscriptions/{id}"), &name(1));
    let control = format!("subscriptions/{id}");
    for (state, written_as) in [("Disabled", 409), ("Deleted", 404), ("Enabled", 201)] {
        let changed = cloud.control(&control, json!({ "state": state })).await;
        assert_eq!((changed.status.as_u16(), &changed.body["state"]), (200, &json!(state)));
        let shown = &cloud.state().await["subscriptions"][0]["state"];
        assert_eq!(shown, state);
        let written = arm.put(&path, assignment(READER, &principal)).await;
        assert_eq!(written.status.as_u16(), written_as, "{state}");
    }
    let unknown = "subscriptions/00000000-0000-4000-8000-000000000009";
    for (path, body, status) in [
        (unknown, json!({ "state": "Disabled" }), 404),
        ("subscriptions/one", json!({ "state": "Disabled" }), 404),
        (control.as_str(), json!({ "state": "Sleeping" }), 400),
        (control.as_str(), json!({ "name": "Two" }), 400),
    ] {
        let refused = cloud.control(path, body).await;
        assert_eq!(refused.status.as_u16(), status, "{path}");
    }
    assert_eq!(cloud.look(&format!("/_simulator/{control}")).await.status.as_u16(), 405);
}
