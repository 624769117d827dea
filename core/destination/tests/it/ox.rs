//! OX Security: added once, proved, the old ones removed, whatever is cut short.

use serde_json::{Value, json};
use skybridge_destination::{Connection, Courier, Delivered, DeliveryError, Event, Retry};

use crate::gateway::{Fault, Gateway, credential};
use crate::server::Answer;
use crate::world::{
    CLIENT_SECRET, NEXT_SECRET, STEP, Vault, connection, courier, deliver, ox, withdraw,
};

const LIST: &str = "GetConnectorsByFamily";
const ADD: &str = "AddCredentials";
const VERIFY: &str = "VerifySingleConnectorCredentials";
const REMOVE: &str = "RemoveCredentials";

async fn hand_over(gateway: &Gateway, key: u32) -> Result<Delivered, DeliveryError> {
    deliver(&gateway.server, &ox(&gateway.server), &connection(key)).await
}

async fn take_back(gateway: &Gateway, undo: &Value) -> Result<String, DeliveryError> {
    let withdrawn = withdraw(&gateway.server, &ox(&gateway.server), &connection(1), undo).await;
    withdrawn.map(|withdrawn| withdrawn.detail)
}

#[tokio::test]
async fn twice_is_once() {
    let gateway = Gateway::start().await;
    let first = hand_over(&gateway, 1).await.unwrap();
    assert_eq!(gateway.calls(), [LIST, ADD, VERIFY]);
    assert_eq!((first.reference.as_str(), first.changed), ("2/c1", true));
    assert_eq!(first.undo["connector-id"], "2");
    assert_eq!(first.undo["credentials-id"], "c1");
    let second = hand_over(&gateway, 1).await.unwrap();
    assert_eq!(gateway.calls(), [LIST, VERIFY]);
    assert_eq!((second.reference.as_str(), second.changed), ("2/c1", false));
    let [made] = gateway.credentials().try_into().unwrap();
    assert_eq!(made.name, "skybridge contoso k1");
    // Values arrive as they are, whatever GraphQL would make of them in a document.
    let input = json!({
        "tenantId": "8d7c\"}) { evil }",
        "clientId": "31f0",
        "clientSecret": CLIENT_SECRET,
    });
    assert_eq!(made.input, input);
}

#[tokio::test]
async fn a_rotation_adds_and_proves_before_it_removes() {
    let gateway = Gateway::start().await;
    gateway.add(credential("p1", "of a person"));
    gateway.add(credential("p2", "skybridge contoso-eu k1"));
    hand_over(&gateway, 1).await.unwrap();
    gateway.calls();
    let rotated = hand_over(&gateway, 2).await.unwrap();
    assert_eq!(gateway.calls(), [LIST, ADD, VERIFY, REMOVE]);
    assert_eq!(rotated.reference, "2/c2");
    let left = gateway.credentials();
    let names: Vec<&str> = left.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["of a person", "skybridge contoso-eu k1", "skybridge contoso k2"]);
    assert_eq!(left[2].input["clientSecret"], NEXT_SECRET);
}

/// A gateway with a credential of a person's and one of ours that is to be replaced.
async fn about_to_rotate() -> Gateway {
    let gateway = Gateway::start().await;
    gateway.add(credential("p1", "of a person"));
    gateway.add(credential("c0", "skybridge contoso k0"));
    gateway
}

fn assert_rotated(gateway: &Gateway, how: &str) {
    let left = gateway.credentials();
    let names: Vec<&str> = left.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["of a person", "skybridge contoso k1"], "{how}");
}

// Goal: wherever the connection ends, doing it again leaves what doing it once leaves.
#[tokio::test]
async fn a_lost_answer_changes_nothing_in_the_end() {
    for position in 0..4 {
        for fault in [Fault::LostBefore, Fault::LostAfter] {
            let how = format!("{fault:?} at call {position}");
            let gateway = about_to_rotate().await;
            let passed = std::iter::repeat_n(Fault::Pass, position);
            gateway.faults(passed.chain([fault]));
            let error = hand_over(&gateway, 1).await.unwrap_err();
            assert_eq!((error.code(), error.retry), ("SKY-DEST-008", Retry::Transient), "{how}");
            hand_over(&gateway, 1).await.unwrap();
            assert_rotated(&gateway, &how);
        }
    }
}

// Goal: the same when the process ends while a call is under way.
#[tokio::test]
async fn a_process_that_is_killed_changes_nothing_in_the_end() {
    for position in 0..4 {
        for fault in [Fault::HungBefore, Fault::HungAfter] {
            let how = format!("{fault:?} at call {position}");
            let gateway = about_to_rotate().await;
            let passed = std::iter::repeat_n(Fault::Pass, position);
            gateway.faults(passed.chain([fault]));
            tokio::select! {
                ended = hand_over(&gateway, 1) => panic!("{how}: {ended:?}"),
                () = gateway.hung.notified() => {}
            }
            hand_over(&gateway, 1).await.unwrap();
            assert_rotated(&gateway, &how);
        }
    }
}

#[tokio::test]
async fn credentials_that_were_added_twice_are_one_in_the_end() {
    let gateway = Gateway::start().await;
    gateway.add(credential("b", "skybridge contoso k1"));
    gateway.add(credential("a", "skybridge contoso k1"));
    let delivered = hand_over(&gateway, 1).await.unwrap();
    assert_eq!((delivered.reference.as_str(), delivered.changed), ("2/a", true));
    assert_eq!(gateway.credentials(), [credential("a", "skybridge contoso k1")]);
}

#[tokio::test]
async fn an_answer_that_lags_is_looked_up_and_else_waited_for() {
    let gateway = Gateway::start().await;
    gateway.faults([Fault::Pass, Fault::Stale]);
    assert_eq!(hand_over(&gateway, 1).await.unwrap().reference, "2/c1");
    assert_eq!(gateway.calls(), [LIST, ADD, LIST, VERIFY]);

    let gateway = Gateway::start().await;
    let old = Answer::new(200, r#"{"data":{"getConnectorsByFamily":[]}}"#);
    gateway.faults([Fault::Pass, Fault::Stale, Fault::Instead(old)]);
    let error = hand_over(&gateway, 1).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-021", Retry::Eventual));
    assert_eq!(hand_over(&gateway, 1).await.unwrap().reference, "2/c1");
}

#[tokio::test]
async fn credentials_that_do_not_work_yet_are_kept_and_the_old_ones_too() {
    let gateway = about_to_rotate().await;
    gateway.state().invalid = Some(format!("AADSTS7000215: bad\u{7} {CLIENT_SECRET}"));
    let error = hand_over(&gateway, 1).await.unwrap_err();
    assert_eq!((error.code(), error.retry), ("SKY-DEST-019", Retry::Eventual));
    assert!(error.detail.message.ends_with("AADSTS7000215: bad [secret]"), "{error}");
    assert_eq!(gateway.calls(), [LIST, ADD, VERIFY]);
    assert_eq!(gateway.credentials().len(), 3);
    gateway.state().invalid = None;
    hand_over(&gateway, 1).await.unwrap();
    assert_eq!(gateway.calls(), [LIST, VERIFY, REMOVE]);
    assert_rotated(&gateway, "after they worked");
}

#[tokio::test]
async fn when_no_call_is_left_the_next_one_waits() {
    for position in 0..3 {
        let gateway = about_to_rotate().await;
        let passed = std::iter::repeat_n(Fault::Pass, position);
        gateway.faults(passed.chain([Fault::Header("RateLimit-Remaining", "0")]));
        let error = hand_over(&gateway, 1).await.unwrap_err();
        assert_eq!((error.code(), error.retry), ("SKY-DEST-012", Retry::RateLimited));
        assert_eq!(gateway.calls().len(), position + 1);
        hand_over(&gateway, 1).await.unwrap();
        assert_rotated(&gateway, "after the wait");
    }
    let gateway = about_to_rotate().await;
    let last = Fault::Header("RateLimit-Remaining", "0");
    gateway.faults([Fault::Pass, Fault::Pass, Fault::Pass, last]);
    hand_over(&gateway, 1).await.unwrap();
}

#[tokio::test]
async fn withdrawing_removes_ours_and_twice_is_once() {
    let gateway = about_to_rotate().await;
    gateway.add(credential("c9", "skybridge contoso k9"));
    gateway.faults([Fault::Pass, Fault::LostAfter]);
    let error = take_back(&gateway, &Value::Null).await.unwrap_err();
    assert_eq!(error.retry, Retry::Transient);
    let detail = take_back(&gateway, &Value::Null).await.unwrap();
    assert_eq!(detail, "1 credentials removed from connector `AZURE`");
    assert_eq!(gateway.credentials(), [credential("p1", "of a person")]);
    take_back(&gateway, &Value::Null).await.unwrap();
}

#[tokio::test]
async fn withdrawing_finds_a_connector_that_was_renamed() {
    let gateway = Gateway::start().await;
    let undo = hand_over(&gateway, 1).await.unwrap().undo;
    gateway.state().connectors[1].name = "cloud".to_owned();
    gateway.state().connectors[1].display_name = "Cloud".to_owned();
    let error = take_back(&gateway, &Value::Null).await.unwrap_err();
    assert_eq!(error.code(), "SKY-DEST-016");
    take_back(&gateway, &undo).await.unwrap();
    assert!(gateway.credentials().is_empty());
}

#[tokio::test]
async fn the_vault_name_tells_secrets_apart_when_there_is_no_key_id() {
    let gateway = Gateway::start().await;
    let mut plain = connection(1);
    plain.fields.retain(|field| field.name != "key-id");
    let target = ox(&gateway.server);
    deliver(&gateway.server, &target, &plain).await.unwrap();
    assert_eq!(gateway.credentials()[0].name, "skybridge contoso client-secret/k1");
}

#[tokio::test]
async fn one_courier_makes_many_deliveries() {
    let gateway = Gateway::start().await;
    let (courier, vault) = (courier(&gateway.server.ca), Vault::new());
    for name in ["one", "two", "three"] {
        let connection = Connection { connector: name.to_owned(), ..connection(1) };
        let target = ox(&gateway.server);
        Courier::check(&target, &connection).unwrap();
        courier.deliver(&target, &connection, Event::Rotated, STEP, &vault).await.unwrap();
    }
    assert_eq!(gateway.credentials().len(), 3);
}

/// What the engine spawns has to be able to change threads.
#[tokio::test]
async fn a_delivery_may_run_on_any_thread() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let gateway = Gateway::start().await;
    let (target, connection, vault) = (ox(&gateway.server), connection(1), Vault::new());
    let courier = courier(&gateway.server.ca);
    let sending = courier.deliver(&target, &connection, Event::Connected, STEP, &vault);
    let delivered = is_send(sending).await.unwrap();
    is_send(courier.withdraw(&target, &connection, STEP, &delivered.undo)).await.unwrap();
    assert!(gateway.credentials().is_empty());
}
