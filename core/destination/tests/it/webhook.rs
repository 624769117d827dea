//! Webhooks: what arrives, that it is signed, and what each answer means.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use skybridge_destination::{Courier, Event, Retry, Target, verify};

use crate::server::{Answer, Call, Server};
use crate::world::{
    CLIENT_SECRET, KEY, STEP, Vault, all_of, connection, courier, deliver, now, secret, webhook,
    withdraw,
};

type Received = Arc<Mutex<Vec<Call>>>;

/// A receiver that checks signatures and takes what is good, each delivery once.
async fn receiver(key: &'static str) -> (Server, Received) {
    let received = Received::default();
    let taken = Arc::clone(&received);
    let server = Server::start(move |call| {
        let signature = call.header("skybridge-signature").unwrap_or_default();
        if let Err(error) = verify(signature, &call.body, &secret(key), now()) {
            return Answer::new(401, error.to_string());
        }
        taken.lock().unwrap().push(call);
        Answer::new(204, "")
    })
    .await;
    (server, received)
}

/// A receiver that always answers the same.
async fn answering(answer: Answer) -> Server {
    Server::start(move |_| answer.clone()).await
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

#[tokio::test]
async fn a_signed_letter_arrives_the_same_at_every_attempt() {
    let (server, received) = receiver(KEY).await;
    let target = webhook(&server, Some("the-k3y-of-the-platform\n"));
    let first = deliver(&server, &target, &connection(1)).await.unwrap();
    let second = deliver(&server, &target, &connection(1)).await.unwrap();
    assert_eq!(first, second);
    let calls = received.lock().unwrap();
    assert_eq!((calls[0].method.as_str(), calls[0].path.as_str()), ("POST", "/hooks/p4th"));
    assert_eq!(calls[0].header("content-type"), Some("application/json"));
    assert_eq!(calls[0].header("skybridge-delivery"), Some(first.reference.as_str()));
    assert_eq!(calls[0].body, calls[1].body);
    let expected = json!({
        "format": "skybridge-connection",
        "version": 1,
        "event": "connected",
        "delivery": first.reference,
        "connector": "contoso",
        "plugin": "azure",
        "fields": {
            "tenant-id": "8d7c\"}) { evil }",
            "client-id": "31f0",
            "client-secret": CLIENT_SECRET,
            "key-id": "k1",
            "expires": "2027-05-01",
        },
    });
    assert_eq!(body(&calls[0]), expected);
}

#[tokio::test]
async fn each_event_is_a_delivery_of_its_own_and_a_removal_has_no_secret() {
    let (server, received) = receiver(KEY).await;
    let target = webhook(&server, Some(KEY));
    let courier = courier(&server.ca);
    let connected = deliver(&server, &target, &connection(1)).await.unwrap();
    let vault = Vault::new();
    let next = connection(2);
    let rotated = courier.deliver(&target, &next, Event::Rotated, STEP, &vault).await.unwrap();
    withdraw(&server, &target, &connection(2), &Value::Null).await.unwrap();
    assert_ne!(connected.reference, rotated.reference);
    let calls = received.lock().unwrap();
    let events: Vec<Value> = calls.iter().map(|call| body(call)["event"].clone()).collect();
    assert_eq!(events, ["connected", "rotated", "removed"]);
    let removed = body(&calls[2]);
    assert!(removed["fields"].get("client-secret").is_none());
    assert_eq!(removed["fields"]["client-id"], "31f0");
}

#[tokio::test]
async fn a_receiver_with_another_key_refuses() {
    let (server, received) = receiver("another key").await;
    let error = deliver(&server, &webhook(&server, Some(KEY)), &connection(1)).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-010", Retry::Permanent));
    assert!(error.detail.message.ends_with("does not fit the body and the key"), "{error}");
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_secret_is_not_sent_unsigned_and_what_has_none_may_be() {
    let server = answering(Answer::new(200, "thanks")).await;
    let target = webhook(&server, None);
    let error = deliver(&server, &target, &connection(1)).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-003", Retry::Permanent));
    let mut federated = connection(1);
    federated.fields.retain(|field| !field.secret);
    deliver(&server, &target, &federated).await.unwrap();
    let empty = Target::Webhook { url: "https://example.com".to_owned(), key: Some(secret(" \n")) };
    let error = Courier::check(&empty, &federated).unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-002", Retry::Permanent));
}

#[tokio::test]
async fn statuses_say_whether_trying_again_can_help() {
    let seconds = |wait| Some(Duration::from_secs(wait));
    let later = |status| Answer::new(status, "").with("Retry-After", "12");
    for (answer, code, retry, wait) in [
        (Answer::new(410, "gone"), "SKY-DEST-010", Retry::Permanent, None),
        (Answer::new(400, "no"), "SKY-DEST-010", Retry::Permanent, None),
        (
            Answer::new(307, "").with("Location", "https://example.com"),
            "SKY-DEST-010",
            Retry::Permanent,
            None,
        ),
        (later(408), "SKY-DEST-011", Retry::Transient, seconds(12)),
        (later(500), "SKY-DEST-011", Retry::Transient, seconds(12)),
        (Answer::new(502, ""), "SKY-DEST-011", Retry::Transient, None),
        (later(429), "SKY-DEST-012", Retry::RateLimited, seconds(12)),
        (Answer::Lost, "SKY-DEST-008", Retry::Transient, None),
    ] {
        let server = answering(answer).await;
        let target = webhook(&server, Some(KEY));
        let error = deliver(&server, &target, &connection(1)).await.unwrap_err();
        assert_eq!((error.code(), error.retry, error.retry_after), (code, retry, wait), "{error}");
    }
}

#[tokio::test]
async fn a_receiver_is_quoted_shortly_and_cleanly() {
    let echo = Server::start(|call| {
        let mut body = b"I got\r\n\x1b[31m ".to_vec();
        body.extend_from_slice(&call.body);
        body.extend_from_slice(&[b'x'; 5000]);
        Answer::new(422, body)
    })
    .await;
    let error = deliver(&echo, &webhook(&echo, Some(KEY)), &connection(1)).await.unwrap_err();
    let shown = all_of(&error);
    assert!(error.detail.message.contains("answered 422 Unprocessable Entity: I got [31m {"));
    assert!(!error.detail.message.chars().any(char::is_control));
    assert!(error.detail.message.chars().count() < 300, "{shown}");
    assert!(!shown.contains(CLIENT_SECRET) && !shown.contains("p4th"), "{shown}");
}
