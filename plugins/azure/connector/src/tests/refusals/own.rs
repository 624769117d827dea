//! What the connector itself refuses: settings, surroundings, and a tenant that is not as it
//! should be.

use expect_test::expect_file;
use serde_json::{Value, json};
use skybridge_azure_client::arm::role_assignments::{self, NewAssignment};
use skybridge_azure_client::cloud::Service;
use skybridge_azure_client::request::{Method, Path, Request};
use skybridge_azure_client::{CertificateError, Secret, Trust};
use skybridge_plugin_sdk::Onboard;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::DescribeRequest;
use skybridge_plugin_sdk::protocol::open::OpenRequest;

use super::{Bench, answer, fault};
use crate::azure::Azure;
use crate::operator::Operator;
use crate::settings::Settings;
use crate::steps;
use crate::tests::support::{MemoryHost, NO_LAG, SUBSCRIPTION, TENANT, settings};

mod elevations;

/// The scenario in which the only subscription is so.
fn subscription(more: &str) -> String {
    format!("[[subscriptions]]\nid = \"{SUBSCRIPTION}\"\nname = \"One\"\n{more}\n{NO_LAG}")
}

#[tokio::test]
async fn subscriptions_that_cannot_be_onboarded() {
    for (row, scenario, file) in [
        (
            "of another tenant",
            subscription("tenant = \"99999999-2222-3333-4444-555555555555\""),
            expect_file!["own/subscription_tenant.txt"],
        ),
        (
            "switched off",
            subscription("state = \"Disabled\""),
            expect_file!["own/subscription_state.txt"],
        ),
        (
            "in which the operator only reads",
            format!("[operator]\nassignments = [{{ role = \"Reader\" }}]\n{NO_LAG}"),
            expect_file!["own/subscription_rights.txt"],
        ),
    ] {
        let mut bench = Bench::with("subscription", &scenario, settings()).await;
        bench.meet(&format!("a subscription {row}"), "", &[], 0).await;
        bench.compare(&file);
    }
}

#[tokio::test]
async fn root_groups_that_cannot_be_used() {
    let word = "role-assignment.management-group-reader";
    let none = format!("[tenant]\nroot-management-group = false\n{NO_LAG}");
    let mut bench = Bench::with(word, &none, settings()).await;
    bench.meet("a tenant that never used management groups", "", &[], 0).await;
    bench.compare(&expect_file!["own/no_root_group.txt"]);
    let owner = format!(
        "[operator]\nassignments = [{{ role = \"Owner\", scope = \"/subscriptions/{SUBSCRIPTION}\" \
         }}]\n{NO_LAG}"
    );
    let mut bench = Bench::with(word, &owner, settings()).await;
    bench.meet("an operator without rights at the root", "", &[], 0).await;
    bench.compare(&expect_file!["own/no_right_at_root.txt"]);
}

async fn send(bench: &Bench, request: Request) {
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    session.send(&request).await.unwrap();
}

#[tokio::test]
async fn a_principal_that_was_switched_off() {
    let mut bench = Bench::before("service-principal").await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let id = done.outputs["object-id"].as_str().unwrap();
    let path = Path::fixed("/v1.0/servicePrincipals/").segment(id);
    let request = Request::new(Service::Graph, Method::Patch, path, "switching it off");
    send(&bench, request.json(json!({"accountEnabled": false}))).await;
    bench.meet("sign-in is switched off", "", &[], 0).await;
    bench.compare(&expect_file!["own/disabled_principal.txt"]);
}

/// A deleted object that cannot be purged yet.
#[tokio::test]
async fn a_purge_that_comes_too_early() {
    let mut bench = Bench::before("application").await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let gone = answer(404, "Request_ResourceNotFound", "It does not exist.");
    bench.faults(&fault("graph DELETE /deletedItems", &gone)).await;
    let session = crate::session::Session {
        purge: true,
        ..bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap()
    };
    let undone = steps::family("application").unwrap().undo(&session, &done.undo).await;
    bench.saw("deleted a moment ago", Err(&undone.unwrap_err()));
    bench.compare(&expect_file!["own/early_purge.txt"]);
}

/// The custom role has two parts and is somebody else's, too.
#[tokio::test]
async fn a_custom_role_that_was_edited() {
    let scenario = format!("[generate]\nsubscriptions = 1\n{NO_LAG}");
    let mut bench = Bench::with("role-definition.custom", &scenario, settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let all = bench.rehearsal.truth("subscriptions").await;
    let scope = |one: &Value| format!("/subscriptions/{}", id_of(one));
    let scopes: Vec<String> = all.iter().map(scope).collect();
    let part = |action: &str| json!({"actions": [action], "notActions": [], "dataActions": [], "notDataActions": []});
    let (home, id) = (done.undo["home"].as_str().unwrap(), done.undo["id"].as_str().unwrap());
    let path = Path::new()
        .scope(home)
        .then("/providers/Microsoft.Authorization/roleDefinitions/")
        .segment(id);
    let request = Request::new(Service::ResourceManager, Method::Put, path, "editing the role")
        .version("2022-04-01")
        .json(json!({"properties": {
            "roleName": "Skybridge Connector (skybridge-connector)", "description": "d",
            "type": "CustomRole", "assignableScopes": scopes,
            "permissions": [part("Microsoft.Web/sites/config/list/Action"), part("*/read")],
        }}));
    send(&bench, request).await;
    let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
    let undone = steps::family("role-definition").unwrap().undo(&session, &done.undo).await;
    bench.saw("it cannot be narrowed", Err(&undone.unwrap_err()));
    bench.compare(&expect_file!["own/edited_role.txt"]);
}

fn id_of(subscription: &Value) -> &str {
    let id = subscription["subscriptionId"].as_str().or(subscription["id"].as_str()).unwrap();
    id.rsplit('/').next().unwrap()
}

/// Somebody gave the connector more, and the operator may not take it away.
#[tokio::test]
async fn a_grant_that_cannot_be_taken_away() {
    let mut bench = Bench::before("unplanned-grants").await;
    let principal = bench.rehearsal.output("service-principal", "object-id");
    let contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    let role = format!("/providers/Microsoft.Authorization/roleDefinitions/{contributor}");
    let new = NewAssignment {
        role_definition_id: &role,
        principal_id: &principal,
        principal_type: "ServicePrincipal",
        description: None,
    };
    let scope = format!("/subscriptions/{SUBSCRIPTION}");
    let name = "0f0f0f0f-0000-4000-8000-000000000003";
    send(&bench, role_assignments::put_request(&scope, name, new)).await;
    let denied = answer(403, "AuthorizationFailed", "The client does not have authorization.");
    let rule = fault("resource-manager DELETE /roleAssignments/", &denied);
    bench.meet("Contributor, by somebody else", &rule, &[], 0).await;
    bench.compare(&expect_file!["own/extra_grant.txt"]);
}

/// What the vault should have and has not.
#[tokio::test]
async fn a_vault_that_was_emptied() {
    let mut bench = Bench::before("verification.subscription").await;
    let kept = std::mem::take(&mut *bench.rehearsal.host.secrets.lock().unwrap());
    bench.meet("no secret", "", &[], 0).await;
    let broken = ("certificate/broken".to_owned(), b"no certificate".to_vec());
    *bench.rehearsal.host.secrets.lock().unwrap() = [broken].into();
    let name = [("client-secret.vault-name", json!("certificate/broken"))];
    bench.meet("a certificate that is none", "", &name, 0).await;
    bench.compare(&expect_file!["own/vault.txt"]);
    *bench.rehearsal.host.secrets.lock().unwrap() = kept;
}

/// The old secret goes on working, because nothing was removed.
#[tokio::test]
async fn an_old_secret_that_still_works() {
    let mut bench = Bench::before("verification.subscription").await;
    let description =
        crate::rotation::describe("contoso", &bench.rehearsal.settings, None, &Map::new()).unwrap();
    bench.rehearsal.description = description;
    bench.rehearsal.outputs.clear();
    bench.rehearsal.run = "rotate-1".into();
    bench.go_on_to("retired-credentials").await;
    let rule = fault("graph POST /removePassword", &answer(200, "OK", "nothing was done"));
    bench.meet("still taken", &rule, &[], 0).await;
    bench.compare(&expect_file!["own/old_secret.txt"]);
}

/// Files with tokens of an issuer.
#[tokio::test]
async fn assertions_that_are_not_shown_to_anybody() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let token = |claims: Value| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let good = json!({"iss": "https://i.example", "sub": "s", "aud": "api://AzureADTokenExchange",
        "exp": 4_000_000_000_i64});
    let with = |claim: &str, value: Value| {
        let mut claims = good.clone();
        claims[claim] = value;
        token(claims)
    };
    fs_err::write(&file, token(good.clone())).unwrap();
    let mut federated = settings();
    federated["credential"] = json!({"kind": "federated", "issuer": "https://i.example",
        "subject": "s", "assertion": format!("file:{}", file.display())});
    let mut bench = Bench::with("federated-credential", NO_LAG, federated).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    for (row, text) in [
        ("no token", "nothing".to_owned()),
        ("of another issuer", with("iss", json!("https://j.example"))),
        ("for another audience", with("aud", json!("somebody"))),
        ("that has expired", with("exp", json!(1))),
    ] {
        fs_err::write(&file, text).unwrap();
        let error = bench.ready(&done).await.unwrap_err();
        bench.saw(&format!("a token {row}"), Err(&error));
    }
    fs_err::write(&file, token(good)).unwrap();
    for number in [70_021, 700_211, 700_212, 700_213] {
        let said = answer(401, "invalid_client", &format!("AADSTS{number}: no match."));
        bench.faults(&fault("login POST /token", &said)).await;
        let seen = bench.ready(&done).await.unwrap();
        let told = format!("not ready: {}\nwaited for: {}", seen.reason.unwrap(), bench.budget());
        bench.saw(&format!("AADSTS{number}"), Ok(&told));
    }
    bench.seen = bench.seen.replace(folder.path().to_str().unwrap(), "<folder>");
    bench.compare(&expect_file!["own/assertions.txt"]);
}

/// A machine without randomness, and a certificate that came out wrong.
#[tokio::test]
async fn a_certificate_that_cannot_be_made() {
    use crate::steps::certificate::made;
    let mut certificate = settings();
    certificate["credential"] = json!({ "kind": "certificate" });
    let mut bench = Bench::with("certificate", NO_LAG, certificate).await;
    let none = CertificateError::Make("no randomness".into());
    bench.saw("no randomness", Err(&made(Err(none)).err().unwrap()));
    let wrong = Secret::new("no certificate");
    bench.saw("no certificate came of it", Err(&made(Ok(wrong)).err().unwrap()));
    bench.compare(&expect_file!["own/no_certificate.txt"]);
}

/// Facts of a survey that another version of the plugin wrote.
#[tokio::test]
async fn facts_of_another_version() {
    let mut bench = Bench::before("subscription").await;
    let request = DescribeRequest { survey: json!({ "version": 99 }), ..Default::default() };
    let error = Onboard::describe(&bench.rehearsal.azure, &request).unwrap_err();
    bench.saw("facts of another version", Err(&error));
    bench.compare(&expect_file!["own/facts.txt"]);
}

/// Nobody to sign in as.
#[tokio::test]
async fn surroundings_without_an_operator() {
    let mut bench = Bench::before("subscription").await;
    bench.rehearsal.azure.operate_by(Operator::Environment, None, Trust::Platform, &[]);
    bench.meet("nothing is set", "", &[], 0).await;
    let other = [
        ("AZURE_TENANT_ID", "99999999-2222-3333-4444-555555555555"),
        ("AZURE_CLIENT_ID", TENANT),
        ("AZURE_CLIENT_SECRET", "x"),
    ];
    bench.rehearsal.azure.operate_by(Operator::Environment, None, Trust::Platform, &other);
    bench.meet("another tenant", "", &[], 0).await;
    bench.compare(&expect_file!["own/no_operator.txt"]);
}

/// Settings that are valid by the schema or not, and still say nothing that can be done.
#[tokio::test]
async fn settings_that_cannot_be_read() {
    let mut bench = Bench::before("subscription").await;
    let with = |key: &str, value: Value| {
        let mut all = settings();
        all[key] = value;
        all
    };
    let cluster = "/subscriptions/99999999-4444-5555-6666-777777777777/resourceGroups/g/providers\
                   /Microsoft.ContainerService/managedClusters/c";
    for (row, settings) in [
        ("a tenant that is no id", with("tenant", json!("contoso"))),
        (
            "a subscription twice",
            with("scope", json!({"subscriptions": [SUBSCRIPTION, SUBSCRIPTION]})),
        ),
        ("no subscription", with("scope", json!({"subscriptions": []}))),
        ("a cluster elsewhere", with("aks", json!({"clusters": [cluster]}))),
        ("a cluster that is none", with("aks", json!({"clusters": ["c"]}))),
        ("a federation of nothing", with("credential", json!({"kind": "federated"}))),
    ] {
        bench.saw(row, Err(&Settings::read(settings).err().unwrap()));
    }
    for (row, operator) in [
        ("an unknown way to sign in", json!({"auth": "magic"})),
        ("a key that goes with another way", json!({"auth": "chain", "client-id": TENANT})),
    ] {
        bench.saw(row, Err(&Operator::read(&operator).err().unwrap()));
    }
    let custom = |file: &str| {
        let own = "https://own.example";
        let cloud = json!({"login": own, "resource-manager": own, "graph": own, "ca-file": file});
        let request = OpenRequest {
            connector: "contoso".into(),
            settings: Some(with("cloud", cloud)),
            operator: Value::Null,
            simulated: None,
        };
        Azure::start(request).err().unwrap()
    };
    bench.saw("a file without certificate authority", Err(&custom("/no/such/file")));
    bench.compare(&expect_file!["own/settings.txt"]);
}

/// A host of another version, or a plan that was changed.
#[tokio::test]
async fn a_host_that_asks_for_something_else() {
    let mut bench = Bench::before("role-assignment.reader").await;
    let request = OpenRequest {
        connector: "contoso".into(),
        settings: None,
        operator: Value::Null,
        simulated: None,
    };
    let host = MemoryHost::default();
    let closed = Azure::start(request).unwrap();
    bench.saw("without settings", Err(&closed.session(&host).err().unwrap()));
    bench.saw("a kind of step nobody knows", Err(&steps::family("magic").err().unwrap()));
    bench.meet("an input left out", "", &[("service-principal.object-id", json!(null))], 0).await;
    let position = bench.rehearsal.find("role-assignment.reader") as usize;
    bench.rehearsal.description.steps[position].scope = None;
    bench.meet("a scope left out", "", &[], 0).await;
    let template = bench.rehearsal.description.steps[position].template as usize;
    bench.rehearsal.description.templates[template].name = Some("magic".into());
    bench.word = "role-assignment.magic".into();
    bench.meet("a role nobody knows", "", &[], 0).await;
    bench.compare(&expect_file!["own/host.txt"]);
}
