//! The platform connections are handed to: its gateway, and signed deliveries.

use serde_json::{Value, json};

use crate::client::{Answer, Cloud, PROMPT, answer};

const ADD: &str = "mutation Add($input: AddCredentialsInput!) { addCredentials(addCredentialsInput: $input) \
     { connector { id credentials { ... on AzureCloudCredentials { credentialsId credentialsName } } } } }";
const VERIFY: &str = "mutation Verify($input: VerifyCredentialsInput!) { \
     verifySingleConnectorCredentials(verifyCredentialsInput: $input) \
     { credentialsAreValid noReposFound validationMessage } }";
const REMOVE: &str = "mutation Remove($input: RemoveCredentialsInput!) { \
     removeCredentials(removeCredentialsInput: $input) { connector { isConfigured } } }";
const FAMILIES: &str = "query($family: String) { getConnectorsByFamily(family: $family) { family \
     connectors { connector { id name displayName credentialsTypes credentials { __typename \
     ... on AzureCloudCredentials { credentialsId credentialsName } } } } } }";

async fn send(cloud: &Cloud, key: &str, body: &Value) -> Answer {
    let url = cloud.simulator.ready().endpoints.ox.clone();
    let request = cloud.http.post(url).header("authorization", key).json(body);
    answer(request.send().await.unwrap()).await
}

async fn ask(cloud: &Cloud, query: &str, variables: Value) -> Answer {
    let key = cloud.simulator.ready().platform.ox_key.clone();
    send(cloud, &key, &json!({"query": query, "variables": variables})).await
}

/// The id of the connector that is called Azure.
async fn azure(cloud: &Cloud) -> Value {
    let reply = ask(cloud, FAMILIES, json!({})).await;
    let families = reply.body["data"]["getConnectorsByFamily"].as_array().unwrap().clone();
    let connectors: Vec<Value> = families
        .iter()
        .flat_map(|family| family["connectors"].as_array().unwrap().clone())
        .map(|it| it["connector"].clone())
        .collect();
    assert!(connectors.len() > 1, "others resemble it");
    connectors.into_iter().find(|it| it["displayName"] == "Azure").unwrap()
}

/// An application that reads the subscription, as (client id, secret).
async fn connection(cloud: &Cloud) -> (String, String) {
    let (app, client, principal) = cloud.connector().await;
    let add = format!("/applications/{app}/addPassword");
    let secret = cloud.graph().await.post(&add, json!({})).await.text("secretText");
    let arm = cloud.arm().await;
    let path = format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleAssignments/{client}?api-version=2022-04-01",
        cloud.subscription
    );
    let reader =
        "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let body = json!({"properties": {
        "roleDefinitionId": format!("/subscriptions/{}{reader}", cloud.subscription),
        "principalId": principal, "principalType": "ServicePrincipal",
    }});
    assert_eq!(arm.put(&path, body).await.status, 201);
    (client, secret)
}

fn credentials(cloud: &Cloud, connector: &Value, name: &str, client: &str, secret: &str) -> Value {
    json!({"input": {
        "connectorID": connector, "credentialsType": "AzureCloud", "credentialsName": name,
        "credentialsInput": {
            "tenantId": cloud.tenant(), "clientId": client, "clientSecret": secret,
        },
    }})
}

// §14: find the connector, add, verify for real, remove; the secret is nowhere afterwards.
#[tokio::test]
async fn credentials_are_added_verified_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let cloud = Cloud::start_with(PROMPT, Some(directory.path())).await;
    let (client, secret) = connection(&cloud).await;
    let connector = azure(&cloud).await;
    assert_eq!(connector["credentialsTypes"], json!(["AzureCloud"]));
    let id = &connector["id"];
    let mut ids = Vec::new();
    for (name, secret) in [("right", secret.as_str()), ("wrong", "not the secret")] {
        let reply = ask(&cloud, ADD, credentials(&cloud, id, name, &client, secret)).await;
        let held = &reply.body["data"]["addCredentials"]["connector"]["credentials"];
        let own = held.as_array().unwrap().iter().find(|it| it["credentialsName"] == name);
        ids.push(own.unwrap()["credentialsId"].clone());
    }
    let verify = async |cloud: &Cloud, credential: &Value| {
        let input = json!({"input": {"connectorID": id, "credentialsID": credential}});
        let reply = ask(cloud, VERIFY, input).await;
        reply.body["data"]["verifySingleConnectorCredentials"].clone()
    };
    assert_eq!(verify(&cloud, &ids[0]).await["credentialsAreValid"], true);
    let wrong = verify(&cloud, &ids[1]).await;
    assert_eq!(wrong["credentialsAreValid"], false);
    assert!(wrong["validationMessage"].as_str().unwrap().starts_with("AADSTS7000215"), "{wrong}");
    assert!(!cloud.state().await.to_string().contains(&secret));
    assert!(!cloud.traffic().await.to_string().contains(&secret));
    for entry in fs_err::read_dir(directory.path()).unwrap() {
        let bytes = fs_err::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
    cloud.simulator.stop().await;
    let cloud = Cloud::start_with(PROMPT, Some(directory.path())).await;
    assert_eq!(verify(&cloud, &ids[0]).await["credentialsAreValid"], true, "after a new start");
    let input = json!({"input": {"connectorID": id, "credentialsId": ids[1]}});
    assert_eq!(ask(&cloud, REMOVE, input.clone()).await.body.get("errors"), None);
    let again = ask(&cloud, REMOVE, input).await;
    assert_eq!(again.body["errors"][0]["message"], "Credentials not found");
    let left = cloud.state().await["platformCredentials"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["credentialsName"]), (1, &json!("right")));
}

// §14, §15.13: what is wrong with a query is told in the answer; who has no key is told at the door.
#[tokio::test]
async fn the_gateway_refuses() {
    let cloud = Cloud::start(PROMPT).await;
    let key = cloud.simulator.ready().platform.ox_key.clone();
    let body = json!({"query": FAMILIES});
    for wrong in ["", "wrong", &format!("Bearer {key}")] {
        assert_eq!(send(&cloud, wrong, &body).await.status, 401);
    }
    assert_eq!(send(&cloud, &key, &json!({"variables": {}})).await.status, 400);
    let id = azure(&cloud).await["id"].clone();
    let mut no_secret = credentials(&cloud, &id, "n", "c", "s");
    no_secret["input"]["credentialsInput"].as_object_mut().unwrap().remove("clientSecret");
    let mut no_connector = credentials(&cloud, &id, "n", "c", "s");
    no_connector["input"].as_object_mut().unwrap().remove("connectorID");
    let mut other_type = credentials(&cloud, &id, "n", "c", "s");
    other_type["input"]["credentialsType"] = json!("AksDirect");
    let nobody = credentials(&cloud, &json!("999"), "n", "c", "s");
    for (query, variables, word) in [
        ("{ getConnectorsByFamily { colour } }", json!({}), "colour"),
        ("{ getConnectorsByFamily { family ", json!({}), "Syntax Error"),
        (ADD, json!({}), "AddCredentialsInput!"),
        (ADD, no_secret, "clientSecret"),
        (ADD, no_connector, "connectorID"),
        (ADD, other_type, "AksDirect"),
        (ADD, nobody, "Connector not found"),
        (VERIFY, json!({"input": {"connectorID": id, "credentialsID": "x"}}), "not found"),
        (REMOVE, json!({"input": {"connectorID": id}}), "required"),
    ] {
        let reply = ask(&cloud, query, variables).await;
        assert_eq!(reply.status, 200);
        let message = reply.body["errors"][0]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{word}: {message}");
    }
    assert_eq!(cloud.state().await["platformCredentials"], json!([]));
}

// §14: a quota that is counted, and told.
#[tokio::test]
async fn the_gateway_counts() {
    let scenario = format!("{PROMPT}\n[platform]\nrequests-per-hour = 2\nrequests-per-day = 10");
    let cloud = Cloud::start(&scenario).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let reply = ask(&cloud, FAMILIES, json!({})).await;
        let header = |name: &str| reply.headers[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("ratelimit-hourlimit"), header("ratelimit-daylimit")),
            ("2".into(), "10".into())
        );
        assert!((1..=3600).contains(&header("ratelimit-reset").parse::<u32>().unwrap()));
        seen.push((reply.status.as_u16(), header("ratelimit-remaining")));
    }
    assert_eq!(seen, [(200, "1".to_owned()), (200, "0".to_owned()), (429, "0".to_owned())]);
}

fn sign(key: &str, time: i64, body: &str) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.as_bytes());
    let tag = ring::hmac::sign(&key, format!("{time}.{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

// Goal: only what is signed, fresh and new counts, and what is secret in it is not kept.
#[tokio::test]
async fn deliveries_are_signed() {
    let cloud = Cloud::start(PROMPT).await;
    let ready = cloud.simulator.ready();
    let key = ready.platform.webhook_key.clone();
    let deliver = async |id: &str, signature: String, kind: &str, body: &str| {
        let request = cloud
            .http
            .post(ready.endpoints.webhook.clone())
            .header("content-type", kind)
            .header("skybridge-signature", signature)
            .header("skybridge-delivery", id)
            .body(body.to_owned());
        answer(request.send().await.unwrap()).await.status.as_u16()
    };
    let json_type = "application/json";
    let now = jiff::Timestamp::now().as_second();
    let body = r#"{"event": "connected", "fields": {"client-id": "c", "client-secret": "s3cr3t"}}"#;
    for (signature, kind, expected) in [
        (sign(&key, now, body), "text/plain", 415),
        (sign("another key", now, body), json_type, 401),
        (sign(&key, now, "another body"), json_type, 401),
        (sign(&key, now - 400, body), json_type, 401),
        (sign(&key, now + 400, body), json_type, 401),
        ("nonsense".to_owned(), json_type, 401),
        (format!("t={now},v1=zz"), json_type, 401),
    ] {
        assert_eq!(deliver("one", signature, kind, body).await, expected);
    }
    assert_eq!(deliver("one", sign(&key, now, "no"), json_type, "no").await, 400);
    assert_eq!(cloud.state().await["webhookDeliveries"], json!([]));
    for _ in 0..2 {
        assert_eq!(deliver("one", sign(&key, now, body), json_type, body).await, 200);
    }
    let state = cloud.state().await;
    assert_eq!(state["webhookDeliveries"].as_array().unwrap().len(), 1);
    let kept = &state["webhookDeliveries"][0]["body"]["fields"];
    assert_eq!(kept, &json!({"client-id": "c", "client-secret": "REDACTED"}));
    assert!(!cloud.traffic().await.to_string().contains("s3cr3t"));
    let large = "x".repeat(1024 * 1024 + 1);
    assert_eq!(deliver("two", sign(&key, now, &large), json_type, &large).await, 413);
}

// Goal: an answer that is lost leaves its credential, and a second try makes a second one.
#[tokio::test]
async fn a_lost_answer_leaves_its_credential() {
    let fault = |effect: &str| {
        format!("\n[[faults]]\nservice = 'platform'\nskip = 1\ntimes = 1\neffect = '{effect}'")
    };
    let cloud = Cloud::start(&format!("{PROMPT}{}", fault("reset-after-commit"))).await;
    let id = azure(&cloud).await["id"].clone();
    let ready = cloud.simulator.ready();
    let input = credentials(&cloud, &id, "ours", "c", "s");
    let body = json!({"query": ADD, "variables": input});
    let request = cloud.http.post(ready.endpoints.ox.clone());
    let request = request.header("authorization", ready.platform.ox_key.clone()).json(&body);
    assert!(request.send().await.is_err());
    let reply = ask(&cloud, ADD, input).await;
    let held = &reply.body["data"]["addCredentials"]["connector"]["credentials"];
    assert_eq!(held.as_array().unwrap().len(), 2, "the platform does not compare names");
    let cloud = Cloud::start(&format!("{PROMPT}{}", fault("internal-error"))).await;
    azure(&cloud).await;
    let reply = ask(&cloud, FAMILIES, json!({})).await;
    assert_eq!(reply.status, 500);
    assert!(reply.body["errors"][0]["message"].is_string());
}
