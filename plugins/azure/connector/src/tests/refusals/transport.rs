//! When there is no answer at all.

use std::net::TcpListener;

use expect_test::expect_file;
use serde_json::json;

use super::{Bench, fault};

const READ: &str = "resource-manager GET /subscriptions/";

#[tokio::test]
async fn nothing_listens_there() {
    let mut bench = Bench::before("subscription").await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("https://{free}");
    bench.reopen(|simulated| {
        simulated.endpoints.insert("resource-manager".into(), address.clone());
    });
    bench.meet("no connection to Resource Manager", "", &[], 0).await;
    bench.reopen(|simulated| {
        simulated.endpoints.insert("login".into(), address.clone());
    });
    bench.meet("no connection to the login service", "", &[], 0).await;
    bench.compare(&expect_file!["transport_connect.txt"]);
}

#[tokio::test]
async fn connections_break() {
    let mut bench = Bench::before("subscription").await;
    for effect in ["reset-before-commit", "reset-after-commit", "reset-mid-body"] {
        let rule = fault(READ, &format!("effect = \"{effect}\""));
        bench.meet(effect, &rule, &[], 0).await;
    }
    bench.reopen(|_| {});
    let rule = fault("login POST /token", "effect = \"reset-before-commit\"");
    bench.meet("reset at the login service", &rule, &[], 0).await;
    // How far an answer came before it broke off is a matter of luck.
    let lines = bench.seen.lines().map(|line| line.split(" could not be asked: ").next().unwrap());
    bench.seen = lines.map(|line| format!("{line}\n")).collect();
    bench.compare(&expect_file!["transport_interrupted.txt"]);
}

#[tokio::test]
async fn certificates_are_not_believed() {
    let mut bench = Bench::before("subscription").await;
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().pem();
    bench.reopen(|simulated| simulated.ca_pem = other);
    bench.meet("another certificate authority", "", &[], 0).await;
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    bench.reopen(|simulated| simulated.ca_pem = broken.into());
    bench.meet("a certificate authority that is none", "", &[], 0).await;
    bench.compare(&expect_file!["transport_certificates.txt"]);
}

/// An instance that was given something else than a simulated cloud.
#[tokio::test]
async fn no_simulated_cloud() {
    let mut bench = Bench::before("subscription").await;
    let ready = bench.rehearsal.ready.clone();
    let open = |endpoints: serde_json::Value, operator: serde_json::Value| {
        use crate::azure::Azure;
        use skybridge_plugin_sdk::protocol::open::{OpenRequest, SimulatedCloud};
        let simulated = SimulatedCloud {
            endpoints: serde_json::from_value(endpoints).unwrap(),
            ca_pem: String::new(),
            operator: serde_json::from_value(operator).unwrap(),
        };
        let request = OpenRequest {
            connector: "contoso".into(),
            settings: Some(crate::tests::support::settings()),
            operator: serde_json::Value::Null,
            simulated: Some(simulated),
        };
        Azure::start(request).err().unwrap()
    };
    let endpoints = &ready["endpoints"];
    let mut person = ready["operator"].clone();
    person["kind"] = json!("machine");
    let mut plain = endpoints.clone();
    plain["graph"] = json!("http://graph.example");
    for (row, endpoints, operator) in [
        ("an operator of another kind", endpoints.clone(), person),
        ("an operator nobody can read", endpoints.clone(), json!({})),
        ("no address", json!({}), ready["operator"].clone()),
        ("an address without TLS", plain, ready["operator"].clone()),
    ] {
        let error = open(endpoints, operator);
        bench.saw(row, Err(&error));
    }
    bench.compare(&expect_file!["no_simulated_cloud.txt"]);
}
