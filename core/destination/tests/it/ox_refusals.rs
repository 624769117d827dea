//! OX Security: what it refuses, what we refuse, and whether trying again can help.

use std::time::Duration;

use serde_json::json;
use skybridge_destination::{Courier, DeliveryError, Retry, Target, kind};

use crate::gateway::{Credential, Fault, Gateway, connector, credential, errors};
use crate::server::Answer;
use crate::world::{KEY, all_of, connection, deliver, field, ox, secret};

async fn refusal(gateway: &Gateway) -> DeliveryError {
    deliver(&gateway.server, &ox(&gateway.server), &connection(1)).await.unwrap_err()
}

/// The error that an answer to the first call makes.
async fn error_of(answer: Answer) -> DeliveryError {
    let gateway = Gateway::start().await;
    gateway.faults([Fault::Instead(answer)]);
    let error = refusal(&gateway).await;
    assert_eq!(gateway.calls().len(), 1, "one attempt is one call: {error}");
    error
}

#[tokio::test]
async fn no_connector_and_several_are_refused_with_what_was_seen() {
    let gateway = Gateway::start().await;
    gateway.state().connectors[1].name = "azzure".to_owned();
    gateway.state().connectors[1].display_name = "Azure DevOps\u{1b}[2J".to_owned();
    let error = refusal(&gateway).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-016", Retry::Permanent));
    let shown = all_of(&error);
    assert!(shown.contains("none of the platform's 2 connectors"), "{shown}");
    assert!(shown.contains("`Azure DevOps [2J`") && shown.contains("nearest"), "{shown}");

    let gateway = Gateway::start().await;
    gateway.state().connectors.push(connector("3", "other", "azure cloud"));
    let error = refusal(&gateway).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-017", Retry::Permanent));
    assert!(all_of(&error).contains("`AZURE (2)`, `azure cloud (3)`"), "{error:?}");
    assert!(gateway.calls().iter().all(|call| call == "GetConnectorsByFamily"));
}

#[tokio::test]
async fn a_connector_that_takes_other_credentials_is_refused() {
    let gateway = Gateway::start().await;
    gateway.state().connectors[1].types = vec!["AksDirect"];
    let error = refusal(&gateway).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-018", Retry::Permanent));
    assert!(all_of(&error).contains("`AksDirect`"), "{error:?}");
}

#[tokio::test]
async fn a_connector_for_one_that_somebody_uses_is_left_alone() {
    let others = Credential { object: "AksCredentials".into(), ..credential("p", "a") };
    for (theirs, multiple, single) in [
        (credential("p", "of a person"), false, vec![]),
        (others, false, vec![]),
        (credential("p", "of a person"), true, vec!["AzureCloud"]),
    ] {
        let gateway = Gateway::start().await;
        gateway.state().connectors[1].multiple = multiple;
        gateway.state().connectors[1].single_types = single;
        gateway.add(theirs);
        let error = refusal(&gateway).await;
        assert_eq!((error.code(), error.kind), ("SKY-DEST-020", kind::ALREADY_EXISTS));
        assert_eq!(gateway.credentials().len(), 1);
    }
}

#[tokio::test]
async fn a_wrong_key_is_permanent_however_it_is_said() {
    let gateway = Gateway::start().await;
    let url = format!("{}/api/apollo-gateway", gateway.server.origin);
    let target = Target::Ox { url, key: secret("wr0ng-key") };
    let error = deliver(&gateway.server, &target, &connection(1)).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-013", Retry::Permanent));
    assert!(error.detail.message.contains("no such key: Some(\"[secret]\")"), "{error}");
    for answer in [
        Answer::new(403, "no"),
        errors("UNAUTHENTICATED", "who are you"),
        errors("INTERNAL_SERVER_ERROR", "Unauthorized"),
        errors("", "the API key has expired"),
    ] {
        let error = error_of(answer).await;
        assert_eq!((error.code(), error.retry), ("SKY-DEST-013", Retry::Permanent), "{error}");
        assert_eq!(error.kind, kind::UNAUTHENTICATED);
    }
}

#[tokio::test]
async fn errors_in_an_answer_of_200_are_errors() {
    let error = error_of(errors("INTERNAL_SERVER_ERROR", "database\r\nis asleep")).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-015", Retry::Transient));
    assert!(error.detail.message.ends_with("answered with an error: database is asleep"));
    let error = error_of(errors("GRAPHQL_VALIDATION_FAILED", "no field `id`")).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-015", Retry::Permanent));
    let both = json!({ "data": { "getConnectorsByFamily": [] }, "errors": [{}] });
    let error = error_of(Answer::new(200, both.to_string())).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-015", Retry::Transient));
    let Answer::Whole(_, _, body) = errors("GRAPHQL_PARSE_FAILED", "syntax") else { panic!() };
    let error = error_of(Answer::new(400, body)).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-015", Retry::Permanent));
}

#[tokio::test]
async fn too_many_calls_wait_as_long_as_is_asked() {
    let seconds = |wait| Some(Duration::from_secs(wait));
    let plain = || Answer::new(429, "slow down");
    for (answer, wait) in [
        (plain(), None),
        (plain().with("RateLimit-Reset", "77"), seconds(77)),
        (plain().with("RateLimit-Reset", "77").with("Retry-After", "5"), seconds(5)),
        (plain().with("RateLimit-Reset", "1799999999"), None),
        (errors("", "Too Many Requests").with("RateLimit-Reset", "9"), seconds(9)),
    ] {
        let error = error_of(answer).await;
        assert_eq!((error.code(), error.retry), ("SKY-DEST-012", Retry::RateLimited), "{error}");
        assert_eq!(error.retry_after, wait);
    }
}

#[tokio::test]
async fn what_is_no_graphql_is_permanent_and_what_is_unwell_is_not() {
    for body in ["<html>please sign in</html>", "{}", r#"{"data":{"getConnectorsByFamily":7}}"#] {
        let error = error_of(Answer::new(200, body)).await;
        assert_eq!((error.code(), error.retry), ("SKY-DEST-014", Retry::Permanent), "{error}");
    }
    let error = error_of(Answer::new(404, "nothing here")).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-010", Retry::Permanent));
    let error = error_of(Answer::new(302, "").with("Location", "https://example.com/")).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-010", Retry::Permanent));
    let error = error_of(Answer::new(503, "").with("Retry-After", "4")).await;
    assert_eq!((error.code(), error.retry), ("SKY-DEST-011", Retry::Transient));
    assert_eq!(error.retry_after, Some(Duration::from_secs(4)));
}

#[test]
fn words_that_are_not_whole_are_refused_before_anything_is_sent() {
    let target = Target::Ox { url: "https://example.com".to_owned(), key: secret(KEY) };
    let good = connection(1);
    Courier::check(&target, &good).unwrap();
    let mut cases = Vec::new();
    for (pointer, value) in [
        ("/connector-names", json!([])),
        ("/connector-names", json!(["", " "])),
        ("/credentials-type", json!("A } { b")),
        ("/credentials-type", json!("")),
        ("/fields", json!({})),
        ("/fields", json!({ "no-such-field": "x" })),
        ("/fields", json!({ "tenant-id": "x", "client-id": "x" })),
        ("/fields", json!(null)),
    ] {
        let mut broken = good.clone();
        *broken.platform.pointer_mut(pointer).unwrap() = value;
        cases.push(broken);
    }
    for (key, value) in [("credentials-object", "a b"), ("key-field", "no-such-field")] {
        let mut broken = good.clone();
        broken.platform[key] = json!(value);
        cases.push(broken);
    }
    for (at, value) in
        [(0, json!(7)), (0, json!("")), (3, json!("a\nb")), (3, json!("x".repeat(201)))]
    {
        let mut broken = good.clone();
        broken.fields[at].value = value;
        cases.push(broken);
    }
    let mut broken = good.clone();
    broken.connector = "contoso eu".to_owned();
    cases.push(broken);
    let mut broken = good.clone();
    broken.platform = json!(null);
    cases.push(broken);
    let mut broken = good.clone();
    broken.fields.push(field("expires", "again", false));
    cases.push(broken);
    let mut broken = good;
    broken.fields.extend((0..64).map(|n| field(&format!("f{n}"), "v", false)));
    cases.push(broken);
    for case in cases {
        let error = Courier::check(&target, &case).unwrap_err();
        assert_eq!((error.code(), error.retry), ("SKY-DEST-005", Retry::Permanent), "{case:?}");
    }
}
