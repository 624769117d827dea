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
            assert_eq!(reply.headers["x-ms-ratelimit-remaining-tenant-reads"], "0");
            assert_eq!(reply.code(), "TenantRequestsThrottled");
            busy += 1;
        }
    }
    assert!(busy > 0);
}

// §2.4: every kind of operation has a bucket of its own, in every subscription and in the tenant.
#[tokio::test]
async fn what_is_left_is_told() {
    let scenario = format!(
        "{PROMPT}\n[throttle.resource-manager]\nreads = {{ bucket = 9, per-second = 0 }}\n\
         writes = {{ bucket = 7, per-second = 0 }}\ndeletes = {{ bucket = 1, per-second = 0 }}"
    );
    let cloud = Cloud::start(&scenario).await;
    let arm = cloud.arm().await;
    let scope = format!("/subscriptions/{}", cloud.subscription);
    let at = |scope: &str| {
        format!(
            "{scope}/providers/Microsoft.Authorization/roleAssignments/{}?api-version=2022-04-01",
            "aaaaaaaa-0000-4000-8000-000000000099"
        )
    };
    for (method, scope, header, left) in [
        (Method::GET, scope.as_str(), "subscription-reads", "8"),
        (Method::PUT, scope.as_str(), "subscription-writes", "6"),
        (Method::DELETE, scope.as_str(), "subscription-deletes", "0"),
        (Method::GET, "", "tenant-reads", "8"),
        (Method::PUT, "", "tenant-writes", "6"),
        (Method::DELETE, "", "tenant-deletes", "0"),
    ] {
        let reply = arm.send(method, &at(scope), None).await;
        let header = format!("x-ms-ratelimit-remaining-{header}");
        assert_eq!(reply.headers.get(&header).unwrap(), left, "{reply:?}");
    }
    let busy = arm.delete(&at(&scope)).await;
    assert_eq!((busy.status.as_u16(), busy.code()), (429, "SubscriptionRequestsThrottled"));
    let message = busy.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("'delete' requests") && message.contains(cloud.subscription));
}

// Goal: whatever a person wants to provoke is answered in the shape of its service.
#[tokio::test]
async fn any_error_can_be_had() {
    let said = "status = 418\ncode = 'Teapot'\nmessage = 'AADSTS50076: short and stout'\n";
    let rules = ["resource-manager", "graph", "login"]
        .map(|service| fault(service, "", "answer") + said + "retry-after = 2\n");
    let rule = |text: &String| text.replace(PROMPT, "");
    let cloud = Cloud::start(PROMPT).await;
    let (arm, graph) = (cloud.arm().await, cloud.graph().await);
    let rules: String = rules.iter().map(rule).collect();
    assert_eq!(cloud.replace_faults(&rules).await.status, 200);
    let reply = arm.get("/tenants?api-version=2022-12-01").await;
    assert_eq!((reply.status.as_u16(), reply.code()), (418, "Teapot"));
    assert_eq!(reply.headers["retry-after"], "2");
    let reply = graph.get("/organization").await;
    assert_eq!((reply.status.as_u16(), reply.code()), (418, "Teapot"));
    assert!(reply.body["error"]["innerError"].is_object());
    let operator = cloud.simulator.ready().operator.client_id.to_string();
    let reply = cloud.token_request(&operator, "x", "https://graph.microsoft.com").await;
    assert_eq!((reply.status.as_u16(), reply.text("error").as_str()), (418, "Teapot"));
    assert_eq!(reply.body["error_codes"], json!([50_076]));
}

// Goal: rules are replaced as a whole while the simulator runs, and start counting anew.
#[tokio::test]
async fn rules_are_replaced_at_run_time() {
    let cloud = Cloud::start(&fault("resource-manager", "/tenants", "internal-error")).await;
    let arm = cloud.arm().await;
    let path = "/tenants?api-version=2022-12-01";
    assert_eq!(arm.get(path).await.status, 500);
    assert_eq!(arm.get(path).await.status, 200);
    let before = cloud.faults().await;
    assert_eq!(before.body["faults"][0]["struck"], 1);
    assert_eq!(before.body["faults"][0]["matched"], 2);
    let rules =
        "[[faults]]\nservice = 'resource-manager'\nskip = 1\neffect = 'service-unavailable'\n";
    let after = cloud.replace_faults(rules).await;
    assert_eq!(after.body["faults"][0]["matched"], 0);
    assert_eq!(arm.get(path).await.status, 200);
    assert_eq!(arm.get(path).await.status, 503);
    for (wrong, part) in [
        ("[[faults]]\nservice = 'graph'\neffect = 'answer'", "needs a status"),
        ("[[faults]]\ncolour = 1", "line 2"),
        ("[[[[", "line 1"),
    ] {
        let refused = cloud.replace_faults(wrong).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "InvalidFaults"));
        assert!(refused.body["error"]["message"].as_str().unwrap().contains(part), "{refused:?}");
    }
    assert_eq!(arm.get(path).await.status, 503, "wrong rules change nothing");
    assert_eq!(cloud.replace_faults("").await.body["faults"], json!([]));
    assert_eq!(arm.get(path).await.status, 200);
}

// Goal: a call that is never answered leaves nothing, or everything, as the rule says.
#[tokio::test]
async fn a_call_may_hang() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.graph().await;
    for (effect, left) in [("hang", 1), ("hang-after-commit", 2)] {
        cloud.replace_faults(&fault("graph", "/applications", effect).replace(PROMPT, "")).await;
        let url = format!("{}/applications", graph.base);
        let request = cloud.http.post(url).bearer_auth(&graph.token);
        let request = request.json(&json!({"displayName": "a"}));
        let waiting = tokio::spawn(request.send());
        while cloud.faults().await.body["faults"][0]["struck"] != 1 {
            assert!(!waiting.is_finished(), "it was answered");
            tokio::task::yield_now().await;
        }
        let state = cloud.state().await;
        assert_eq!(state["applications"].as_array().unwrap().len(), left, "{effect}");
        assert!(!waiting.is_finished(), "it was answered");
        waiting.abort();
    }
    cloud.simulator.stop().await;
}

// Goal: a test can say how many calls were made, and of which kind.
#[tokio::test]
async fn calls_are_counted_by_what_they_are_about() {
    let cloud = Cloud::start(PROMPT).await;
    let arm = cloud.arm().await;
    for id in [cloud.subscription, "99999999-4444-5555-6666-777777777777", cloud.subscription] {
        arm.get(&format!("/subscriptions/{id}?api-version=2022-12-01")).await;
    }
    let calls = cloud.look("/_simulator/calls").await.body;
    assert_eq!(calls["total"], 4);
    assert_eq!(calls["byService"], json!({"login": 1, "resource-manager": 3}));
    let count = |status: u16| {
        let all = calls["calls"].as_array().unwrap().iter();
        let mut of = all.filter(|it| it["path"] == "/subscriptions/{}" && it["status"] == status);
        of.next().unwrap()["count"].clone()
    };
    assert_eq!((count(200), count(404)), (json!(2), json!(1)));
}
