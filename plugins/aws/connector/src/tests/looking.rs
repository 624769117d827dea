//! The survey of an organization, and the preflight.

use serde_json::{Value, json};
use skybridge_plugin_sdk::Retry;
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::protocol::survey::{PlannedWrite, Survey};

use super::stub::{ACCOUNT, Answer, Memory, Stub, aws, caller, refuse, session, text};
use crate::survey::Facts;
use crate::{preflight, survey};

fn operator() -> Answer {
    caller(ACCOUNT, &format!("arn:aws:sts::{ACCOUNT}:assumed-role/Admin/me"))
}

async fn look(stub: &Stub, scope: Value) -> skybridge_plugin_sdk::Result<Survey> {
    let aws = aws(&stub.url, &json!({ "scope": scope }));
    let host = Memory::default();
    survey::survey(&aws.session(&host).unwrap()).await
}

const ACCOUNTS: &str = r#"{"Accounts":[
    {"Id":"222222222222","Name":"prod-web","State":"ACTIVE"},
    {"Id":"333333333333","Name":"prod-db","State":"SUSPENDED"},
    {"Id":"444444444444","Name":"prod-old","State":"ACTIVE"},
    {"Id":"555555555555","Name":"sandbox","State":"ACTIVE"}]}"#;

#[tokio::test]
async fn accounts_are_found_and_left_out_with_their_reasons() {
    let stub = Stub::start(|action, body| match action {
        "GetCallerIdentity" => operator(),
        "ListAccounts" => text(ACCOUNTS),
        "AssumeRole" if body.contains("444444444444") => refuse(403, "AccessDenied", "no"),
        _ => session(),
    })
    .await;
    let scope = json!({ "organization": true, "include": ["prod-*"] });
    let found = look(&stub, scope).await.unwrap();
    let facts = Facts::read(&found.facts).unwrap().unwrap();
    let ids: Vec<&str> = facts.accounts.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["222222222222"]);
    let line = |one: &LeftOut| {
        format!("{} {} {}", one.scope, one.code.as_deref().unwrap_or_default(), one.reason)
    };
    let left: Vec<String> = facts.left_out.iter().map(line).collect();
    expect_test::expect![[r#"
        333333333333 AWS-SCOPE-003 it is SUSPENDED, so nothing can be made in it
        444444444444 AWS-SCOPE-004 the operator cannot enter it by the role OrganizationAccountAccessRole
        555555555555 AWS-SCOPE-002 no pattern of `include` fits its name or id"#]]
    .assert_eq(&left.join("\n"));
    assert!(found.findings.is_empty());
}

#[tokio::test]
async fn a_survey_that_was_told_to_wait_does_not_enter_accounts_again() {
    let stub = Stub::start(|action, body| match action {
        "GetCallerIdentity" => operator(),
        "ListAccounts" => text(ACCOUNTS),
        "AssumeRole" if body.contains("555555555555") => refuse(400, "Throttling", "slow"),
        _ => session(),
    })
    .await;
    let aws = aws(&stub.url, &json!({ "scope": { "organization": true } }));
    let host = Memory::default();
    for _ in 0..2 {
        let error = survey::survey(&aws.session(&host).unwrap()).await.unwrap_err();
        assert_eq!(error.retry, Retry::RateLimited);
    }
    assert_eq!(stub.count("AssumeRole"), 4, "two accounts once, and the refused one twice");
}

#[tokio::test]
async fn who_may_not_list_and_who_is_somebody_else() {
    let stub = Stub::start(|action, _| match action {
        "GetCallerIdentity" => operator(),
        _ => Answer::Text(400, r#"{"__type":"AccessDeniedException","Message":"no"}"#.into()),
    })
    .await;
    let error = look(&stub, json!({ "organization": true })).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AWS-SCOPE-001"));
    let stub = Stub::start(|_, _| caller("666666666666", "arn:aws:iam::666666666666:root")).await;
    let error = look(&stub, json!({ "accounts": [ACCOUNT] })).await.unwrap_err();
    assert_eq!(error.detail.code.as_deref(), Some("AWS-ACCOUNT-001"));
    let stub = Stub::start(|_, _| caller(ACCOUNT, &format!("arn:aws:iam::{ACCOUNT}:root"))).await;
    let found = look(&stub, json!({ "accounts": [ACCOUNT] })).await.unwrap();
    assert_eq!(found.findings[0].code, "AWS-OPERATOR-001");
}

fn writes() -> Vec<PlannedWrite> {
    let write = |kind: &str, name: Option<&str>, permissions: &[&str]| PlannedWrite {
        address: format!("acme.{kind}@{ACCOUNT}"),
        kind: kind.into(),
        name: name.map(str::to_owned),
        scope: Some(ACCOUNT.into()),
        permissions: permissions.iter().map(|it| (*it).to_owned()).collect(),
    };
    vec![
        write("role", None, &["iam:CreateRole", "iam:TagRole"]),
        write("policy-attachment", Some("security-audit"), &["iam:AttachRolePolicy"]),
    ]
}

const DECISIONS: &str = "<R><SimulatePrincipalPolicyResult><EvaluationResults>\
    <member><EvalActionName>iam:CreateRole</EvalActionName><EvalDecision>implicitDeny</EvalDecision>\
    <PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary>\
    </PermissionsBoundaryDecisionDetail></member>\
    <member><EvalActionName>iam:TagRole</EvalActionName><EvalDecision>implicitDeny</EvalDecision>\
    <OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations>\
    </OrganizationsDecisionDetail></member>\
    <member><EvalActionName>iam:AttachRolePolicy</EvalActionName>\
    <EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>iam:PolicyARN</member>\
    </MissingContextValues></member></EvaluationResults></SimulatePrincipalPolicyResult></R>";

const FULL: &str = "<R><GetAccountSummaryResult><SummaryMap><entry><key>Roles</key><value>1000</value>\
    </entry><entry><key>RolesQuota</key><value>1000</value></entry></SummaryMap>\
    </GetAccountSummaryResult></R>";

#[tokio::test]
async fn everything_that_would_go_wrong_is_said_at_once() {
    let stub = Stub::start(|action, _| match action {
        "GetCallerIdentity" => operator(),
        "SimulatePrincipalPolicy" => text(DECISIONS),
        "GetAccountSummary" => text(FULL),
        _ => refuse(404, "NoSuchEntity", "no"),
    })
    .await;
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::default();
    let session = aws.session(&host).unwrap();
    let report = preflight::preflight(&session, &writes()).await.unwrap();
    let lines: Vec<String> = report
        .findings
        .iter()
        .map(|it| format!("{} {} {} {}", it.severity, it.code, it.summary, it.blocks.join(",")))
        .collect();
    expect_test::expect![[r#"
        error AWS-POLICY-002 AWS has no managed policy SecurityAudit acme.policy-attachment@111122223333
        error AWS-PREFLIGHT-003 the operator may not do iam:TagRole: a service control policy of the organization does not allow it acme.role@111122223333
        error AWS-PREFLIGHT-004 the operator may not do iam:CreateRole: the operator's permissions boundary does not allow it acme.role@111122223333
        error AWS-PREFLIGHT-005 the account has 1000 roles, as many as it may have acme.role@111122223333
        warning AWS-PREFLIGHT-007 whether the operator may do iam:AttachRolePolicy depends on a condition "#]]
    .assert_eq(&lines.join("\n"));
}

/// Goal: an operator who may not ask is warned, not stopped.
#[tokio::test]
async fn what_may_not_be_asked_is_a_warning() {
    let stub = Stub::start(|action, _| match action {
        "GetCallerIdentity" => caller(ACCOUNT, &format!("arn:aws:iam::{ACCOUNT}:user/me")),
        _ => refuse(403, "AccessDenied", "no"),
    })
    .await;
    let aws = aws(&stub.url, &json!({}));
    let host = Memory::default();
    let session = aws.session(&host).unwrap();
    let report = preflight::preflight(&session, &writes()).await.unwrap();
    assert_eq!(report.findings.len(), 3);
    assert!(report.findings.iter().all(|it| it.severity == "warning"), "{report:?}");
}
