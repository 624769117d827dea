//! What replication refuses for a while: the same words are a matter of time for what this run
//! made, with the time it is given, and final for what is old.

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::arm::role_definitions::{NewRole, put_request};
use skybridge_plugin_sdk::protocol::onboard::Applied;

use super::{Bench, answer, fault};
use crate::tests::support::{NO_LAG, settings};

const GONE: &str = "Resource does not exist or one of its queried objects are not present.";

fn not_found() -> String {
    answer(404, "Request_ResourceNotFound", GONE)
}

/// After the application: reading and changing it, and the secret.
#[tokio::test]
async fn a_young_application() {
    let mut bench = Bench::before("application").await;
    let conflict = answer(409, "Request_Conflict", "It is being written by another replica.");
    bench
        .meet("changing the application", &fault("graph PATCH /applications", &conflict), &[], 0)
        .await;
    let done = bench.attempt(&[], 0).await.unwrap();
    bench.faults(&fault("graph GET /applications", &not_found())).await;
    let seen = bench.ready(&done).await;
    bench.not_ready("reading the application", seen);

    bench.go_on_to("client-secret").await;
    for (row, call) in [
        ("reading the application for the secret", "graph GET /applications/"),
        ("adding a password", "graph POST /addPassword"),
    ] {
        bench.meet_new_and_old(row, "application.fresh", &fault(call, &not_found()), "").await;
    }
    bench.compare(&expect_file!["young_application.txt"]);
}

/// After the application: its service principal.
#[tokio::test]
async fn an_application_without_service_principal() {
    let mut bench = Bench::before("service-principal").await;
    let post = "graph POST /servicePrincipals";
    let invalid =
        "The appId of the service principal does not reference a valid application object.";
    let foreign = "When using this permission, the backing application of the service principal \
                   being created must in the local tenant";
    let gone = fault("graph GET /applications/", &not_found());
    for (row, status, code, message) in [
        ("no valid application", 400, "Request_BadRequest", invalid),
        ("not in the local tenant", 403, "Authorization_RequestDenied", foreign),
    ] {
        let rule = fault(post, &answer(status, code, message));
        bench.meet_new_and_old(row, "application.fresh", &rule, &gone).await;
    }
    let twice = answer(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, the name is already in use.",
    );
    bench.meet("made by an attempt before, and not readable", &fault(post, &twice), &[], 1).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    bench.faults(&fault("graph GET /servicePrincipals", &not_found())).await;
    let seen = bench.ready(&done).await;
    bench.not_ready("reading the service principal", seen);
    bench.compare(&expect_file!["young_service_principal.txt"]);
}

/// After the service principal: consent.
#[tokio::test]
async fn consent_to_a_young_principal() {
    let mut bench = Bench::before("admin-consent.directory-read-all").await;
    let post = "graph POST /appRoleAssignedTo";
    let fresh = "service-principal.fresh";
    let invalid = answer(400, "Request_BadRequest", "Not a valid reference update.");
    for (row, effect) in [("404", not_found()), ("400 Not a valid reference update", invalid)] {
        let gone = fault("graph GET /appRoleAssignments", &not_found());
        bench.meet_new_and_old(row, fresh, &fault(post, &effect), &gone).await;
    }
    let twice = "Permission being assigned already exists on the object";
    let rule = fault(post, &answer(400, "Request_BadRequest", twice));
    bench.meet("granted by an attempt before, and not listed", &rule, &[], 1).await;
    let entry = "EntitlementGrant entry already exists.";
    let rule = fault(post, &answer(400, "Request_MultipleObjectsWithSameKeyValue", entry));
    bench.meet("the same in the other spelling", &rule, &[], 1).await;
    let rule = fault(post, &answer(409, "Request_MultipleObjectsWithSameKeyValue", entry));
    bench.meet("the same with the other status", &rule, &[], 1).await;
    let denied = answer(403, "Authorization_RequestDenied", "Insufficient privileges.");
    bench.meet("the operator may not consent", &fault(post, &denied), &[], 0).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    bench.faults(&fault("graph GET /appRoleAssignments", &not_found())).await;
    let seen = bench.ready(&done).await;
    match seen {
        Ok(_) => bench.not_ready("reading the consent", seen),
        Err(error) => bench.saw("reading the consent", Err(&error)),
    }
    bench.compare(&expect_file!["young_consent.txt"]);
}

/// After the custom role: reading it back, and its name after it was deleted.
#[tokio::test]
async fn a_custom_role_on_its_way() {
    let mut bench = Bench::before("role-definition.custom").await;
    let taken = answer(
        409,
        "RoleDefinitionWithSameNameExists",
        "A custom role with the same name already exists in this directory.",
    );
    let rule = fault("resource-manager PUT /roleDefinitions/", &taken);
    bench.meet("its name is taken and nobody sees by whom, at first", &rule, &[], 0).await;
    bench.meet("its name is taken and nobody sees by whom, for seconds", &rule, &[], 8).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    // After a change, a replica that has not heard of it shows the role as it was.
    let (home, id) = (done.undo["home"].as_str().unwrap(), done.undo["id"].as_str().unwrap());
    let before = NewRole {
        role_name: &crate::names::custom_role(&bench.rehearsal.settings.display_name),
        description: "as it was",
        actions: &["Microsoft.Web/sites/config/list/Action".to_owned()],
        assignable_scopes: &[home.to_owned()],
    };
    {
        let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
        session.send(&put_request(home, id, before)).await.unwrap();
    }
    let seen = bench.ready(&done).await;
    bench.not_ready("changed, and read as it was before", seen);
    let position = bench.rehearsal.find("role-definition.custom");
    bench.rehearsal.undo(position, &done.undo).await.unwrap();
    bench.compare(&expect_file!["young_custom_role.txt"]);

    let slow = NO_LAG.replace("role-definition = 0", "role-definition = 3600000");
    let scenario = format!("flapping = false\n{slow}");
    let mut bench = Bench::with("role-definition.custom", &scenario, settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("reading it back, by the simulator", seen);
    bench.compare(&expect_file!["young_custom_role_read.txt"]);
}

/// After an assignment: reading it back, and using it as the connector.
#[tokio::test]
async fn an_assignment_on_its_way() {
    let mut bench = Bench::before("role-assignment.reader").await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let gone = answer(404, "RoleAssignmentNotFound", "It was not found.");
    bench.faults(&fault("resource-manager GET /roleAssignments/", &gone)).await;
    let seen = bench.ready(&done).await;
    bench.not_ready("reading the assignment", seen);

    bench.go_on_to("verification.subscription").await;
    let denied = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let rule = fault("resource-manager GET /subscriptions/", &denied);
    bench.meet("first use as the connector", &rule, &[], 0).await;
    bench.compare(&expect_file!["young_assignment.txt"]);
}

/// After the consent: the token lacks the role.
#[tokio::test]
async fn a_consent_on_its_way() {
    let slow = NO_LAG.replace("app-role-effect = 0", "app-role-effect = 3600000");
    let mut bench = Bench::before("verification.directory").await;
    let denied = answer(403, "Authorization_RequestDenied", "Insufficient privileges.");
    let rule = fault("graph GET /policies", &denied);
    bench.meet("Graph refuses", &rule, &[], 0).await;
    bench.compare(&expect_file!["young_consent_refused.txt"]);

    let scenario = format!("flapping = false\n{slow}");
    let mut bench = Bench::with("verification.directory", &scenario, settings()).await;
    bench.meet("the token lacks the role, by the simulator", "", &[], 0).await;
    bench.compare(&expect_file!["young_consent_token.txt"]);
}

/// After the secret: what the login service says of it.
#[tokio::test]
async fn a_secret_on_its_way() {
    let mut bench = Bench::before("client-secret").await;
    let done = bench.attempt(&[], 0).await.unwrap();
    for (code, error, number) in [
        (401, "invalid_client", 7_000_215),
        (400, "unauthorized_client", 700_016),
        (401, "invalid_client", 7_000_222),
    ] {
        let said = answer(code, error, &format!("AADSTS{number}: not known here"));
        bench.faults(&fault("login POST /token", &said)).await;
        let seen = bench.ready(&done).await;
        bench.not_ready(&format!("AADSTS{number}"), seen);
    }
    bench.compare(&expect_file!["young_secret.txt"]);
}

/// After an elevation: assigning at the root.
#[tokio::test]
async fn an_elevation_on_its_way() {
    let mut elevate = settings();
    elevate["root-management-group"] = json!("elevate");
    let mut bench = Bench::with("role-assignment.management-group-reader", NO_LAG, elevate).await;
    let denied = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let rule = fault("resource-manager PUT /roleAssignments/", &denied);
    let elevated = |is: bool| [("elevation.elevated", json!(is))];
    bench.meet("elevated by this run", &rule, &elevated(true), 0).await;
    bench.meet("not elevated", &rule, &elevated(false), 0).await;
    bench.compare(&expect_file!["young_elevation.txt"]);
}

/// After deleting an application: its unique name.
#[tokio::test]
async fn the_name_of_a_deleted_application() {
    for (choice, file) in [
        ("refuse", expect_file!["deleted_refuse.txt"]),
        ("restore", expect_file!["deleted_restore.txt"]),
        ("purge", expect_file!["deleted_purge.txt"]),
    ] {
        let mut settings = settings();
        settings["deleted-application"] = json!(choice);
        let mut bench = Bench::with("application", NO_LAG, settings).await;
        let done: Applied = bench.attempt(&[], 0).await.unwrap();
        let position = bench.rehearsal.find("application");
        bench.rehearsal.undo(position, &done.undo).await.unwrap();
        bench.meet(&format!("the name, and the manifest says {choice}"), "", &[], 0).await;
        bench.compare(&file);
    }
}
