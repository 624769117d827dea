//! The other refusals known by name, and what a status means when its code says nothing more.

use expect_test::expect_file;
use serde_json::json;

use super::{Bench, answer, fault};
use crate::tests::support::{NO_LAG, settings};

const SUBSCRIPTION: &str = "resource-manager GET /subscriptions/";
const UPSERT: &str = "graph PATCH /applications";
const DENIED: &str = "Insufficient privileges to complete the operation.";

/// The first step of a subscription: looked up before anything is written.
#[tokio::test]
async fn subscriptions() {
    let mut bench = Bench::before("subscription").await;
    let unknown = "99999999-4444-5555-6666-777777777777";
    let position = bench.rehearsal.find("subscription") as usize;
    let known = bench.rehearsal.description.steps[position].scope.replace(unknown.into());
    bench.meet("SubscriptionNotFound, by the simulator", "", &[], 0).await;
    bench.rehearsal.description.steps[position].scope = known;
    let wrong = "The access token is from the wrong issuer.";
    for (row, status, code, message) in [
        ("InvalidAuthenticationTokenTenant", 401, "InvalidAuthenticationTokenTenant", wrong),
        ("401, another code", 401, "AuthenticationFailed", "Authentication failed."),
        ("403, another code", 403, "Forbidden", "Not from this address."),
        ("404, another code", 404, "ResourceNotFound", "It was not found."),
        ("409, another code", 409, "Conflict", "Somebody else writes."),
        ("412", 412, "PreconditionFailed", "It was changed meanwhile."),
        ("400, another code", 400, "BadRequest", "Something is wrong with it."),
        ("418, unheard of", 418, "Teapot", "It is a teapot."),
        ("an answer without an error document", 200, "OK", "It agrees and says nothing."),
    ] {
        bench.meet(row, &fault(SUBSCRIPTION, &answer(status, code, message)), &[], 0).await;
    }
    bench.compare(&expect_file!["subscriptions.txt"]);
}

/// Making the custom role.
#[tokio::test]
async fn custom_roles() {
    let mut bench = Bench::before("role-definition.custom").await;
    let put = "resource-manager PUT /roleDefinitions/";
    let taken = "A custom role with the same name already exists in this directory.";
    let unknown = "is not a valid action or not action.";
    let full = "Role definition limit exceeded. No more role definitions can be created.";
    let linked = "The client has permission on one scope and not on the linked scope.";
    for (row, status, code, message) in [
        ("RoleDefinitionWithSameNameExists", 409, "RoleDefinitionWithSameNameExists", taken),
        ("InvalidActionOrNotAction", 400, "InvalidActionOrNotAction", unknown),
        ("RoleDefinitionLimitExceeded", 400, "RoleDefinitionLimitExceeded", full),
        ("LinkedAuthorizationFailed", 403, "LinkedAuthorizationFailed", linked),
    ] {
        bench.meet(row, &fault(put, &answer(status, code, message)), &[], 0).await;
    }
    let done = bench.attempt(&[], 0).await.unwrap();
    bench
        .faults(&fault(
            "resource-manager DELETE /roleDefinitions/",
            &answer(400, "RoleDefinitionHasAssignments", "There are existing role assignments."),
        ))
        .await;
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    let family = crate::steps::family("role-definition").unwrap();
    let error = family.undo(&session, &done.undo).await.unwrap_err();
    bench.saw("RoleDefinitionHasAssignments, and only ours were there", Err(&error));
    bench.compare(&expect_file!["custom_roles.txt"]);
}

/// Registering the application.
#[tokio::test]
async fn applications() {
    let mut bench = Bench::before("application").await;
    let taken = "Another object with the same value for property uniqueName already exists.";
    let full = "The directory object quota limit for the Principal has been exceeded.";
    let race = "There was a conflict in processing the request.";
    for (row, status, code, message) in [
        ("the unique name is taken by nobody who is seen", 400, "Request_BadRequest", taken),
        ("Authorization_RequestDenied", 403, "Authorization_RequestDenied", DENIED),
        ("Directory_QuotaExceeded", 403, "Directory_QuotaExceeded", full),
        ("Directory_ConcurrencyViolation", 409, "Directory_ConcurrencyViolation", race),
        ("424", 424, "FailedDependency", "A part of it failed."),
    ] {
        bench.meet(row, &fault(UPSERT, &answer(status, code, message)), &[], 0).await;
    }
    let rule = fault(UPSERT, "effect = \"too-many-requests\"");
    bench.meet("429 of Graph, without a time", &rule, &[], 0).await;
    bench.compare(&expect_file!["applications.txt"]);
}

/// Making the client secret under the policies of a tenant.
#[tokio::test]
async fn client_secrets() {
    let mut bench = Bench::before("client-secret").await;
    let add = "graph POST /addPassword";
    let by_text = "Credential type not allowed as per assigned policy 'tenantDefault'.";
    for (row, code, message) in [
        ("a type the policy forbids", "CredentialTypeNotAllowedAsPerAppPolicy", "Not allowed."),
        ("a type the policy forbids, in words only", "Request_BadRequest", by_text),
    ] {
        bench.meet(row, &fault(add, &answer(400, code, message)), &[], 0).await;
    }
    bench.compare(&expect_file!["client_secrets.txt"]);

    let policy = format!("[policy]\nmax-secret-lifetime-days = 30\n{NO_LAG}");
    let mut bench = Bench::with("client-secret", &policy, settings()).await;
    bench.meet("a life the policy does not allow, by the simulator", "", &[], 0).await;
    bench.compare(&expect_file!["client_secrets_policy.txt"]);
}

/// Trusting another issuer's tokens.
#[tokio::test]
async fn federated_credentials() {
    let mut federated = settings();
    federated["credential"] = json!({
        "kind": "federated", "issuer": "https://token.actions.example", "subject": "contoso",
        "name": "ours",
    });
    let mut bench = Bench::with("federated-credential", NO_LAG, federated).await;
    let taken = "FederatedIdentityCredential with name ours already exists.";
    let rule = fault(
        "graph POST /federatedIdentityCredentials",
        &answer(409, "Request_MultipleObjectsWithSameKeyValue", taken),
    );
    bench.meet("the name exists and is not listed", &rule, &[], 0).await;
    let app = bench.rehearsal.output("application", "object-id");
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    let add = async |name: &str, subject: &str, audience: &str| {
        use skybridge_azure_client::graph::federated_credentials as there;
        let new = there::NewFederatedCredential {
            name,
            issuer: "https://token.actions.example",
            subject,
            audience,
            description: "somebody else's",
        };
        let made: there::FederatedCredential =
            session.json(&there::create_request(&app, new)).await.unwrap();
        made.id
    };
    let remove = async |id: &str| {
        use skybridge_azure_client::graph::federated_credentials::delete_request;
        session.send(&delete_request(&app, id)).await.unwrap();
    };
    let mut seen = Vec::new();
    let id = add("ours", "somebody", "api://AzureADTokenExchange").await;
    seen.push(("the name is another's", bench.attempt(&[], 0).await));
    remove(&id).await;
    let id = add("theirs", "contoso", "api://another").await;
    seen.push(("the issuer and subject for another audience", bench.attempt(&[], 0).await));
    remove(&id).await;
    for number in 0..20 {
        add(&format!("name-{number}"), &format!("s{number}"), "api://AzureADTokenExchange").await;
    }
    seen.push(("twenty are the most", bench.attempt(&[], 0).await));
    for (row, outcome) in seen {
        bench.saw(row, Err(&outcome.unwrap_err()));
    }
    bench.compare(&expect_file!["federated_credentials.txt"]);
}
