//! Applications, service principals, consent and credentials, where the simulated directory does not
//! take them.

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::graph::federated_credentials as federated;

use super::super::Bench;
use super::{slow, with};
use crate::tests::support::{NO_LAG, settings};

const CONSENT: &str = "admin-consent.directory-read-all";
const SECRET: &str = "client-secret";
const FEDERATED: &str = "federated-credential";

/// Made, and neither read nor changed as yet.
#[tokio::test]
async fn a_young_application() {
    let mut bench = Bench::with("application", &slow("", &["application"]), settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("an application that is not replicated", seen);
    bench.meet("changing an application that is not replicated", "", &[], 1).await;
    bench.rehearsal.outputs.insert(bench.rehearsal.find("application"), done.outputs);
    bench.word = SECRET.into();
    bench.meet("a secret for an application that is not replicated", "", &[], 0).await;
    bench.compare(&expect_file!["young_application.txt"]);
}

/// Made, and no service principal may refer to it as yet: replicas say so in two ways.
#[tokio::test]
async fn an_application_nobody_may_refer_to() {
    let scenario = slow("", &["application-reference"]);
    let mut bench = Bench::with("service-principal", &scenario, settings()).await;
    let ways = ["400 Request_BadRequest", "403 Authorization_RequestDenied"];
    bench.meet_every_way("an application that is not replicated", &ways).await;
    bench.compare(&expect_file!["young_reference.txt"]);
}

/// Made, and not read as yet.
#[tokio::test]
async fn a_young_service_principal() {
    let scenario = slow("", &["service-principal"]);
    let mut bench = Bench::with("service-principal", &scenario, settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("a service principal that is not replicated", seen);
    bench.meet("it is made again, because nobody sees it", "", &[], 1).await;
    bench.rehearsal.outputs.insert(bench.rehearsal.find("service-principal"), done.outputs);
    bench.word = CONSENT.into();
    bench.meet("consent to a service principal that is not replicated", "", &[], 0).await;
    bench.compare(&expect_file!["young_service_principal.txt"]);
}

/// Granted, refused when granted again, and not listed.
#[tokio::test]
async fn a_young_consent() {
    let scenario = slow("", &["app-role-assignment"]);
    let mut bench = Bench::with(CONSENT, &scenario, settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("a consent that is not listed", seen);
    bench.meet("it is granted again, because nobody sees it", "", &[], 1).await;
    bench.compare(&expect_file!["young_consent.txt"]);
}

/// Operators who may do too little, and a directory that is full.
#[tokio::test]
async fn what_the_operator_may_not() {
    let roles = |roles: &str| format!("[operator]\ngraph-roles = [{roles}]\n{NO_LAG}");
    let reads = roles("\"Directory.Read.All\"");
    let mut bench = Bench::with("application", &reads, settings()).await;
    bench.meet("an operator who only reads the directory", "", &[], 0).await;
    let writes = roles("\"Application.ReadWrite.All\", \"Directory.Read.All\"");
    let mut consent = Bench::with(CONSENT, &writes, settings()).await;
    consent.meet("an operator who may write applications and not consent", "", &[], 0).await;
    let full = format!("[quotas]\napplications = 0\n{NO_LAG}");
    let mut quota = Bench::with("application", &full, settings()).await;
    quota.meet("a directory that is full", "", &[], 0).await;
    bench.seen.extend([consent.seen, quota.seen]);
    bench.compare(&expect_file!["not_allowed.txt"]);
}

/// Kinds and lives of credentials that a policy of the tenant forbids.
#[tokio::test]
async fn what_policies_forbid() {
    let forbidden = format!("[policy]\nforbid-secrets = true\n{NO_LAG}");
    let mut bench = Bench::with(SECRET, &forbidden, settings()).await;
    bench.meet("client secrets are forbidden", "", &[], 0).await;
    let short = format!("[policy]\nmax-certificate-lifetime-days = 30\n{NO_LAG}");
    let certificate = with("credential", json!({ "kind": "certificate" }));
    let mut other = Bench::with("certificate", &short, certificate).await;
    other.meet("certificates live too long", "", &[], 0).await;
    bench.seen.push_str(&other.seen);
    bench.compare(&expect_file!["policies.txt"]);
}

/// A secret that is made, and neither listed nor taken as yet; and one that is taken off twice.
#[tokio::test]
async fn a_young_secret() {
    let mut bench = Bench::with(SECRET, &slow("", &["credential-list"]), settings()).await;
    let done = bench.attempt(&[], 0).await.unwrap();
    let seen = bench.ready(&done).await;
    bench.not_ready("a secret that is not listed", seen);
    let mut other = Bench::with(SECRET, &slow("", &["secret"]), settings()).await;
    let done = other.attempt(&[], 0).await.unwrap();
    let seen = other.ready(&done).await;
    other.not_ready("a secret the login service does not know", seen);
    let position = other.rehearsal.find(SECRET);
    for (row, removed) in [("taken off", true), ("taken off again: no such key id", false)] {
        let undone = other.rehearsal.undo(position, &done.undo).await.unwrap();
        assert_eq!(undone.removed, removed, "{undone:?}");
        other.saw(row, Ok(if removed { "removed" } else { "nothing to remove" }));
    }
    bench.seen.push_str(&other.seen);
    bench.compare(&expect_file!["young_secret.txt"]);
}

/// Federated credentials that are there and not listed as yet: ours, somebody else's for the same
/// issuer and subject, and as many as there may be.
#[tokio::test]
async fn federated_credentials_that_are_not_listed() {
    let issuer = "https://token.actions.example";
    let settings = with(
        "credential",
        json!({"kind": "federated", "issuer": issuer, "subject": "contoso", "name": "ours"}),
    );
    let scenario = slow("", &["credential-list"]);
    let mut bench = Bench::with(FEDERATED, &scenario, settings.clone()).await;
    bench.attempt(&[], 0).await.unwrap();
    bench.meet("it is made again, because nobody sees it", "", &[], 1).await;
    let rows = [("somebody trusts the same issuer and subject", 1), ("twenty are the most", 20)];
    for (row, count) in rows {
        let mut next = Bench::with(FEDERATED, &scenario, settings.clone()).await;
        let app = next.rehearsal.output("application", "object-id");
        for number in 0..count {
            let subject = if count == 1 { "contoso".to_owned() } else { format!("s{number}") };
            let new = federated::NewFederatedCredential {
                name: &format!("theirs-{number}"),
                issuer,
                subject: &subject,
                audience: "api://AzureADTokenExchange",
                description: "somebody else's",
            };
            let session = next.rehearsal.azure.session(&next.rehearsal.host).unwrap();
            session.send(&federated::create_request(&app, new)).await.unwrap();
        }
        next.meet(row, "", &[], 0).await;
        bench.seen.push_str(&next.seen);
    }
    bench.compare(&expect_file!["federated.txt"]);
}
