//! The state directory: the same tenant after every start.

use reqwest::Method;
use serde_json::json;
use skybridge_azure_sim::{Simulator, SimulatorError, SimulatorOptions};

use crate::client::{Cloud, PROMPT};

// Goal: authority, operator, tokens and objects outlive the simulator; stopping is not needed.
#[tokio::test]
async fn a_second_start_meets_the_same_tenant() {
    let directory = tempfile::tempdir().unwrap();
    let first = Cloud::start_with(PROMPT, Some(directory.path())).await;
    let (app, ..) = first.connector().await;
    let ready = first.simulator.ready().clone();
    let token = first.operator("https://graph.microsoft.com").await;
    let before = first.state().await;
    first.simulator.stop().await;
    let second = Cloud::start_with(PROMPT, Some(directory.path())).await;
    assert_eq!(second.simulator.ready().ca_pem, ready.ca_pem);
    // The operator's secret is a new one: nobody wrote the first one down.
    let operator = &second.simulator.ready().operator;
    assert_eq!(operator.client_id, ready.operator.client_id);
    assert_ne!(operator.client_secret, ready.operator.client_secret);
    for entry in fs_err::read_dir(directory.path()).unwrap() {
        let bytes = fs_err::read(entry.unwrap().path()).unwrap();
        for secret in [&operator.client_secret, &ready.operator.client_secret] {
            let secret = secret.as_deref().unwrap();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
        }
    }
    let file = second.simulator.ready().ca_file.clone().unwrap();
    assert!(file.is_absolute());
    assert_eq!(fs_err::read_to_string(file).unwrap(), ready.ca_pem);
    let after = second.state().await;
    assert_eq!(connectors(&after), connectors(&before));
    assert_eq!(after["servicePrincipals"], before["servicePrincipals"]);
    let graph = second.graph_as(token);
    assert_eq!(graph.get(&format!("/applications/{app}")).await.status, 200);
    let made = graph.post("/applications", json!({"displayName": "another"})).await;
    assert_ne!(made.text("id"), app, "ids are not given twice");
}

/// The applications that are not the operator's own.
fn connectors(state: &serde_json::Value) -> Vec<serde_json::Value> {
    let all = state["applications"].as_array().unwrap().iter();
    all.filter(|app| app["passwordCredentials"][0]["displayName"] != "operator").cloned().collect()
}

// Goal: one directory serves one simulator, one tenant, on loopback only.
#[tokio::test]
async fn starts_that_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let cloud = Cloud::start_with(PROMPT, Some(directory.path())).await;
    let options = |scenario: &str, listen: &str| SimulatorOptions {
        listen: listen.parse().unwrap(),
        state_dir: Some(directory.path().to_owned()),
        scenario: Some(scenario.to_owned()),
        record: None,
    };
    let held = Simulator::start(options(PROMPT, "127.0.0.1:0")).await.unwrap_err();
    assert!(matches!(held, SimulatorError::StateInUse(_)), "{held}");
    cloud.simulator.stop().await;
    let other = "[tenant]\nid = '99999999-2222-3333-4444-555555555555'";
    let other = Simulator::start(options(other, "127.0.0.1:0")).await.unwrap_err();
    assert!(matches!(other, SimulatorError::OtherTenant { .. }), "{other}");
    let open = Simulator::start(options(PROMPT, "0.0.0.0:0")).await.unwrap_err();
    assert!(matches!(open, SimulatorError::NotLoopback(_)), "{open}");
    let wrong = Simulator::start(options("colour = 1", "127.0.0.1:0")).await.unwrap_err();
    assert!(wrong.to_string().contains("line 1"), "{wrong}");
}

// Goal: the record file holds what the traffic endpoint shows, a line each.
#[tokio::test]
async fn exchanges_are_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let record = directory.path().join("record.ndjson");
    let simulator = Simulator::start(SimulatorOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        state_dir: None,
        scenario: None,
        record: Some(record.clone()),
    })
    .await
    .unwrap();
    let mut cloud = Cloud::start(PROMPT).await;
    let ca = reqwest::Certificate::from_pem(simulator.ready().ca_pem.as_bytes()).unwrap();
    cloud.http = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    cloud.simulator = simulator;
    let arm = cloud.arm().await;
    arm.send(Method::GET, "/tenants?api-version=2022-12-01", None).await;
    let lines: Vec<serde_json::Value> = fs_err::read_to_string(&record)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json!(lines), cloud.traffic().await);
    assert_eq!(lines[1]["request"]["headers"]["authorization"], "REDACTED");
    assert_eq!(lines[0]["response"]["body"]["access_token"], "REDACTED");
}
