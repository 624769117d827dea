//! Assigning a role: every answer the service is known to refuse with.

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::arm::role_assignments::{NewAssignment, put_request};

use super::{Bench, answer, fault};
use crate::roles;
use crate::tests::support::SUBSCRIPTION;

const PUT: &str = "resource-manager PUT /roleAssignments/";
const FRESH: &str = "service-principal.fresh";
const NOBODY: &str = "0f0f0f0f-0000-4000-8000-000000000002";

/// Every row of the table of codes, in its order.
#[tokio::test]
async fn every_row_of_the_table() {
    let mut bench = Bench::before("role-assignment.reader").await;
    let unknown = "Principal does not exist in the directory. Check that you have the correct \
                   principal ID; it may be a replication delay.";
    let rule = fault(PUT, &answer(400, "PrincipalNotFound", unknown));
    bench
        .meet("PrincipalNotFound, and the directory has it", &rule, &[(FRESH, json!(false))], 0)
        .await;
    let gone =
        fault("graph GET /servicePrincipals/", &answer(404, "Request_ResourceNotFound", "x"));
    bench.meet_new_and_old("PrincipalNotFound", FRESH, &rule, &gone).await;
    let wrong = [("service-principal.object-id", json!(NOBODY)), (FRESH, json!(false))];
    bench.meet("PrincipalNotFound, by the simulator: a wrong id", "", &wrong, 0).await;

    let there = "The role assignment already exists.";
    let rule = fault(PUT, &answer(409, "RoleAssignmentExists", there));
    bench.meet("RoleAssignmentExists, and nobody sees it", &rule, &[], 0).await;
    let fixed = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
    let lacks = "The client does not have authorization to perform action \
                 'Microsoft.Authorization/roleAssignments/write' over scope or the scope is invalid.";
    let narrowed = "The client does not have authorization or an ABAC condition not fulfilled to \
                    perform action 'Microsoft.Authorization/roleAssignments/write'.";
    let full = "No more role assignments can be created.";
    for (row, status, code, message) in [
        ("RoleAssignmentUpdateNotPermitted", 400, "RoleAssignmentUpdateNotPermitted", fixed),
        ("AuthorizationFailed", 403, "AuthorizationFailed", lacks),
        ("AuthorizationFailed by a condition", 403, "AuthorizationFailed", narrowed),
        ("LinkedAuthorizationFailed", 403, "LinkedAuthorizationFailed", "No permission there."),
        ("RoleAssignmentLimitExceeded", 400, "RoleAssignmentLimitExceeded", full),
    ] {
        bench.meet(row, &fault(PUT, &answer(status, code, message)), &[], 0).await;
    }
    for code in ["InvalidAuthenticationToken", "ExpiredAuthenticationToken"] {
        let rule = fault(PUT, &answer(401, code, "The access token is invalid or has expired."));
        bench.meet(&format!("{code}, always"), &rule, &[], 0).await;
        bench.meet(&format!("{code}, once"), &format!("{rule}times = 1\n"), &[], 0).await;
    }
    for (row, effect) in [
        ("429 with Retry-After", "effect = \"too-many-requests\"\nretry-after = 7"),
        ("429 without", "effect = \"too-many-requests\""),
        ("500", "effect = \"internal-error\""),
        ("503 with Retry-After", "effect = \"service-unavailable\"\nretry-after = 3"),
        ("408", "effect = \"request-timeout\""),
    ] {
        bench.meet(row, &fault(PUT, effect), &[], 0).await;
    }
    bench.meet("502", &fault(PUT, &answer(502, "BadGateway", "x")), &[], 0).await;
    bench.meet("504", &fault(PUT, &answer(504, "GatewayTimeout", "x")), &[], 0).await;
    foreign(&mut bench).await;
    bench.compare(&expect_file!["role_assignments.txt"]);
}

/// The same assignment under a name of somebody else, which lists show only after the attempt.
async fn foreign(bench: &mut Bench) {
    let principal = bench.rehearsal.output("service-principal", "object-id");
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let role = roles::READER.id.unwrap();
    let new = NewAssignment {
        role_definition_id: &format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    session.send(&put_request(&scope, NOBODY, new)).await.unwrap();
    bench.meet("RoleAssignmentExists, by the simulator: found by a look", "", &[], 0).await;
}

/// The rows about custom roles.
#[tokio::test]
async fn a_custom_role_that_is_not_there() {
    let mut bench = Bench::before("role-assignment.custom").await;
    let rule = fault(PUT, &answer(404, "RoleDefinitionDoesNotExist", "It does not exist."));
    let fresh = "role-definition.custom.fresh";
    bench.meet_new_and_old("RoleDefinitionDoesNotExist", fresh, &rule, "").await;
    bench.compare(&expect_file!["custom_role_assignment.txt"]);
}

/// An assignment of our name that says something else was not made by us.
#[tokio::test]
async fn our_name_for_something_else() {
    let mut bench = Bench::before("role-assignment.reader").await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let id = done.outputs["id"].as_str().unwrap().to_owned();
    let name = id.rsplit('/').next().unwrap();
    let (scope, _) = id.split_once("/providers/Microsoft.Authorization/").unwrap();
    let position = bench.rehearsal.find("role-assignment.reader");
    bench.rehearsal.undo(position, &done.undo).await.unwrap();
    let principal = bench.rehearsal.output("service-principal", "object-id");
    let role = roles::ON_SUBSCRIPTION[1].id.unwrap();
    let new = NewAssignment {
        role_definition_id: &format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    session.send(&put_request(scope, name, new)).await.unwrap();
    bench.meet("the name is taken by another role", "", &[], 0).await;
    bench.compare(&expect_file!["our_name_for_something_else.txt"]);
}
