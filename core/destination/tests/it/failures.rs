//! What goes wrong before an answer, whoever it is sent to.

use std::sync::Arc;

use skybridge_destination::{Courier, Event, Retry, Target, Trust, kind};
use skybridge_model::clock::FixedClock;
use tokio::net::TcpListener;

use crate::server::{Answer, Server};
use crate::world::{KEY, STEP, Vault, connection, courier, deliver, now, ox, secret, webhook};

async fn silent() -> Server {
    Server::start(|_| Answer::new(200, "{}")).await
}

#[test]
fn addresses_that_are_not_plain_https_are_refused() {
    let long = format!("https://example.com/{}", "x".repeat(2048));
    for url in ["http://127.0.0.1/x", "https://u:p@example.com", "ftp://example.com", "", &long] {
        for target in [
            Target::Webhook { url: url.to_owned(), key: Some(secret(KEY)) },
            Target::Ox { url: url.to_owned(), key: secret(KEY) },
        ] {
            let error = Courier::check(&target, &connection(1)).unwrap_err();
            assert_eq!((error.code(), error.retry), ("SKY-DEST-001", Retry::Permanent), "{url}");
        }
    }
}

#[test]
fn keys_that_no_header_carries_are_refused() {
    for key in ["", "  \n", "two\nlines", "nul\0", "schlüssel"] {
        let target = Target::Ox { url: "https://example.com".to_owned(), key: secret(key) };
        let error = Courier::check(&target, &connection(1)).unwrap_err();
        assert_eq!((error.code(), error.kind), ("SKY-DEST-002", kind::INVALID_CONFIG), "{key:?}");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_opened_are_told_by_name() {
    let server = silent().await;
    let target = webhook(&server, Some(KEY));
    for (name, why) in [
        ("no-such", "is not in the vault"),
        ("broken", "cannot be opened: it is sealed for another identity"),
        ("hollow", "is empty"),
    ] {
        let mut connection = connection(1);
        connection.fields[2].value = name.into();
        let courier = courier(&server.ca);
        let vault = Vault::with("hollow", "");
        let result = courier.deliver(&target, &connection, Event::Connected, STEP, &vault).await;
        let error = result.unwrap_err();
        assert_eq!((error.code(), error.retry), ("SKY-DEST-004", Retry::Permanent));
        let expected = format!("the secret `{name}` of the field `client-secret` {why}");
        assert_eq!(error.detail.message, expected);
    }
}

#[tokio::test]
async fn a_secret_too_large_to_be_one_is_not_sent() {
    let server = silent().await;
    let vault = Vault::with("client-secret/k1", &"x".repeat(256 << 10));
    let target = webhook(&server, Some(KEY));
    let sent =
        courier(&server.ca).deliver(&target, &connection(1), Event::Connected, STEP, &vault).await;
    assert_eq!(sent.unwrap_err().code(), "SKY-DEST-005");
}

#[test]
fn an_authority_that_is_no_pem_is_refused() {
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    for pem in ["", "not a certificate", broken] {
        let trust = Trust::Only(pem.to_owned());
        let error = Courier::new(&trust, Arc::new(FixedClock(now()))).unwrap_err();
        assert_eq!((error.code(), error.retry), ("SKY-DEST-006", Retry::Permanent), "{pem}");
    }
    Courier::new(&Trust::Platform, Arc::new(FixedClock(now()))).unwrap();
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_not_trusted() {
    let (server, other) = (silent().await, silent().await);
    let target = ox(&server);
    let courier = courier(&other.ca);
    let sent =
        courier.deliver(&target, &connection(1), Event::Connected, STEP, &Vault::new()).await;
    let error = sent.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-007", Retry::Permanent), "{error}");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_may_come_back() {
    let server = silent().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/secret-path", listener.local_addr().unwrap());
    drop(listener);
    let target = Target::Webhook { url, key: Some(secret(KEY)) };
    let error = deliver(&server, &target, &connection(1)).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-008", Retry::Transient));
    assert!(error.detail.message.contains("could not be reached"), "{error}");
    assert!(!error.to_string().contains("secret-path"), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let server = Server::start(|_| Answer::new(200, vec![b'x'; (4 << 20) + 1])).await;
    for target in [ox(&server), webhook(&server, Some(KEY))] {
        let error = deliver(&server, &target, &connection(1)).await.unwrap_err();
        assert_eq!((error.code(), error.retry), ("SKY-DEST-009", Retry::Permanent));
    }
}
