//! Deletions take their time, too.

use reqwest::Method;

use crate::client::{Cloud, PROMPT};
use crate::management::{READER, VERSION, assignment, assignment_path, definition, name};

/// Longer than the test takes, so that nothing settles during it.
fn slow(lag: &str) -> String {
    PROMPT.replace(&format!("{lag} = 0"), &format!("{lag} = 3600000"))
}

// §11: a deleted role is read and listed by replicas that are behind, and its name is taken.
#[tokio::test]
async fn a_deleted_role_lingers() {
    let cloud = Cloud::start(&slow("role-definition-deletion")).await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let at = |number: u8| {
        let id = name(number);
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{id}?{VERSION}")
    };
    let body = definition("Connector", &["*/read"], &[&scope]);
    assert_eq!(arm.put(&at(1), body.clone()).await.status, 201);
    assert_eq!(arm.delete(&at(1)).await.status, 200);
    assert_eq!(arm.get(&at(1)).await.status, 200, "a replica that is behind");
    let list = format!(
        "{scope}/providers/Microsoft.Authorization/roleDefinitions?{VERSION}&$filter=type%20eq%20'CustomRole'"
    );
    assert_eq!(arm.get(&list).await.body["value"][0]["name"], name(1));
    assert_eq!(arm.delete(&at(1)).await.status, 204);
    assert_eq!(arm.put(&at(2), body.clone()).await.code(), "RoleDefinitionWithSameNameExists");
    assert_eq!(arm.put(&at(1), body).await.status, 201, "its own name is its own");
    assert!(cloud.state().await["roleDefinitions"].as_array().unwrap().len() == 1);
}

// §11: a deleted assignment lingers; its name is not free, and its role cannot go before it.
#[tokio::test]
async fn a_deleted_assignment_lingers() {
    let cloud = Cloud::start(&slow("role-assignment-deletion")).await;
    let (_, _, principal) = cloud.connector().await;
    let (_, _, other) = cloud.connector().await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let role =
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(5));
    assert_eq!(arm.put(&role, definition("C", &["*/read"], &[&scope])).await.status, 201);
    let path = assignment_path(&scope, &name(1));
    assert_eq!(arm.put(&path, assignment(&name(5), &principal)).await.status, 201);
    assert_eq!(arm.delete(&path).await.status, 200);
    assert_eq!(arm.get(&path).await.status, 200, "a replica that is behind");
    let list = format!(
        "{scope}/providers/Microsoft.Authorization/roleAssignments?{VERSION}&$filter=principalId%20eq%20'{principal}'"
    );
    assert_eq!(arm.get(&list).await.body["value"][0]["name"], name(1));
    assert_eq!(arm.delete(&role).await.code(), "RoleDefinitionHasAssignments");
    let reused = arm.put(&path, assignment(READER, &other)).await;
    assert_eq!(reused.code(), "RoleAssignmentUpdateNotPermitted");
    assert_eq!(arm.put(&path, assignment(&name(5), &principal)).await.status, 201);
    assert_eq!(arm.delete(&path).await.status, 200);
}

// Goal: after the lag everything is gone, for every read.
#[tokio::test]
async fn what_lingers_goes() {
    let scenario = PROMPT
        .replace("role-assignment-deletion = 0", "role-assignment-deletion = 200")
        .replace("role-definition-deletion = 0", "role-definition-deletion = 200");
    let cloud = Cloud::start(&scenario).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let role =
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}?{VERSION}", name(5));
    arm.put(&role, definition("C", &["*/read"], &[&scope])).await;
    let path = assignment_path(&scope, &name(1));
    arm.put(&path, assignment(&name(5), &principal)).await;
    assert_eq!(arm.delete(&path).await.status, 200);
    arm.until(Method::DELETE, &role, None, |reply| reply.status == 200).await;
    assert_eq!(arm.get(&path).await.status, 404, "its lag was over when its role could go");
    arm.until(Method::GET, &role, None, |reply| reply.status == 404).await;
    let other = role.replace(&name(5), &name(6));
    let body = definition("C", &["*/read"], &[&scope]);
    arm.until(Method::PUT, &other, Some(body), |reply| reply.status == 201).await;
}
