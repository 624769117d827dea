//! Signing in by certificate and by federation, over real HTTPS.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use skybridge_azure_client::certificate::generate;
use skybridge_azure_client::graph::federated_credentials::{self, NewFederatedCredential};
use skybridge_azure_client::graph::key_credentials::{self, KeyCredential, KeyHolder};
use skybridge_azure_client::{Certificate, Secret};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::{applied, observed};
use skybridge_plugin_sdk::protocol::verify::{VerifyReport, check_status};
use skybridge_plugin_sdk::{Retry, kind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::{NO_LAG, Rehearsal, patiently};
use crate::errors::{Lag, classify};
use crate::{checks, proof, rotation};

const ISSUER: &str = "https://token.actions.example";
const SUBJECT: &str = "repo:contoso/watcher:ref:refs/heads/main";

async fn opened(scenario: &str, credential: Value) -> Rehearsal {
    let mut settings = super::support::settings();
    settings["credential"] = credential;
    Rehearsal::with(Some(scenario), settings).await
}

fn begin_rotation(rehearsal: &mut Rehearsal, run: &str) {
    rehearsal.description =
        rotation::describe("contoso", &rehearsal.settings, None, &Map::new()).unwrap();
    rehearsal.outputs.clear();
    rehearsal.run = run.into();
}

fn application_id(rehearsal: &Rehearsal) -> String {
    let outputs = &rehearsal.outputs[&rehearsal.find("application")];
    outputs["object-id"].as_str().unwrap().to_owned()
}

async fn keys(rehearsal: &Rehearsal) -> KeyHolder {
    let id = application_id(rehearsal);
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    patiently(|| async {
        let request = key_credentials::get_request(&id);
        session.json(&request).await.map_err(|error| classify(error, Lag::Possible))
    })
    .await
    .unwrap()
}

async fn report(rehearsal: &Rehearsal) -> VerifyReport {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    checks::report(&session, &rehearsal.connection()).await.unwrap()
}

fn vault_names(rehearsal: &Rehearsal) -> Vec<String> {
    rehearsal.host.secrets.lock().unwrap().keys().cloned().collect()
}

fn pem(rehearsal: &Rehearsal, name: &str) -> Secret {
    let secrets = rehearsal.host.secrets.lock().unwrap();
    Secret::new(String::from_utf8(secrets[name].clone()).unwrap())
}

/// Whether the login service takes the certificate.
async fn is_taken(rehearsal: &Rehearsal, client_id: &str, pem: &Secret) -> bool {
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    let certificate = std::sync::Arc::new(Certificate::from_pem(pem).unwrap());
    let client = session.connectors.connector(client_id, proof::Proof::Certificate(certificate));
    client.fresh_token(skybridge_azure_client::Service::ResourceManager).await.is_ok()
}

fn certificate_of_days(days: i64) -> Secret {
    let now = Timestamp::now();
    let end = now + SignedDuration::from_hours(24 * days);
    generate("somebody else", now - SignedDuration::from_mins(5), end).unwrap()
}

fn write(file: &Path, text: &str, mode: u32) {
    fs_err::write(file, text).unwrap();
    fs_err::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Goal: a connection by certificate is made, proved, found again, and taken back without a trace;
/// nobody ever saw the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_connects_and_is_taken_back() {
    let mut rehearsal = opened("", json!({ "kind": "certificate" })).await;
    let done = rehearsal.run_all(None).await;
    let connection = rehearsal.connection();
    let vault_name = connection["certificate"].as_str().unwrap().to_owned();
    assert_eq!(vault_names(&rehearsal), [vault_name.as_str()]);
    let report = report(&rehearsal).await;
    assert!(report.checks.iter().all(|check| check.status == check_status::OK), "{report:?}");
    assert_eq!(report.credential_expires.as_deref(), connection["expires"].as_str());
    assert_eq!(report.credential_warn_from.as_deref(), connection["warn-from"].as_str());

    let position = rehearsal.find("certificate");
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::MATCHES);
    rehearsal.run = "run-2".into();
    assert_eq!(rehearsal.apply(position).await.unwrap().action, applied::UNCHANGED);

    let text = pem(&rehearsal, &vault_name);
    let told = format!("{done:?}{connection:?}{:?}", rehearsal.host.writes.lock().unwrap());
    assert!(!told.contains(text.expose().lines().nth(3).unwrap()));
    let undo = done[position as usize].1.undo.clone();
    rehearsal.undo(position, &undo).await.unwrap();
    rehearsal.undo(position, &undo).await.unwrap();
    assert!(vault_names(&rehearsal).is_empty());
}

/// Goal: a rotation goes over to a new key, keeps what others listed, and proves that the old one
/// is refused; every answer may be lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_although_answers_are_lost() {
    let mut scenario = NO_LAG.to_owned();
    for effect in ["reset-after-commit", "reset-before-commit"] {
        scenario.push_str(&format!(
            "[[faults]]\nservice = \"graph\"\nmethod = \"PATCH\"\n\
             path-contains = \"/v1.0/applications/\"\nevery = 2\ntimes = 4\neffect = \"{effect}\"\n"
        ));
    }
    let mut rehearsal = opened(&scenario, json!({ "kind": "certificate" })).await;
    rehearsal.run_all(None).await;
    let before = rehearsal.connection();
    let old = pem(&rehearsal, before["certificate"].as_str().unwrap());
    let foreign = list_foreign(&rehearsal).await;
    begin_rotation(&mut rehearsal, "rotate-1");
    rehearsal.run_all(None).await;
    let after = rehearsal.connection();
    assert_ne!(before["thumbprint"], after["thumbprint"]);
    let client_id = after["client-id"].as_str().unwrap();
    let new = pem(&rehearsal, after["certificate"].as_str().unwrap());
    assert!(is_taken(&rehearsal, client_id, &new).await);
    assert!(!is_taken(&rehearsal, client_id, &old).await);
    assert_eq!(vault_names(&rehearsal), [after["certificate"].as_str().unwrap()]);
    let listed = keys(&rehearsal).await.key_credentials;
    let mut ids: Vec<String> = listed.iter().map(|one| KeyCredential::of(one).key_id).collect();
    ids.sort();
    let mut wanted = [foreign.as_str().unwrap(), after["key-id"].as_str().unwrap()];
    wanted.sort_unstable();
    assert_eq!(ids, wanted);
}

/// Lists a certificate that is nobody's here. Faults of the scenario befall it too.
async fn list_foreign(rehearsal: &Rehearsal) -> Value {
    let certificate = Certificate::from_pem(&certificate_of_days(90)).unwrap();
    let (start, end) = (certificate.starts().to_string(), certificate.expires().to_string());
    let id = "0f0f0f0f-0000-4000-8000-000000000009";
    let entry = key_credentials::entry(id, "theirs", certificate.der(), &start, &end);
    let session = rehearsal.azure.session(&rehearsal.host).unwrap();
    patiently(|| async {
        let mut all = keys(rehearsal).await.key_credentials;
        all.retain(|one| KeyCredential::of(one).key_id != id);
        all.push(entry.clone());
        let request = key_credentials::set_request(&application_id(rehearsal), &all, "adding");
        session.send(&request).await.map_err(|error| classify(error, Lag::Possible))
    })
    .await
    .unwrap();
    json!(id)
}

/// Goal: whatever instant the process dies at, the same run ends with one certificate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_cut_short_anywhere() {
    let mut rehearsal = opened(NO_LAG, json!({ "kind": "certificate" })).await;
    rehearsal.run_all(Some("certificate")).await;
    let mut cut = 1;
    loop {
        begin_rotation(&mut rehearsal, &format!("rotate-{cut}"));
        rehearsal.host.stop_after(cut);
        let mut deaths = 0;
        for word in ["application", "certificate", "retired-credentials"] {
            let position = rehearsal.find(word);
            let stopped = std::sync::Arc::clone(&rehearsal.host.stopped);
            let died = tokio::select! {
                biased;
                () = stopped.notified() => true,
                done = rehearsal.run_step(position) => { done.unwrap(); false }
            };
            if died {
                deaths += 1;
                rehearsal.host.stop_after(0);
                rehearsal.run_step(position).await.unwrap();
            }
        }
        let listed = keys(&rehearsal).await;
        assert_eq!(listed.key_credentials.len(), 1, "cut at {cut}");
        let thumbprint = KeyCredential::of(&listed.key_credentials[0]).thumbprint().unwrap();
        let name = format!("certificate/{thumbprint}");
        assert_eq!(vault_names(&rehearsal), [name.as_str()], "cut at {cut}");
        assert!(is_taken(&rehearsal, &listed.app_id, &pem(&rehearsal, &name)).await);
        if deaths == 0 {
            break;
        }
        cut += 1;
    }
    assert!(cut > 7, "{cut}");
}

/// Goal: a certificate of one's own is read from a file nobody else may read, and rotating means
/// going over to the file's new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let credential =
        json!({ "kind": "certificate", "certificate": format!("file:{}", file.display()) });
    let mut rehearsal = opened(NO_LAG, credential).await;
    rehearsal.run_all(Some("api-permissions")).await;
    let position = rehearsal.find("certificate");
    let refused = |error: skybridge_plugin_sdk::Error| {
        assert_eq!((error.kind, error.retry), (kind::INVALID_CONFIG, Retry::Permanent));
        assert_eq!(error.detail.code.as_deref(), Some("AZ-CRED-002"));
        error.detail.message
    };
    refused(rehearsal.apply(position).await.unwrap_err());
    let first = certificate_of_days(90);
    write(&file, first.expose(), 0o644);
    let message = refused(rehearsal.apply(position).await.unwrap_err());
    assert!(message.contains("others may read it"), "{message}");
    write(&file, "hunter2", 0o600);
    let message = refused(rehearsal.apply(position).await.unwrap_err());
    assert!(!message.contains("hunter2"), "{message}");
    write(&file, first.expose(), 0o600);
    rehearsal.run_step(position).await.unwrap();
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::MATCHES);

    let id = application_id(&rehearsal);
    begin_rotation(&mut rehearsal, "rotate-1");
    rehearsal.run_step(0).await.unwrap();
    assert_eq!(application_id(&rehearsal), id);
    let error = rehearsal.apply(1).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-ROTATE-003"));
    write(&file, certificate_of_days(90).expose(), 0o600);
    rehearsal.run_step(1).await.unwrap();
    rehearsal.run_step(rehearsal.find("retired-credentials")).await.unwrap();
    let client_id = keys(&rehearsal).await.app_id;
    assert!(!is_taken(&rehearsal, &client_id, &first).await);
    assert_eq!(vault_names(&rehearsal).len(), 1);
}

fn federated(assertion: Option<&Path>) -> Value {
    let mut credential = json!({ "kind": "federated", "issuer": ISSUER, "subject": SUBJECT });
    if let Some(file) = assertion {
        credential["assertion"] = json!(format!("file:{}", file.display()));
    }
    credential
}

/// The simulator's control address speaks plain HTTP.
async fn have_issued(rehearsal: &Rehearsal, file: &Path, subject: &str) {
    let address = rehearsal.ready["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let body = json!({ "issuer": ISSUER, "subject": subject }).to_string();
    let length = body.len();
    let request = format!(
        "POST /_simulator/assertions HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    write(file, answer["assertion"].as_str().unwrap(), 0o644);
}

/// Goal: with a token at hand the sign-in itself is proved, and a token that was not agreed on is
/// refused here, with what is wrong with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn federation_with_a_token_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let scenario = format!("[[issuers]]\nurl = \"{ISSUER}\"\n");
    let mut rehearsal = opened(&scenario, federated(Some(&file))).await;
    have_issued(&rehearsal, &file, SUBJECT).await;
    let done = rehearsal.run_all(None).await;
    assert!(vault_names(&rehearsal).is_empty(), "no secret is made");
    let connection = rehearsal.connection();
    assert_eq!(connection["audience"], "api://AzureADTokenExchange");
    let report_now = report(&rehearsal).await;
    let fine = report_now.checks.iter().all(|check| check.status == check_status::OK);
    assert!(fine, "{report_now:?}");
    assert_eq!(report_now.credential_expires, None);
    have_issued(&rehearsal, &file, "repo:contoso/other").await;
    let report_now = report(&rehearsal).await;
    assert_eq!(report_now.checks.len(), 1);
    assert!(report_now.checks[0].detail.contains("has the subject"), "{report_now:?}");

    let position = rehearsal.find("federated-credential");
    assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::MATCHES);
    let undo = &done[position as usize].1.undo;
    assert!(rehearsal.undo(position, undo).await.unwrap().removed);
    rehearsal.undo(position, undo).await.unwrap();
}

/// Goal: without a token everything but the sign-in is proved, and that is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn federation_without_a_token_is_seen_from_outside() {
    let mut rehearsal = opened(NO_LAG, federated(None)).await;
    rehearsal.run_all(None).await;
    let report_now = report(&rehearsal).await;
    let untried: Vec<&str> = report_now
        .checks
        .iter()
        .filter(|check| check.status == check_status::SKIPPED)
        .map(|check| check.what.as_str())
        .collect();
    assert_eq!(untried, ["sign in as the connector", "read it as the connector"]);
    assert!(report_now.checks.iter().all(|check| check.status != check_status::FAILED));
    // What is missing is seen: the credential is taken away behind our back.
    let position = rehearsal.find("federated-credential");
    let undo = rehearsal.apply(position).await.unwrap().undo;
    rehearsal.undo(position, &undo).await.unwrap();
    let report_now = report(&rehearsal).await;
    let failed: Vec<&str> = report_now
        .checks
        .iter()
        .filter(|check| check.status == check_status::FAILED)
        .map(|check| check.what.as_str())
        .collect();
    assert_eq!(failed, ["find the federated credential"]);
}

/// Goal: an identical one is used and never taken back; one of the name for somebody else is
/// refused with whom it trusts.
#[tokio::test]
async fn a_federated_credential_of_others_is_adopted_or_refused() {
    for (name, subject, adopted) in
        [("theirs", SUBJECT, true), ("skybridge-contoso", "repo:contoso/other", false)]
    {
        let mut rehearsal = opened(NO_LAG, federated(None)).await;
        rehearsal.run_all(Some("api-permissions")).await;
        let new = NewFederatedCredential {
            name,
            issuer: ISSUER,
            subject,
            audience: "api://AzureADTokenExchange",
            description: "theirs",
        };
        let request = federated_credentials::create_request(&application_id(&rehearsal), new);
        rehearsal.azure.session(&rehearsal.host).unwrap().send(&request).await.unwrap();
        let position = rehearsal.find("federated-credential");
        if adopted {
            assert_eq!(rehearsal.observe(position).await.unwrap().state, observed::FOREIGN);
            let done = rehearsal.run_step(position).await.unwrap();
            assert_eq!((done.action.as_str(), done.undo), (applied::ADOPTED, json!(null)));
        } else {
            let error = rehearsal.apply(position).await.unwrap_err();
            assert_eq!(error.detail.code.as_deref(), Some("AZ-CRED-007"));
            assert!(error.detail.message.contains(subject), "{error}");
        }
    }
}
