//! Requests as bytes.

use jiff::Timestamp;

use crate::iam::{NewRole, role, role_policies, simulate};
use crate::wire::WireRequest;
use crate::{Credentials, Endpoints, Partition, Request, Secret, ec2, eks, organizations, s3, sts};

fn wire(request: &Request) -> WireRequest {
    WireRequest::new(request, &Endpoints::of(Partition::Aws, None))
}

fn shown(request: &Request) -> String {
    let wire = wire(request);
    format!("{} {}\n{}", wire.method, wire.url, wire.body.expose())
}

#[test]
fn requests_say_what_aws_documents() {
    let new = NewRole {
        name: "a+b",
        description: "read only",
        trust: "{\"Version\":\"2012-10-17\"}",
        session_seconds: 3600,
        boundary: None,
        tags: &[("managed-by", "skybridge")],
    };
    let all = [
        role::create_request("arn", new),
        role_policies::attach_request("arn", "r", "arn:aws:iam::aws:policy/SecurityAudit"),
        simulate::principal_request("p", &["iam:GetRole", "iam:CreateRole"], "*"),
        sts::assume_request("arn:aws:iam::1:role/r", "skybridge", Some("id/1")),
        organizations::list_accounts_request().with("NextToken", "t"),
        ec2::instances_request(1000).in_region("eu-west-1"),
        eks::cluster_request("a b").in_region("eu-west-1"),
        s3::buckets_request(),
    ];
    let text: Vec<String> = all.iter().map(shown).collect();
    expect_test::expect![[r#"
        POST https://iam.amazonaws.com/
        Action=CreateRole&Version=2010-05-08&RoleName=a%2Bb&Path=%2F&Description=read+only&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%7D&MaxSessionDuration=3600&Tags.member.1.Key=managed-by&Tags.member.1.Value=skybridge
        POST https://iam.amazonaws.com/
        Action=AttachRolePolicy&Version=2010-05-08&RoleName=r&PolicyArn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FSecurityAudit
        POST https://iam.amazonaws.com/
        Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=p&ActionNames.member.1=iam%3AGetRole&ActionNames.member.2=iam%3ACreateRole&ResourceArns.member.1=%2A
        POST https://sts.us-east-1.amazonaws.com/
        Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=skybridge&ExternalId=id%2F1
        POST https://organizations.us-east-1.amazonaws.com/
        {"NextToken":"t"}
        POST https://ec2.eu-west-1.amazonaws.com/
        Action=DescribeInstances&Version=2016-11-15&MaxResults=1000
        GET https://eks.eu-west-1.amazonaws.com/clusters/a%20b

        GET https://s3.us-east-1.amazonaws.com/?max-buckets=1000

    "#]]
    .assert_eq(&(text.join("\n") + "\n"));
}

/// Goal: the scope is named as AWS names it, and the signature changes with whatever is signed. That
/// it is the signature AWS computes is `aws-sigv4`'s to answer for, and moto's to check (`aws.sh`).
#[test]
fn a_signature_covers_everything() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: None,
        expires: None,
    };
    let endpoints = Endpoints::of(Partition::Aws, None);
    let at: Timestamp = "2015-08-30T12:36:00Z".parse().unwrap();
    let sign = |request: &Request, credentials: &Credentials, at: Timestamp| {
        let mut wire = WireRequest::new(request, &endpoints);
        wire.sign(credentials, &endpoints, at).unwrap();
        let header = |name: &str| {
            let found = wire.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.expose().to_owned()).unwrap_or_default()
        };
        (header("authorization"), header("x-amz-security-token"), header("x-amz-date"))
    };
    let (first, token, date) = sign(&sts::caller_request(), &credentials, at);
    assert!(
        first.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature="
        ),
        "{first}"
    );
    assert_eq!((token.as_str(), date.as_str()), ("", "20150830T123600Z"));
    assert_eq!(sign(&sts::caller_request(), &credentials, at).0, first, "the same twice");
    let session = Credentials { session_token: Some(Secret::new("token")), ..credentials.clone() };
    let (other, token, _) = sign(&sts::caller_request(), &session, at);
    assert_eq!(token, "token");
    assert!(other.contains("x-amz-security-token"), "{other}");
    let later = at + jiff::SignedDuration::from_secs(1);
    let changed = sts::caller_request().with("X", "y");
    let distinct: std::collections::BTreeSet<String> = [
        first,
        other,
        sign(&sts::caller_request(), &credentials, later).0,
        sign(&changed, &credentials, at).0,
        sign(&sts::caller_request().in_region("eu-west-1"), &credentials, at).0,
    ]
    .into();
    assert_eq!(distinct.len(), 5);
}

/// S3 wants the hash of the body in a header, and paths as they are.
#[test]
fn s3_is_signed_in_its_own_way() {
    let credentials = Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: Secret::new("key"),
        session_token: None,
        expires: None,
    };
    let endpoints = Endpoints::of(Partition::Aws, None);
    let mut wire = wire(&s3::buckets_request());
    wire.sign(&credentials, &endpoints, "2015-08-30T12:36:00Z".parse().unwrap()).unwrap();
    let hash = wire.headers.iter().find(|(name, _)| name == "x-amz-content-sha256");
    assert_eq!(
        hash.map(|(_, value)| value.expose()),
        Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
}

#[test]
fn nothing_secret_is_in_a_debug_text() {
    let request = sts::assume_request("arn", "s", Some("the-external-id"));
    let text = format!("{request:?} {:?}", wire(&request).body);
    assert!(!text.contains("the-external-id"), "{text}");
}
