//! Line 9: the token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::SCOPE;
use crate::client::{Answer, Cloud, PROMPT};
use crate::management::{READER, assignment, assignment_path, name};

const ARM: &str = "https://management.azure.com";
const GRAPH: &str = "https://graph.microsoft.com";

fn said(reply: &Answer) -> (u16, String, Value) {
    (reply.status.as_u16(), reply.text("error"), reply.body["error_codes"][0].clone())
}

/// Line 9: refusals by name and number, busy with a time to wait; what a token says is what was
/// granted before it.
#[tokio::test]
async fn tokens_are_refused_by_number_and_hold_what_was_granted_before() {
    let cloud = Cloud::start(PROMPT).await;
    let (app, client, principal) = cloud.connector().await;
    let graph = cloud.graph().await;
    let add = format!("/applications/{app}/addPassword");
    let secret = graph.post(&add, json!({})).await.text("secretText");
    let old = json!({"passwordCredential": {
        "startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2021-01-01T00:00:00Z",
    }});
    let expired = graph.post(&add, old).await.text("secretText");
    let stranger = name(9);
    for (id, secret, expected) in [
        (&client, "wrong", (401, "invalid_client", 7_000_215)),
        (&client, expired.as_str(), (401, "invalid_client", 7_000_222)),
        (&stranger, "x", (400, "unauthorized_client", 700_016)),
    ] {
        let reply = cloud.token_request(id, secret, ARM).await;
        assert_eq!(said(&reply), (expected.0, expected.1.to_owned(), json!(expected.2)));
    }

    let token = cloud.token_request(&client, &secret, GRAPH).await.text("access_token");
    let part = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&part).unwrap();
    assert_eq!(claims.get("roles"), None, "nothing was granted");

    let before = cloud.token_request(&client, &secret, ARM).await.text("access_token");
    let path = assignment_path(SCOPE, &name(1));
    let made = cloud.arm().await.put(&path, assignment(READER, &principal)).await;
    assert_eq!(made.status, 201);
    let read = format!("{SCOPE}?api-version=2022-12-01");
    assert_eq!(cloud.arm_as(before).get(&read).await.code(), "AuthorizationFailed");
    let after = cloud.token_request(&client, &secret, ARM).await.text("access_token");
    assert_eq!(cloud.arm_as(after).get(&read).await.status, 200);

    for (effect, status) in [("too-many-requests", 429), ("service-unavailable", 503)] {
        let rule = format!("[[faults]]\nservice = 'login'\neffect = '{effect}'\nretry-after = 4\n");
        cloud.replace_faults(&rule).await;
        let busy = cloud.token_request(&client, &secret, ARM).await;
        assert_eq!(busy.status.as_u16(), status);
        assert_eq!(busy.headers["retry-after"], "4");
    }
}
