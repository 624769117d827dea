//! Streaming: batches are bounded, a region that refuses is passed over.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use skybridge_plugin_sdk::protocol::collect::{Batch, CollectRequest};
use skybridge_plugin_sdk::{Result, async_trait};

use super::stub::{ACCOUNT, Memory, Stub, aws, caller, proof, refuse, session, text};
use crate::collect::{self, Sink};

#[derive(Default)]
struct Kept(Mutex<Vec<Batch>>);

#[async_trait]
impl Sink for Kept {
    async fn send(&self, batch: Batch) -> Result<()> {
        self.0.lock().unwrap().push(batch);
        Ok(())
    }
}

fn users(count: usize) -> String {
    let user = |n: usize| format!("<member><Arn>arn:u{n}</Arn><UserName>u{n}</UserName></member>");
    let all: String = (0..count).map(user).collect();
    format!("<R><ListUsersResult><Users>{all}</Users></ListUsersResult></R>")
}

async fn stub() -> Stub {
    Stub::start(|action, _| match action {
        "GetCallerIdentity" => caller("999988887777", "arn:aws:iam::999988887777:user/scanner"),
        "AssumeRole" => session(),
        "ListUsers" => text(users(700)),
        "ListRoles" => text("<R><ListRolesResult><Roles/></ListRolesResult></R>"),
        "DescribeRegions" => {
            text("<R><regionInfo><item><regionName>eu-west-1</regionName></item></regionInfo></R>")
        }
        "DescribeInstances" => refuse(403, "UnauthorizedOperation", "closed"),
        "/clusters" => text(r#"{"clusters":["c"]}"#),
        "/clusters/c" => text(r#"{"cluster":{"name":"c","arn":"arn:c","roleArn":"arn:r"}}"#),
        _ => text("<R><Buckets><Bucket><Name>b</Name></Bucket></Buckets></R>"),
    })
    .await
}

async fn collect(kinds: &[&str], rows: u32) -> Vec<Batch> {
    let stub = stub().await;
    let aws = aws(&stub.url, &json!({ "trust": proof() }));
    let host = Memory::with_external_id();
    let kept = Kept::default();
    let request = CollectRequest {
        connection: [("accounts".to_owned(), json!(ACCOUNT))].into(),
        kinds: kinds.iter().map(|it| (*it).to_owned()).collect(),
        batch_rows: rows,
    };
    collect::collect(&aws.session(&host).unwrap(), &request, &kept).await.unwrap();
    kept.0.into_inner().unwrap()
}

#[tokio::test]
async fn everything_comes_in_batches_of_bounded_size() {
    let batches = collect(&[], 0).await;
    let rows: Vec<usize> = batches.iter().map(|it| it.assets.len() + it.relations.len()).collect();
    assert_eq!(rows, [1000, 406], "an account, 700 users, a bucket, a cluster and their relations");
    let small = collect(&[], 100).await;
    assert!(small.iter().all(|it| it.assets.len() + it.relations.len() <= 100));
    let relations: Vec<_> = batches.iter().flat_map(|it| &it.relations).collect();
    assert!(
        relations.iter().any(|it| it.kind == "acts-as" && it.from == "arn:c" && it.to == "arn:r")
    );
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    assert!(relations.iter().filter(|it| it.kind == "contains").all(|it| it.from == root));
}

#[tokio::test]
async fn only_what_is_asked_for_is_read() {
    let batches = collect(&["storage-bucket"], 0).await;
    let assets: Vec<_> = batches.iter().flat_map(|it| &it.assets).collect();
    assert_eq!(assets.len(), 1);
    assert_eq!((assets[0].id.as_str(), assets[0].scope.as_str()), ("arn:aws:s3:::b", ACCOUNT));
}

/// Goal: a service that has no time for one page does not cost what was to come after it.
#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let asked = AtomicU32::new(0);
    let stub = Stub::start(move |action, _| match action {
        "GetCallerIdentity" => caller("999988887777", "arn:aws:iam::999988887777:user/scanner"),
        "AssumeRole" => session(),
        _ if asked.fetch_add(1, Ordering::Relaxed) == 0 => refuse(503, "SlowDown", "too busy"),
        _ => text("<R><Buckets><Bucket><Name>b</Name></Bucket></Buckets></R>"),
    })
    .await;
    let aws = aws(&stub.url, &json!({ "trust": proof() }));
    let (host, kept) = (Memory::with_external_id(), Kept::default());
    let request = CollectRequest {
        connection: [("accounts".to_owned(), json!(ACCOUNT))].into(),
        kinds: vec!["storage-bucket".to_owned()],
        batch_rows: 0,
    };
    collect::collect(&aws.session(&host).unwrap(), &request, &kept).await.unwrap();
    let batches = kept.0.into_inner().unwrap();
    assert_eq!(batches.iter().flat_map(|it| &it.assets).count(), 1);
}

#[tokio::test]
async fn without_a_proof_nobody_collects() {
    let stub = stub().await;
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let kept = Kept::default();
    let error = collect::collect(&session, &CollectRequest::default(), &kept).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AWS-COLLECT-001"));
}
