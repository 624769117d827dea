//! What the schema refuses and what only the connector can refuse.

use serde_json::{Value, json};

use super::support::settings;
use crate::settings::{Aks, Settings};
use crate::{operator, schema};

const CLUSTER: &str = "/subscriptions/33333333-4444-5555-6666-777777777777/resourceGroups/rg\
                       /providers/Microsoft.ContainerService/managedClusters/aks";

fn with(key: &str, value: Value) -> Value {
    let mut settings = settings();
    settings[key] = value;
    settings
}

fn federated() -> Value {
    json!({
        "kind": "federated",
        "issuer": "https://token.actions.example",
        "subject": "repo:contoso/watcher:ref:refs/heads/main",
        "assertion": "file:/run/token",
    })
}

/// Goal: whoever mixes two kinds of credentials learns of all of it at once.
#[test]
fn everything_wrong_with_a_credential_is_told_at_once() {
    let credential = json!({
        "kind": "federated", "issuer": "http://i", "subject": "s ", "certificate": "file:/k",
    });
    let error = Settings::read(with("credential", credential)).unwrap_err();
    let mut pointers = vec![error.detail.pointer.clone().unwrap()];
    pointers.extend(error.detail.context.iter().map(|(pointer, _)| pointer.clone()));
    assert_eq!(pointers, ["/credential/certificate", "/credential/subject", "/credential/issuer"]);
    let secret = json!({ "kind": "certificate", "certificate": "-----BEGIN PRIVATE KEY-----" });
    let error = Settings::read(with("credential", secret)).unwrap_err();
    assert!(!error.to_string().contains("BEGIN"), "{error}");
}

#[test]
fn schema_and_reader_accept_the_same() {
    let validator = jsonschema::draft202012::new(&schema::settings()).unwrap();
    let good = [
        settings(),
        with("display-name", json!("Watcher (EU)")),
        with("permissions", json!("least")),
        with("capabilities", json!(["kubernetes", "attack-paths"])),
        with("scope", json!({ "management-groups": ["contoso-platform"], "exclude": ["*-lab"] })),
        with("scope", json!({ "tenant": true, "include": ["prod-*"] })),
        with("aks", json!(false)),
        with("aks", json!({ "scope": "subscription" })),
        with("aks", json!({ "clusters": [CLUSTER] })),
        with("credential", json!({ "kind": "client-secret", "lifetime": "90d", "warn": "7d" })),
        with("credential", json!({})),
        with("credential", json!({ "kind": "certificate", "lifetime": "90d" })),
        with("credential", json!({ "kind": "certificate", "certificate": "file:/run/key.pem" })),
        with("credential", federated()),
        with("cloud", json!("us-government-dod")),
    ];
    for settings in good {
        assert!(validator.is_valid(&settings), "{settings}");
        Settings::read(settings).unwrap();
    }
    let bad = [
        json!({}),
        with("tenant", json!("contoso.onmicrosoft.com")),
        with("display-name", json!("x".repeat(101))),
        with("permissions", json!("most")),
        with("capabilities", json!([])),
        with("capabilities", json!(["kubernetes", "kubernetes"])),
        with("capabilities", json!(["mind-reading"])),
        with("scope", json!({ "subscriptions": [] })),
        with("scope", json!({ "management-groups": [] })),
        with("scope", json!({ "management-groups": ["a/b"] })),
        with("scope", json!({ "tenant": false })),
        with("scope", json!({ "tenant": true, "management-groups": ["a"] })),
        with("scope", json!({ "include": ["prod-*"] })),
        with("aks", json!(true)),
        with("aks", json!({ "scope": "cluster" })),
        with("aks", json!({ "clusters": ["/subscriptions/x"] })),
        with("credential", json!({ "kind": "password" })),
        with("credential", json!({ "kind": "certificate", "certificate": "/run/key.pem" })),
        with("credential", json!({ "certificate": "file:/run/key.pem" })),
        with("credential", json!({ "kind": "federated", "issuer": "https://i" })),
        with("credential", json!({ "kind": "federated", "issuer": "http://i", "subject": "s" })),
        with(
            "credential",
            json!({ "kind": "federated", "issuer": "https://i", "subject": "s", "lifetime": "9d" }),
        ),
        with("credential", json!({ "lifetime": "6 months" })),
        with("credential", json!({ "lifetime": "731d" })),
        with("cloud", json!("germany")),
        with("colour", json!("blue")),
    ];
    for settings in bad {
        assert!(!validator.is_valid(&settings), "{settings}");
    }
}

#[test]
fn what_a_schema_cannot_say_is_said_with_its_place() {
    let other = CLUSTER.replace("33333333", "44444444");
    let cases = [
        (with("credential", json!({ "lifetime": "30d", "warn": "30d" })), "/credential/warn"),
        (with("aks", json!({ "clusters": [other] })), "/aks/clusters/0"),
        (
            with(
                "aks",
                json!({ "clusters": [CLUSTER, CLUSTER.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")] }),
            ),
            "/aks/clusters/1",
        ),
        (
            with(
                "scope",
                json!({ "subscriptions": [
                "33333333-4444-5555-6666-77777777777A", "33333333-4444-5555-6666-77777777777a",
            ] }),
            ),
            "/scope/subscriptions/1",
        ),
    ];
    for (settings, pointer) in cases {
        let error = Settings::read(settings).unwrap_err();
        assert_eq!(error.detail.pointer.as_deref(), Some(pointer), "{error}");
    }
}

#[test]
fn defaults() {
    let settings = Settings::read(settings()).unwrap();
    assert_eq!(settings.display_name, "skybridge-connector");
    assert_eq!(settings.aks, Aks::Subscription);
    assert_eq!((settings.credential.lifetime.0, settings.credential.warn.0), (180, 30));
}

#[test]
fn operators() {
    let validator = jsonschema::draft202012::new(&schema::operator()).unwrap();
    for auth in ["azure-cli", "environment", "managed-identity", "workload-identity"] {
        let value = json!({ "auth": auth });
        assert!(validator.is_valid(&value));
        operator::Operator::read(&value).unwrap();
    }
    for auth in ["chain", "device-code"] {
        assert!(validator.is_valid(&json!({ "auth": auth })));
    }
    assert!(!validator.is_valid(&json!({ "auth": "browser" })));
    assert!(operator::Operator::read(&json!({ "auth": "azure-cli", "client-id": "x" })).is_err());
}

/// Goal: a cloud of one's own has its own addresses and audiences; a mistyped one is named.
#[test]
fn a_cloud_of_ones_own() {
    let mut own = settings();
    own["cloud"] = json!({
        "login": "https://login.example/",
        "resource-manager": "https://management.example",
        "graph": "https://graph.example",
    });
    let read = Settings::read(own.clone()).unwrap();
    assert_eq!(read.addresses().login, "https://login.example");
    let endpoints = read.where_it_is().endpoints().unwrap();
    let scope = endpoints.token_scope(skybridge_azure_client::Service::Graph);
    assert_eq!(scope.as_deref(), Some("https://graph.example/.default"));
    own["cloud"]["ca-file"] = json!("/nowhere/ca.pem");
    let error = Settings::read(own.clone()).unwrap().where_it_is().trust().unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AZ-CONFIG-006"));
    own["cloud"]["graph"] = json!("http://graph.example");
    assert_eq!(Settings::read(own).unwrap_err().detail.pointer.as_deref(), Some("/cloud"));
}

#[test]
fn times_to_wait() {
    for (text, seconds) in [("90s", 90), ("30m", 1_800), ("1h", 3_600), ("7d", 604_800)] {
        let mut settings = settings();
        settings["consent-wait"] = json!(text);
        assert_eq!(Settings::read(settings).unwrap().consent_wait.0, seconds);
    }
    for text in ["", "1", "0s", "8d", "1w", "-1h", "99999999999999999999d"] {
        let mut settings = settings();
        settings["consent-wait"] = json!(text);
        assert!(Settings::read(settings).is_err(), "{text}");
    }
}
