//! What the simulated login service does not take.

use expect_test::expect_file;
use serde_json::json;
use skybridge_azure_client::Trust;
use skybridge_azure_client::graph::passwords::{NewPassword, add_request};

use super::super::Bench;
use crate::operator::Operator;
use crate::tests::support::{NO_LAG, settings};

const NOWHERE: &str = "99999999-2222-3333-4444-555555555555";
const STRANGER: &str = "0f0f0f0f-0000-4000-8000-00000000000d";

/// Operators with a wrong tenant, a wrong application, a wrong password.
#[tokio::test]
async fn operators() {
    let mut bench = Bench::before("subscription").await;
    let own =
        [("AZURE_TENANT_ID", NOWHERE), ("AZURE_CLIENT_ID", STRANGER), ("AZURE_CLIENT_SECRET", "x")];
    let azure = &mut bench.rehearsal.azure;
    azure.operate_by(Operator::Environment, Some(NOWHERE), Trust::Platform, &own);
    bench.meet("a tenant that does not exist", "", &[], 0).await;
    let mut other = Bench::before("subscription").await;
    other.reopen(|simulated| {
        simulated.operator.insert("client-id".into(), json!(STRANGER));
    });
    other.meet("an application that is not in the tenant", "", &[], 0).await;
    other.rehearsal.azure.operate_as("admin@contoso.example", "wrong");
    other.meet("a person with a wrong password", "", &[], 0).await;
    bench.seen.push_str(&other.seen);
    bench.compare(&expect_file!["operators.txt"]);
}

/// The connector with a secret that is wrong or has expired, and under a client id of nobody.
#[tokio::test]
async fn the_connector() {
    let mut bench = Bench::with("verification.subscription", NO_LAG, settings()).await;
    let app = bench.rehearsal.output("application", "object-id");
    let vault_name = bench.rehearsal.output("client-secret", "vault-name");
    let old = add_request(&app, "old", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let expired: NewPassword = {
        let session = bench.rehearsal.azure.session(&bench.rehearsal.host).unwrap();
        session.json(&old).await.unwrap()
    };
    let keep = |bench: &Bench, text: &str| {
        let mut vault = bench.rehearsal.host.secrets.lock().unwrap();
        vault.insert(vault_name.clone(), text.as_bytes().to_vec()).unwrap()
    };
    let good = keep(&bench, expired.secret_text.expose());
    bench.meet("a secret that has expired", "", &[], 0).await;
    keep(&bench, &expired.key_id);
    bench.meet("a secret's id in its place", "", &[], 0).await;
    bench.rehearsal.host.secrets.lock().unwrap().insert(vault_name, good);
    let nobody = [("client-secret.client-id", json!(STRANGER))];
    bench.meet("an application that is not in the tenant", "", &nobody, 0).await;
    bench.compare(&expect_file!["connector.txt"]);
}
