//! Faults: what goes wrong, where, and what is left behind.

use reqwest::Method;
use serde_json::json;

use crate::client::{Cloud, PROMPT};

fn fault(service: &str, contains: &str, effect: &str) -> String {
    format!(
        "{PROMPT}\n[[faults]]\nservice = '{service}'\npath-contains = '{contains}'\ntimes = 1\neffect = '{effect}'\n"
    )
}

// §15.11: busy with and without a time to wait, broken in several ways.
#[tokio::test]
async fn errors_come_in_the_shape_of_their_service() {
    for (effect, status) in [
        ("too-many-requests", 429),
        ("internal-error", 500),
        ("service-unavailable", 503),
        ("request-timeout", 408),
    ] {
        let with_time = fault("resource-manager", "/tenants", effect) + "retry-after = 3\n";
        let cloud = Cloud::start(&with_time).await;
        let arm = cloud.arm().await;
        let reply = arm.get("/tenants?api-version=2022-12-01").await;
        assert_eq!(reply.status.as_u16(), status);
        assert_eq!(reply.headers["retry-after"], "3");
        assert!(!reply.code().is_empty());
        assert_eq!(arm.get("/tenants?api-version=2022-12-01").await.status, 200);
    }
    let cloud = Cloud::start(&fault("graph", "/policies/", "too-many-requests")).await;
    let reply = cloud.graph().await.get("/policies/authorizationPolicy").await;
    assert_eq!((reply.status.as_u16(), reply.headers.get("retry-after")), (429, None));
}

// §15.8 and 12: a reply that is lost after the commit leaves what it was about, and its request id.
#[tokio::test]
async fn a_lost_reply_leaves_its_effect() {
    let cloud = Cloud::start(&fault("graph", "/addPassword", "reset-after-commit")).await;
    let (app, ..) = cloud.connector().await;
    let graph = cloud.graph().await;
    let url = format!("{}/applications/{app}/addPassword", graph.base);
    let request = cloud.http.post(url).bearer_auth(&graph.token).json(&json!({}));
    assert!(request.header("client-request-id", "the-lost-one").send().await.is_err());
    let read = graph.get(&format!("/applications/{app}")).await;
    assert_eq!(read.body["passwordCredentials"].as_array().unwrap().len(), 1, "an orphan");
    let traffic = cloud.traffic().await;
    let lost =
        traffic.as_array().unwrap().iter().filter(|exchange| {
            exchange["request"]["headers"]["client-request-id"] == "the-lost-one"
        });
    assert_eq!(lost.count(), 1);
}

// Goal: a connection that is reset before the commit leaves nothing; one in the body is cut short.
#[tokio::test]
async fn a_reset_before_leaves_nothing() {
    let cloud = Cloud::start(&fault("graph", "/applications", "reset-before-commit")).await;
    let graph = cloud.graph().await;
    let url = format!("{}/applications", graph.base);
    let body = json!({"displayName": "a"});
    let request = cloud.http.post(url).bearer_auth(&graph.token).json(&body);
    assert!(request.send().await.is_err());
    assert_eq!(cloud.state().await["applications"].as_array().unwrap().len(), 1);
    let cloud = Cloud::start(&fault("graph", "/organization", "reset-mid-body")).await;
    let graph = cloud.graph().await;
    let url = format!("{}/organization", graph.base);
    let reply = cloud.http.request(Method::GET, url).bearer_auth(&graph.token).send().await;
    let broken = match reply {
        Ok(reply) => reply.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(broken);
}

// §2.4: an empty bucket says how long to wait.
#[tokio::test]
async fn buckets_empty() {
    let scenario =
        format!("{PROMPT}\n[throttle.resource-manager]\nreads = {{ bucket = 2, per-second = 1 }}");
    let cloud = Cloud::start(&scenario).await;
    let arm = cloud.arm().await;
    let path = "/tenants?api-version=2022-12-01";
    let mut busy = 0;
    for _ in 0..5 {
        let reply = arm.get(path).await;
        if reply.status == 429 {
            assert_eq!(reply.headers["retry-after"], "1");
            busy += 1;
        }
    }
    assert!(busy > 0);
}
