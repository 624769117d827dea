//! What befalls a step, and what the host is told of it.

use std::sync::Mutex;

use serde_json::json;
use skybridge_plugin_sdk::protocol::onboard::{ApplyRequest, ReadyRequest, applied};
use skybridge_plugin_sdk::{Error, Retry, kind};

use super::stub::{
    ACCOUNT, Answer, Memory, Stub, attempt, aws, caller, proof, refuse, role, role_step, session,
    step, text,
};
use crate::steps::family;

const NOTHING: &str =
    "<R><ListAttachedRolePoliciesResult><AttachedPolicies/></ListAttachedRolePoliciesResult></R>";

async fn apply(stub: &Stub, request: ApplyRequest) -> Result<String, Error> {
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let done = family(&request.step.kind).unwrap().apply(&session, &request).await?;
    Ok(done.action)
}

/// Goal: every way of saying "too often" holds the whole bucket off, and is never a failure.
#[tokio::test]
async fn whatever_means_too_often_is_rate_limited() {
    for code in [
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "SlowDown",
    ] {
        let stub = Stub::start(move |_, _| refuse(400, code, "Rate exceeded")).await;
        let error = apply(&stub, attempt(role_step(), 0)).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (kind::RATE_LIMITED, Retry::RateLimited), "{code}");
        assert_eq!(error.detail.code.as_deref(), Some("AWS-HTTP-429"));
    }
}

#[tokio::test]
async fn a_service_that_is_unwell_or_gone_is_tried_again() {
    let stub = Stub::start(|_, _| refuse(500, "InternalFailure", "oops")).await;
    let error = apply(&stub, attempt(role_step(), 0)).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::UNAVAILABLE, Retry::Transient));
    let mut stub = Stub::start(|_, _| Answer::Reset).await;
    let error = apply(&stub, attempt(role_step(), 0)).await.unwrap_err();
    assert_eq!(
        (error.detail.code.as_deref(), error.retry),
        (Some("AWS-NET-003"), Retry::Transient)
    );
    stub.stop().await;
    let error = apply(&stub, attempt(role_step(), 0)).await.unwrap_err();
    assert_eq!(
        (error.detail.code.as_deref(), error.retry),
        (Some("AWS-NET-001"), Retry::Transient)
    );
}

/// Goal: an answer that was lost makes no second role, and the first is known to be ours.
#[tokio::test]
async fn a_role_whose_answer_was_lost_is_found_again() {
    let made = std::sync::Arc::new(Mutex::new(false));
    let seen = std::sync::Arc::clone(&made);
    let stub = Stub::start(move |action, _| match action {
        "CreateRole" => {
            *made.lock().unwrap() = true;
            Answer::Reset
        }
        "GetRole" if !*seen.lock().unwrap() => refuse(404, "NoSuchEntity", "no"),
        action => role(action, "the-external-id"),
    })
    .await;
    let lost = apply(&stub, attempt(role_step(), 0)).await.unwrap_err();
    assert_eq!(lost.retry, Retry::Transient);
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let done = family("role").unwrap().apply(&session, &attempt(role_step(), 1)).await.unwrap();
    assert_eq!(done.action, applied::UNCHANGED);
    assert_eq!(done.undo["role-id"], "AROA1");
    assert_eq!(stub.count("CreateRole"), 1);
}

/// Goal: a role that is made and not yet seen everywhere is waited for.
#[tokio::test]
async fn a_role_not_seen_yet_is_looked_at_again() {
    let stub = Stub::start(|action, _| match action {
        "GetRole" => refuse(404, "NoSuchEntity", "no"),
        _ => refuse(409, "EntityAlreadyExists", "there"),
    })
    .await;
    let error = apply(&stub, attempt(role_step(), 1)).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::ALREADY_EXISTS, Retry::Eventual));
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let outputs = [("arn".to_owned(), json!("arn"))].into();
    let request = ReadyRequest { step: role_step(), outputs };
    let ready = family("role").unwrap().ready(&session, &request).await.unwrap();
    assert!(!ready.ready && ready.reason.is_some());
}

/// Goal: "not there yet" and "never there" are told apart by whether the role was made a moment ago.
#[tokio::test]
async fn a_policy_waits_for_a_new_role_and_for_no_other() {
    let stub = Stub::start(|_, _| refuse(404, "NoSuchEntity", "no role")).await;
    let request = |fresh: bool| {
        let desired = json!({ "role-name": "r", "policy-arn": "arn:p" });
        let inputs = [
            ("role.arn", json!("arn:r")),
            ("role.role-id", json!("AROA1")),
            ("role.ours", json!(true)),
            ("role.fresh", json!(fresh)),
        ];
        attempt(step("policy-attachment", desired, &inputs), 0)
    };
    let new = apply(&stub, request(true)).await.unwrap_err();
    assert_eq!((new.kind, new.retry), (kind::NOT_REPLICATED, Retry::Eventual));
    let old = apply(&stub, request(false)).await.unwrap_err();
    assert_eq!((old.kind, old.retry), (kind::NOT_FOUND, Retry::Permanent));
}

fn verification() -> ApplyRequest {
    let inputs = [
        ("external-id.vault-name", json!("external-id")),
        ("role.arn", json!("arn")),
        ("role.trusts-anew", json!(false)),
    ];
    attempt(step("verification", json!({}), &inputs), 0)
}

/// Verifies with a proof, against a service that lets the vendor in only after `refusals` refusals,
/// and with a GetRole that answers what `found` says.
async fn verify(
    refusals: usize,
    found: impl Fn() -> Answer + Send + Sync + 'static,
) -> Vec<Result<String, Error>> {
    let left = Mutex::new(refusals);
    let stub = Stub::start(move |action, body| match action {
        "GetCallerIdentity" if body.contains("never") => Answer::Reset,
        "GetCallerIdentity" => caller("999988887777", "arn:aws:iam::999988887777:user/scanner"),
        "GetRole" => found(),
        "AssumeRole" if body.contains("ExternalId=the-external-id") => {
            let mut left = left.lock().unwrap();
            if *left == 0 {
                return session();
            }
            *left -= 1;
            refuse(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
        }
        "AssumeRole" => refuse(403, "AccessDenied", "not authorized to perform: sts:AssumeRole"),
        _ => text(NOTHING),
    })
    .await;
    let aws =
        aws(&stub.url, &json!({ "trust": proof(), "policies": ["AWSBillingReadOnlyAccess"] }));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..=refusals {
        let done = family("verification").unwrap().apply(&session, &verification()).await;
        outcomes.push(done.map(|done| done.detail.unwrap_or_default()));
    }
    outcomes
}

/// Goal: right after the role is made, AccessDenied means "not yet": the role is there and trusts
/// the vendor, so it is waited for.
#[tokio::test]
async fn access_denied_to_a_role_that_trusts_is_not_yet() {
    let outcomes = verify(2, || role("GetRole", "the-external-id")).await;
    for refused in &outcomes[..2] {
        let error = refused.as_ref().unwrap_err();
        assert_eq!((error.kind, error.retry), (kind::NOT_REPLICATED, Retry::Eventual));
        assert_eq!(error.detail.code.as_deref(), Some("AWS-VERIFY-001"));
    }
    // The stub says that the session is the vendor's own, which the last probe sees.
    let last = outcomes[2].as_ref().unwrap_err();
    assert_eq!(last.detail.code.as_deref(), Some("AWS-VERIFY-005"), "{last}");
}

/// Goal: AccessDenied because of a wrong id fails at once.
#[tokio::test]
async fn access_denied_to_a_role_that_is_wrong_is_final() {
    let wrong = verify(1, || role("GetRole", "another-id")).await;
    let error = wrong[0].as_ref().unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::PRECONDITION, Retry::Permanent));
    let none = verify(1, || refuse(404, "NoSuchEntity", "no")).await;
    let error = none[0].as_ref().unwrap_err();
    assert_eq!((error.kind, error.retry), (kind::NOT_FOUND, Retry::Permanent));
}

/// Goal: what was written is on record, refused or not, and holds no external id.
#[tokio::test]
async fn writes_are_put_on_record() {
    let stub = Stub::start(|action, _| match action {
        "GetRole" => refuse(404, "NoSuchEntity", "no"),
        _ => refuse(403, "AccessDenied", "with an explicit deny in a service control policy"),
    })
    .await;
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::with_external_id();
    let session = aws.session(&host).unwrap();
    let request = attempt(role_step(), 0);
    let error = family("role").unwrap().apply(&session, &request).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AWS-IAM-002"));
    let written = host.written.lock().unwrap();
    assert_eq!(written.len(), 1);
    assert_eq!((written[0].method.as_str(), written[0].status), ("CreateRole", 403));
    assert_eq!(written[0].target, format!("arn:aws:iam::{ACCOUNT}:role/skybridge-connector"));
    assert_eq!(written[0].request_id.as_deref(), Some("req-1"));
    assert!(!format!("{written:?} {error:?}").contains("the-external-id"));
}
