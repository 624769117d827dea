//! Many subscriptions: few in a normal run, and as many as `SKYBRIDGE_SIM_SUBSCRIPTIONS` says in a
//! measurement (with `--no-capture`, to read how long it took).

use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use reqwest::{Method, StatusCode};

use crate::client::{As, Cloud, PROMPT};
use crate::management::{VERSION, assignment, assignment_path};

/// Roles assigned in each subscription.
const ROLES: [&str; 8] = [
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "b8eda974-7b85-4f76-af95-65846b26df6d",
    "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
];

#[expect(clippy::print_stdout, reason = "a measurement says what it measured")]
async fn all(
    arm: &As<'_>,
    what: &str,
    method: Method,
    calls: Vec<(String, Option<usize>)>,
    principal: &str,
) {
    let started = Instant::now();
    let count = calls.len();
    let send = |(path, role): (String, Option<usize>)| {
        let method = method.clone();
        let body = role.map(|role| assignment(ROLES[role], principal));
        async move { arm.send(method, &path, body).await.status }
    };
    let good = |status: StatusCode| async move { assert!(status.is_success(), "{status}") };
    stream::iter(calls).map(send).buffer_unordered(32).for_each(good).await;
    println!("{what}: {count} calls in {:.1} s", started.elapsed().as_secs_f64());
}

// Goal: eight roles in each of many subscriptions are made, read, listed, kept and removed.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "a measurement is asked for from outside")]
async fn many_subscriptions() {
    let count = std::env::var("SKYBRIDGE_SIM_SUBSCRIPTIONS").unwrap_or_else(|_| "20".to_owned());
    let directory = tempfile::tempdir().unwrap();
    let bucket = "{ bucket = 1000000, per-second = 1000000 }";
    let scenario = format!(
        "{PROMPT}\n[generate]\nsubscriptions = {count}\n[throttle.resource-manager]\n\
         reads = {bucket}\nwrites = {bucket}\ndeletes = {bucket}\n"
    );
    let cloud = Cloud::start_with(&scenario, Some(directory.path())).await;
    let (_, _, principal) = cloud.connector().await;
    let arm = cloud.arm().await;
    let started = Instant::now();
    let (found, pages) = arm.all("/subscriptions?api-version=2022-12-01", "nextLink").await;
    println!(
        "{} subscriptions on {pages} pages in {:.1} s",
        found.len(),
        started.elapsed().as_secs_f64()
    );
    let mut paths = Vec::new();
    for (index, it) in found.iter().enumerate() {
        let scope = it["id"].as_str().unwrap();
        for role in 0..ROLES.len() {
            let name = format!("aaaaaaaa-0000-4000-8000-{:012}", index * ROLES.len() + role);
            paths.push((assignment_path(scope, &name), Some(role)));
        }
    }
    all(&arm, "PUT", Method::PUT, paths.clone(), &principal).await;
    let reads: Vec<_> = paths.iter().map(|(path, _)| (path.clone(), None)).collect();
    for _ in 0..2 {
        all(&arm, "GET", Method::GET, reads.clone(), &principal).await;
    }
    let lists = found.iter().flat_map(|it| {
        let scope = it["id"].as_str().unwrap();
        let list = format!("{scope}/providers/Microsoft.Authorization/roleAssignments?{VERSION}");
        let filter = format!("$filter=principalId%20eq%20'{principal}'");
        [(format!("{list}&$filter=atScope()"), None), (format!("{list}&{filter}"), None)]
    });
    all(&arm, "list", Method::GET, lists.collect(), &principal).await;
    let root = format!(
        "/providers/Microsoft.Management/managementGroups/{}/descendants?api-version=2023-04-01",
        cloud.tenant()
    );
    let started = Instant::now();
    let (below, pages) = arm.all(&root, "nextLink").await;
    println!(
        "{} descendants on {pages} pages in {:.1} s",
        below.len(),
        started.elapsed().as_secs_f64()
    );
    let started = Instant::now();
    cloud.simulator.stop().await;
    let again = Cloud::start_with(&scenario, Some(directory.path())).await;
    println!("stop and start in {:.1} s", started.elapsed().as_secs_f64());
    let arm = again.arm().await;
    assert_eq!(arm.get(&reads[0].0).await.status, 200);
    all(&arm, "DELETE", Method::DELETE, reads, &principal).await;
}
