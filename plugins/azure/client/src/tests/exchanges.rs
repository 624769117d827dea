//! The client against a scripted server: pages, stale tokens, refusals.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::arm::{management_groups, subscriptions};
use crate::client::Client;
use crate::cloud::{Cloud, Endpoints};
use crate::error::ClientError;
use crate::response::Response;
use crate::token::{AccessToken, TokenSource};
use crate::transport::{Transport, WireRequest};
use skybridge_plugin_http::Secret;

/// Answers in order; what was asked is kept as `METHOD url token`.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, Value)>>,
    asked: Mutex<Vec<String>>,
    tokens: Mutex<u32>,
}

#[async_trait]
impl Transport for Script {
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError> {
        assert!(request.headers.iter().any(|(n, _)| n.ends_with("client-request-id")));
        let token = request.bearer.as_ref().map_or("-", Secret::expose);
        self.asked.lock().unwrap().push(format!("{} {} {token}", request.method, request.url));
        let (status, body) = self.answers.lock().unwrap().pop_front().expect("an answer");
        Ok(Response::new(status, [], body.to_string().into_bytes(), Timestamp::now()))
    }
}

#[async_trait]
impl TokenSource for Script {
    async fn token(&self, _scope: &str) -> Result<AccessToken, ClientError> {
        let mut tokens = self.tokens.lock().unwrap();
        *tokens += 1;
        let expires = Timestamp::now() + SignedDuration::from_hours(1);
        Ok(AccessToken { secret: Secret::new(format!("t{tokens}")), expires })
    }
}

fn scripted(answers: Vec<(u16, Value)>) -> (Client, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.into()), ..Script::default() });
    let client = Client::new(Endpoints::of(Cloud::Public), script.clone(), script.clone());
    (client, script)
}

const GROUPS: &str = "https://management.azure.com/providers/Microsoft.Management/managementGroups";

#[tokio::test]
async fn every_kind_of_next_link_is_followed_to_the_end() {
    let group = |name: &str| json!({ "id": name, "name": name });
    let (client, script) = scripted(vec![
        (200, json!({ "value": [group("a")], "@nextLink": format!("{GROUPS}?$skiptoken=1%2B") })),
        (200, json!({ "value": [], "nextLink": format!("{GROUPS}?$skiptoken=2") })),
        (
            200,
            json!({ "value": [group("b")], "@odata.nextLink": format!("{GROUPS}?$skiptoken=3") }),
        ),
        (200, json!({ "value": [group("c")], "nextLink": null, "@nextLink": "" })),
    ]);
    let found: Vec<management_groups::ManagementGroup> =
        client.list(management_groups::list_request()).await.unwrap();
    assert_eq!(found.iter().map(|g| g.name.as_str()).collect::<String>(), "abc");
    let asked = script.asked.lock().unwrap();
    assert_eq!(asked[1], format!("GET {GROUPS}?$skiptoken=1%2B t1"));
    assert_eq!(asked.len(), 4);
}

#[tokio::test]
async fn a_next_link_elsewhere_gets_no_token() {
    let (client, script) =
        scripted(vec![(200, json!({ "value": [], "nextLink": "https://evil.example/x" }))]);
    let outcome =
        client.list::<management_groups::ManagementGroup>(management_groups::list_request()).await;
    assert!(matches!(outcome, Err(ClientError::ForeignNextLink { .. })), "{outcome:?}");
    assert_eq!(script.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_stale_token_is_replaced_once() {
    let expired = json!({ "error": { "code": "ExpiredAuthenticationToken", "message": "m" } });
    let (client, script) =
        scripted(vec![(401, expired.clone()), (200, json!({ "subscriptionId": "s" }))]);
    let request = subscriptions::get_request("s");
    client.json::<subscriptions::Subscription>(&request).await.unwrap();
    assert_eq!(*script.tokens.lock().unwrap(), 2);
    let (client, script) = scripted(vec![(401, expired.clone()), (401, expired)]);
    let error = client.send(&request).await.unwrap_err();
    assert!(error.is_status(401));
    assert_eq!((script.asked.lock().unwrap().len(), *script.tokens.lock().unwrap()), (2, 2));
}

#[tokio::test]
async fn nothing_else_is_tried_twice() {
    for status in [403, 404, 409, 429, 500, 503] {
        let (client, script) = scripted(vec![(status, json!({}))]);
        let error = client.send(&subscriptions::get_request("s")).await.unwrap_err();
        assert!(error.is_status(status));
        assert_eq!(script.asked.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_not_quoted() {
    let (client, _) = scripted(vec![(200, json!({ "subscriptionId": ["hunter2"] }))]);
    let request = subscriptions::get_request("s");
    let error = client.json::<subscriptions::Subscription>(&request).await.unwrap_err();
    assert!(matches!(error, ClientError::Decode { .. }));
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
