//! Management groups of several levels.

use serde_json::{Value, json};

use crate::client::{Cloud, PROMPT};
use crate::management::{READER, VERSION, assignment, assignment_path, name};

const GROUPS: &str = "/providers/Microsoft.Management/managementGroups";
const VERSION_2023: &str = "api-version=2023-04-01";

/// `platform` over `Landing` over `online`, a subscription in each, one more below the root.
fn tree() -> String {
    let mut text = PROMPT.to_owned();
    for (id, parent) in [("platform", ""), ("Landing", "platform"), ("online", "landing")] {
        text += &format!("[[management-groups]]\nid = '{id}'\nname = 'The {id}'\n");
        if !parent.is_empty() {
            text += &format!("parent = '{parent}'\n");
        }
    }
    for (number, group) in ["platform", "LANDING", "online", ""].iter().enumerate() {
        text += &format!(
            "[[subscriptions]]\nid = '00000000-0000-4000-8000-00000000000{number}'\nname = 's{number}'\n"
        );
        if !group.is_empty() {
            text += &format!("management-group = '{group}'\n");
        }
    }
    text + "[[users]]\nid = 'aaaaaaaa-0000-4000-8000-000000000007'\nname = 'P'\n\
            principal-name = 'p@contoso.example'\npassword = 'rehearsal only'\n"
}

// Goal: every level below a group is told, each thing with what is right above it, in pages.
#[tokio::test]
async fn descendants_of_every_level() {
    let cloud = Cloud::start(&tree()).await;
    let arm = cloud.arm().await;
    let path = format!("{GROUPS}/PLATFORM/descendants?{VERSION_2023}");
    let (all, pages) = arm.all(&path, "nextLink").await;
    let shown: Vec<(&Value, &Value, &Value)> = all
        .iter()
        .map(|it| (&it["name"], &it["type"], &it["properties"]["parent"]["id"]))
        .collect();
    let (group, subscription) = ("Microsoft.Management/managementGroups", "/subscriptions");
    let expected = [
        ("00000000-0000-4000-8000-000000000000", subscription, "platform"),
        ("00000000-0000-4000-8000-000000000001", subscription, "Landing"),
        ("00000000-0000-4000-8000-000000000002", subscription, "online"),
        ("Landing", group, "platform"),
        ("online", group, "Landing"),
    ];
    let expected: Vec<(Value, Value, Value)> = expected
        .iter()
        .map(|(name, kind, parent)| (json!(name), json!(kind), json!(format!("{GROUPS}/{parent}"))))
        .collect();
    assert_eq!(shown, expected.iter().map(|(a, b, c)| (a, b, c)).collect::<Vec<_>>());
    assert_eq!(pages, 3);
}

// Goal: the whole tree in one answer, with subscriptions or without; only one level when not asked.
#[tokio::test]
async fn a_group_expands() {
    let cloud = Cloud::start(&tree()).await;
    let arm = cloud.arm().await;
    let path = format!("{GROUPS}/platform?{VERSION_2023}&$expand=children");
    let flat = arm.get(&path).await;
    let names = |it: &Value| -> Vec<String> {
        let all = it["children"].as_array().cloned().unwrap_or_default();
        all.iter().map(|it| it["displayName"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&flat.body["properties"]), ["The Landing", "s0"]);
    assert_eq!(flat.body["properties"]["children"][0]["children"], Value::Null);
    let whole = arm.get(&format!("{path}&$recurse=true")).await;
    let landing = &whole.body["properties"]["children"][0];
    assert_eq!(names(landing), ["The online", "s1"]);
    assert_eq!(names(&landing["children"][0]), ["s2"]);
    let only = format!("{path}&$recurse=true&$filter=children.childType%20ne%20Subscription");
    assert_eq!(names(&arm.get(&only).await.body["properties"]), ["The Landing"]);
    let wrong = arm.get(&format!("{GROUPS}/platform?{VERSION_2023}&$recurse=true")).await;
    assert_eq!(wrong.status, 400);
}

// Goal: the subscriptions right below a group, and one of them.
#[tokio::test]
async fn subscriptions_of_a_group() {
    let cloud = Cloud::start(&tree()).await;
    let arm = cloud.arm().await;
    let list = arm.get(&format!("{GROUPS}/landing/subscriptions?{VERSION_2023}")).await;
    assert_eq!(list.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["value"][0]["properties"]["state"], "Active");
    assert_eq!(list.body["value"][0]["properties"]["parent"]["id"], format!("{GROUPS}/Landing"));
    let one = |number: u8| {
        format!(
            "{GROUPS}/landing/subscriptions/00000000-0000-4000-8000-00000000000{number}?{VERSION_2023}"
        )
    };
    assert_eq!(arm.get(&one(1)).await.body, list.body["value"][0]);
    assert_eq!(arm.get(&one(2)).await.status, 404, "that one is a level further down");
}

// Goal: a role at a group holds on every level below it, and nowhere else.
#[tokio::test]
async fn roles_are_inherited() {
    let cloud = Cloud::start(&tree()).await;
    let arm = cloud.arm().await;
    let mut body = assignment(READER, "aaaaaaaa-0000-4000-8000-000000000007");
    body["properties"]["principalType"] = json!("User");
    let made = arm.put(&assignment_path(&format!("{GROUPS}/landing"), &name(1)), body).await;
    assert_eq!(made.status, 201, "{made:?}");
    let form = [
        ("grant_type", "password"),
        ("client_id", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"),
        ("username", "p@contoso.example"),
        ("password", "rehearsal only"),
        ("scope", "https://management.azure.com/.default"),
    ];
    let person = cloud.arm_as(cloud.form(&form).await.text("access_token"));
    for (number, may) in [(0, 403), (1, 200), (2, 200), (3, 403)] {
        let path = format!("/subscriptions/00000000-0000-4000-8000-00000000000{number}");
        let read = person.get(&format!("{path}?api-version=2022-12-01")).await;
        assert_eq!(read.status.as_u16(), may, "{path}");
    }
    let list = format!(
        "{GROUPS}/platform/providers/Microsoft.Authorization/roleAssignments?{VERSION}&$filter=principalId%20eq%20'aaaaaaaa-0000-4000-8000-000000000007'"
    );
    assert_eq!(arm.get(&list).await.body["value"].as_array().unwrap().len(), 1);
    let (seen, _) = person.all("/subscriptions?api-version=2022-12-01", "nextLink").await;
    assert_eq!(seen.len(), 2);
    let (groups, _) = person.all(&format!("{GROUPS}?{VERSION_2023}"), "@nextLink").await;
    assert_eq!(groups.len(), 2);
}
