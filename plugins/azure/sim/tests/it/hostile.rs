//! Hostile input: whatever arrives, the answer is an error in the shape of its service.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;

use crate::client::{Cloud, PROMPT, answer};

const WORDS: &[&str] = &[
    "subscriptions",
    "providers",
    "Microsoft.Authorization",
    "roleAssignments",
    "roleDefinitions",
    "Microsoft.Management",
    "managementGroups",
    "permissions",
    "v1.0",
    "applications",
    "applications(appId='",
    "servicePrincipals",
    "appRoleAssignedTo",
    "directory",
    "deletedItems",
    "addPassword",
    "33333333-4444-5555-6666-777777777777",
    "%00",
    "%",
    "%ff",
    "..",
    "a%2Fb",
    "'",
    "(",
    "resourceGroups",
    "Microsoft.ContainerService",
    "managedClusters",
    "metadata",
    "oauth2",
    "token",
];

fn path() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(WORDS).prop_map(str::to_owned),
        1 => "[ -~]{0,12}".prop_map(|text| text.replace(['/', '?', '#', '\\', ' ', '"', '<', '>', '`', '{', '}', '^', '|'], "_")),
    ];
    let query = prop_oneof![
        Just(String::new()),
        Just("?api-version=2022-04-01".to_owned()),
        Just("?api-version=2022-04-01&$filter=principalId%20eq%20'".to_owned()),
        Just("?$filter=%27&$top=-1&$skiptoken=%41".to_owned()),
    ];
    (prop::collection::vec(word, 0..9), query)
        .prop_map(|(words, query)| format!("/{}{query}", words.join("/")))
}

// Goal: no request panics, hangs or gets anything but a shaped answer.
#[test]
fn any_request_gets_a_shaped_answer() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let cloud = runtime.block_on(Cloud::start(PROMPT));
    let arm = runtime.block_on(cloud.operator("https://management.azure.com"));
    let graph = runtime.block_on(cloud.operator("https://graph.microsoft.com"));
    let endpoints = cloud.simulator.ready().endpoints.clone();
    let mut runner =
        TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let methods = prop::sample::select(vec![
        Method::GET,
        Method::PUT,
        Method::POST,
        Method::PATCH,
        Method::DELETE,
        Method::HEAD,
    ]);
    let body = prop_oneof![
        Just(Vec::new()),
        Just(br#"{"properties":{"roleDefinitionId":[]}}"#.to_vec()),
        Just(br#"{"passwordCredential":7}"#.to_vec()),
        prop::collection::vec(any::<u8>(), 0..64),
    ];
    let json = any::<bool>();
    runner
        .run(&(0..3_usize, methods, path(), body, json), |(service, method, path, body, json)| {
            let (base, token) = match service {
                0 => (&endpoints.login, ""),
                1 => (&endpoints.resource_manager, arm.as_str()),
                _ => (&endpoints.graph, graph.as_str()),
            };
            let head = method == Method::HEAD;
            let request = cloud
                .http
                .request(method, format!("{base}{path}"))
                .bearer_auth(token)
                .header("content-type", if json { "application/json" } else { "text/plain" })
                .body(body);
            let reply = runtime.block_on(async { answer(request.send().await.unwrap()).await });
            let shaped = match service {
                0 => reply.body["error_codes"].is_array(),
                _ => !reply.code().is_empty() && reply.body["error"]["message"].is_string(),
            };
            let fine = reply.status.is_success() || head || shaped;
            prop_assert!(fine, "{path}: {reply:?}");
            prop_assert_ne!(reply.status.as_u16(), 500);
            Ok(())
        })
        .unwrap();
}

// Goal: what is too large is refused, in shape, and the next request is served.
#[tokio::test]
async fn limits_are_enforced() {
    let cloud = Cloud::start(PROMPT).await;
    let graph = cloud.graph().await;
    let url = format!("{}/applications", graph.base);
    let body = vec![b' '; 2 * 1024 * 1024];
    let request = cloud.http.post(url).bearer_auth(&graph.token).body(body);
    match request.send().await {
        Ok(reply) => assert_eq!(reply.status(), 413),
        // The connection may end before the client is done sending.
        Err(error) => assert!(error.is_request(), "{error}"),
    }
    let long = format!("/applications?$filter={}", "a".repeat(20_000));
    assert_eq!(graph.get(&long).await.status, 414);
    assert_eq!(graph.get("/applications").await.status, 200);
}
