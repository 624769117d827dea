//! Certificates and federated credentials of applications, and the policies that limit them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Cloud, PROMPT};

/// A certificate that is good from 2020 until this year, as the directory takes it.
fn certificate(until: i32) -> String {
    use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let pem = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    STANDARD.encode(params.self_signed(&pair).unwrap().der())
}

// §10.4: the collection is replaced whole, kept entries are named, bytes are shown when selected.
#[tokio::test]
async fn certificates_are_written_as_a_collection() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let path = format!("/applications/{app}");
    let patch = async |keys: Value| {
        graph.send(Method::PATCH, &path, Some(json!({"keyCredentials": keys}))).await
    };
    let (first, second) = (certificate(2090), certificate(2091));
    let new = |key: &str| json!({"type": "AsymmetricX509Cert", "usage": "Verify", "key": key, "displayName": "c"});
    assert_eq!(patch(json!([new(&first)])).await.status, 204);
    let plain = graph.get(&path).await.body["keyCredentials"][0].clone();
    assert_eq!(
        (&plain["key"], &plain["endDateTime"]),
        (&Value::Null, &json!("2090-01-01T00:00:00Z"))
    );
    let selected = graph.get(&format!("{path}?$select=keyCredentials")).await;
    assert_eq!(selected.body["keyCredentials"][0]["key"], json!(first));
    assert_eq!(patch(json!([plain, new(&second)])).await.status, 204, "kept by its id");
    assert_eq!(graph.get(&path).await.body["keyCredentials"].as_array().unwrap().len(), 2);
    assert_eq!(patch(json!([new(&second)])).await.status, 204);
    assert_eq!(graph.get(&path).await.body["keyCredentials"].as_array().unwrap().len(), 1);
    let mut other_type = new(&first);
    other_type["type"] = json!("Symmetric");
    let mut beyond = new(&first);
    beyond["endDateTime"] = json!("2095-01-01T00:00:00Z");
    for (wrong, code) in [
        (new("not base64!"), "KeyCredentialsInvalidValue"),
        (new("AAAA"), "KeyCredentialsInvalidValue"),
        (other_type, "Request_BadRequest"),
        (beyond, "KeyCredentialsInvalidEndDate"),
        (json!({"keyId": "00000000-0000-0000-0000-000000000001"}), "Request_BadRequest"),
        (json!({"colour": 1}), "Request_BadRequest"),
    ] {
        let reply = patch(json!([wrong])).await;
        assert_eq!((reply.status.as_u16(), reply.code()), (400, code), "{reply:?}");
    }
    let mut busy = 0;
    for _ in 0..155 {
        let reply = graph.get(&format!("{path}?$select=keyCredentials")).await;
        busy += u32::from(reply.status == 429);
    }
    assert!(busy > 0, "150 a minute");
}

// §10.4: names, issuer and subject are unique, the name stays, twenty are the most.
#[tokio::test]
async fn federated_credentials_are_checked() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let path = format!("/applications/{app}/federatedIdentityCredentials");
    let body = |name: &str, subject: &str| {
        json!({"name": name, "issuer": "https://token.actions.example", "subject": subject,
            "audiences": ["api://AzureADTokenExchange"]})
    };
    let made = graph.post(&path, body("first", "one")).await;
    assert_eq!(made.status, 201, "{made:?}");
    let own = format!("{path}/{}", made.text("id"));
    assert_eq!(graph.get(&own).await.text("subject"), "one");
    assert_eq!(graph.get(&format!("{path}(name='first')")).await.body["id"], made.body["id"]);
    let taken = graph.post(&path, body("first", "two")).await;
    assert_eq!(
        (taken.status.as_u16(), taken.code()),
        (409, "Request_MultipleObjectsWithSameKeyValue")
    );
    let mut two_audiences = body("third", "three");
    two_audiences["audiences"] = json!(["a", "b"]);
    let mut no_subject = body("third", "three");
    no_subject.as_object_mut().unwrap().remove("subject");
    let long = "n".repeat(121);
    for wrong in
        [body("second", "one"), two_audiences, no_subject, body(&long, "s"), body("a b", "s")]
    {
        let reply = graph.post(&path, wrong.clone()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code()),
            (400, "InvalidFederatedIdentityCredentialValue"),
            "{wrong}"
        );
    }
    let patch = async |body: Value| graph.send(Method::PATCH, &own, Some(body)).await;
    assert_eq!(patch(json!({"subject": "changed"})).await.status, 204);
    assert_eq!(graph.get(&own).await.text("subject"), "changed");
    assert_eq!(patch(json!({"name": "another"})).await.status, 400);
    for number in 2..=20 {
        let reply = graph.post(&path, body(&format!("name-{number}"), &number.to_string())).await;
        assert_eq!(reply.status, 201);
    }
    assert_eq!(graph.post(&path, body("one-too-many", "x")).await.status, 403);
    assert_eq!(graph.all(&path, "@odata.nextLink").await.0.len(), 20);
    assert_eq!(graph.delete(&own).await.status, 204);
    assert_eq!(graph.get(&own).await.status, 404);
}

// Goal: a new trust is used after its lag, and an assertion then stands for the connector.
#[tokio::test]
async fn a_new_trust_becomes_usable() {
    let scenario = PROMPT.replace("federated-credential = 0", "federated-credential = 400")
        + "\n[[issuers]]\nurl = 'https://token.actions.example'";
    let cloud = Cloud::start(&scenario).await;
    let (app, client, _) = cloud.connector().await;
    let graph = cloud.graph().await;
    let body = json!({"name": "build", "issuer": "https://token.actions.example", "subject": "s",
        "audiences": ["api://AzureADTokenExchange"]});
    graph.post(&format!("/applications/{app}/federatedIdentityCredentials"), body).await;
    let body = json!({"issuer": "https://token.actions.example", "subject": "s"});
    let assertion = cloud.control("assertions", body).await.text("assertion");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &client),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let mut refused = 0;
    loop {
        let reply = cloud.form(&form).await;
        if reply.status == 200 {
            break;
        }
        assert_eq!(reply.body["error_codes"][0], 70_021);
        refused += 1;
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(refused > 0);
}

// §4.3: the tenant's policy is readable, and what it forbids is refused.
#[tokio::test]
async fn policies_limit_credentials() {
    let scenario = format!(
        "{PROMPT}\n[policy]\nforbid-secrets = true\nmax-certificate-lifetime-days = 365\n\
         users-may-register-applications = true"
    );
    let cloud = Cloud::start(&scenario).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let policy = graph.get("/policies/defaultAppManagementPolicy").await;
    let restrictions = &policy.body["applicationRestrictions"];
    assert_eq!(restrictions["passwordCredentials"][0]["restrictionType"], "passwordAddition");
    assert_eq!(restrictions["keyCredentials"][0]["maxLifetime"], "P365D");
    assert_eq!(policy.body["isEnabled"], true);
    let all = graph.get("/policies/authorizationPolicy").await;
    assert_eq!(all.body["defaultUserRolePermissions"]["allowedToCreateApps"], true);
    let secret = graph.post(&format!("/applications/{app}/addPassword"), json!({})).await;
    assert_eq!(
        (secret.status.as_u16(), secret.code()),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy")
    );
    let keys = json!({"keyCredentials": [
        {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate(2090)},
    ]});
    let long = graph.send(Method::PATCH, &format!("/applications/{app}"), Some(keys)).await;
    assert_eq!(
        (long.status.as_u16(), long.code()),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy")
    );
}
