//! Answers as values. The texts are those of AWS's own API reference, shortened.

use std::time::Duration;

use crate::iam::role_policies::{AttachedPolicies, InlinePolicies};
use crate::iam::simulate::{self, Evaluations};
use crate::iam::{self, Role, role};
use crate::organizations::{self, Accounts};
use crate::sts::{self, Assumed, Caller};
use crate::{Credentials, Page, Request, Response, ServiceError, ec2, eks, s3};

fn answer(body: &str) -> Response {
    Response::new(200, Vec::new(), body.as_bytes().to_vec())
}

#[test]
fn a_role_with_everything_and_one_with_nothing() {
    let body = r#"<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role>
        <Path>/</Path><Arn>arn:aws:iam::123456789012:role/Test</Arn><RoleName>Test</RoleName>
        <AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%7D</AssumeRolePolicyDocument>
        <CreateDate>2013-04-18T05:01:58Z</CreateDate><RoleId>AROADBQP57FF2AEXAMPLE</RoleId>
        <MaxSessionDuration>7200</MaxSessionDuration><Description/>
        <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>
        <PermissionsBoundaryArn>arn:aws:iam::aws:policy/ReadOnlyAccess</PermissionsBoundaryArn></PermissionsBoundary>
        <Tags><member><Key>managed-by</Key><Value>skybridge</Value></member><member><Key>empty</Key><Value/></member></Tags>
        <RoleLastUsed/></Role></GetRoleResult>
        <ResponseMetadata><RequestId>df37e965-9967-11e1-a4c3-270EXAMPLE04</RequestId></ResponseMetadata></GetRoleResponse>"#;
    let response = answer(body);
    assert_eq!(response.request_id().as_deref(), Some("df37e965-9967-11e1-a4c3-270EXAMPLE04"));
    let role: Role = response.decode::<role::Got>(&role::get_request("Test")).unwrap().into();
    assert_eq!(role.tag("managed-by"), Some("skybridge"));
    assert_eq!((role.tag("empty"), role.tag("none")), (Some(""), None));
    assert_eq!(role.boundary(), Some("arn:aws:iam::aws:policy/ReadOnlyAccess"));
    assert_eq!(role.max_session_duration, Some(7200));
    let document = iam::document(role.assume_role_policy_document.as_deref().unwrap());
    assert_eq!(document, r#"{"Version":"2012-10-17"}"#);
    let bare = r"<CreateRoleResponse><CreateRoleResult><Role><RoleName>T</RoleName><RoleId>I</RoleId>
        <Arn>A</Arn></Role></CreateRoleResult></CreateRoleResponse>";
    let role: Role = answer(bare).decode::<role::Created>(&role::get_request("T")).unwrap().into();
    assert_eq!((role.boundary(), role.tag("managed-by")), (None, None));
}

#[test]
fn lists_and_their_next_pages() {
    let read = |body: &str| -> (Vec<_>, Option<String>) {
        let request = iam::role_policies::list_attached_request("r");
        answer(body).decode::<AttachedPolicies>(&request).unwrap().split()
    };
    let (all, next) = read(
        r"<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies>
        <member><PolicyName>A</PolicyName><PolicyArn>arn:A</PolicyArn></member>
        <member><PolicyName>B</PolicyName><PolicyArn>arn:B</PolicyArn></member></AttachedPolicies>
        <IsTruncated>true</IsTruncated><Marker>m</Marker></ListAttachedRolePoliciesResult>
        </ListAttachedRolePoliciesResponse>",
    );
    assert_eq!((all.len(), next.as_deref()), (2, Some("m")));
    let (none, next) = read(
        r"<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies/>
        <IsTruncated>false</IsTruncated></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>",
    );
    assert_eq!((none.len(), next), (0, None));
    let inline = r"<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames><member>one</member>
        </PolicyNames></ListRolePoliciesResult></ListRolePoliciesResponse>";
    let request = iam::role_policies::list_inline_request("r");
    assert_eq!(answer(inline).decode::<InlinePolicies>(&request).unwrap().split().0, ["one"]);
}

#[test]
fn who_and_becoming_whom() {
    let body = r"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/A</Arn>
        <UserId>AIDA</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let caller: Caller = answer(body).decode(&sts::caller_request()).unwrap();
    assert_eq!(caller.identity.account, "1");
    let body = r"<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser>
        <Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
        <SessionToken>t</SessionToken><Expiration>2019-11-09T13:34:41Z</Expiration></Credentials>
        </AssumeRoleResult></AssumeRoleResponse>";
    let request = sts::assume_request("r", "s", None);
    let credentials: Credentials = answer(body).decode::<Assumed>(&request).unwrap().into();
    assert_eq!(credentials.expires, "2019-11-09T13:34:41Z".parse().ok());
    let text = format!("{credentials:?}");
    assert!(!text.contains("\"s\"") && !text.contains("\"t\""), "{text}");
}

#[test]
fn accounts_by_their_newer_or_older_state() {
    let body = r#"{"Accounts":[{"Id":"1","Name":"a","Status":"ACTIVE"},
        {"Id":"2","Name":"b","Status":"ACTIVE","State":"PENDING_CLOSURE"}],"NextToken":"n"}"#;
    let request = organizations::list_accounts_request();
    let (all, next) = answer(body).decode::<Accounts>(&request).unwrap().split();
    let states: Vec<&str> = all.iter().map(organizations::Account::state).collect();
    assert_eq!((states, next.as_deref()), (vec!["ACTIVE", "PENDING_CLOSURE"], Some("n")));
}

#[test]
fn what_iam_decides() {
    let body = r"<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>
        <member><EvalActionName>iam:GetRole</EvalActionName><EvalDecision>allowed</EvalDecision></member>
        <member><EvalActionName>iam:CreateRole</EvalActionName><EvalDecision>implicitDeny</EvalDecision>
        <OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail></member>
        <member><EvalActionName>iam:TagRole</EvalActionName><EvalDecision>explicitDeny</EvalDecision>
        <PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>
        </EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>";
    let request = simulate::principal_request("p", &[], "*");
    let all = answer(body).decode::<Evaluations>(&request).unwrap().split().0;
    assert!(all[0].is_allowed() && !all[0].is_kept_by_organization());
    assert!(all[1].is_kept_by_organization() && !all[1].is_explicit());
    assert!(all[2].is_kept_by_boundary() && all[2].is_explicit());
}

#[test]
fn machines_clusters_and_buckets() {
    let body = r"<DescribeInstancesResponse><requestId>r</requestId><reservationSet><item><instancesSet>
        <item><instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>
        <ipAddress>203.0.113.7</ipAddress><tagSet><item><key>Name</key><value>web</value></item></tagSet>
        <iamInstanceProfile><arn>arn:p</arn><id>x</id></iamInstanceProfile></item>
        <item><instanceId>i-2</instanceId></item></instancesSet></item></reservationSet>
        <nextToken>n</nextToken></DescribeInstancesResponse>";
    let request = ec2::instances_request(1000);
    let response = answer(body);
    assert_eq!(response.request_id().as_deref(), Some("r"));
    let (all, next) = response.decode::<ec2::Instances>(&request).unwrap().split();
    assert_eq!(
        (all[0].name(), all[0].state(), all[0].profile()),
        (Some("web"), Some("running"), Some("arn:p"))
    );
    assert_eq!((all[1].name(), all[1].state(), next.as_deref()), (None, None, Some("n")));
    let body = r#"{"cluster":{"name":"c","arn":"arn:c","version":"1.33","roleArn":"arn:r",
        "resourcesVpcConfig":{"endpointPublicAccess":true}}}"#;
    let cluster: eks::Described = answer(body).decode(&eks::cluster_request("c")).unwrap();
    assert_eq!(cluster.cluster.role_arn.as_deref(), Some("arn:r"));
    let body = r"<ListAllMyBucketsResult><Buckets><Bucket><CreationDate>2019</CreationDate>
        <BucketRegion>eu-west-1</BucketRegion><Name>one</Name></Bucket></Buckets></ListAllMyBucketsResult>";
    let buckets = answer(body).decode::<s3::Buckets>(&s3::buckets_request()).unwrap().split().0;
    assert_eq!(buckets[0].bucket_region.as_deref(), Some("eu-west-1"));
}

/// A refusal in each of the four forms.
#[test]
fn refusals() {
    let refusal =
        |request: &Request, status, headers: &[(&str, &str)], body: &str| -> ServiceError {
            let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            Response::new(status, headers, body.as_bytes().to_vec()).refusal(request).unwrap()
        };
    let iam = refusal(
        &role::get_request("r"),
        404,
        &[],
        r#"<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>Not there.</Message></Error><RequestId>q</RequestId></ErrorResponse>"#,
    );
    assert!(iam.is(&["NoSuchEntity"]) && iam.says("not THERE"));
    assert_eq!((iam.request_id.as_deref(), iam.status), (Some("q"), 404));
    let ec2 = refusal(
        &ec2::regions_request(),
        403,
        &[],
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors><RequestID>q2</RequestID></Response>",
    );
    assert_eq!(
        (ec2.code.as_str(), ec2.request_id.as_deref()),
        ("UnauthorizedOperation", Some("q2"))
    );
    let s3 = refusal(
        &s3::buckets_request(),
        503,
        &[("retry-after", "7"), ("x-amz-request-id", "q3")],
        "<Error><Code>SlowDown</Code><Message>slow</Message></Error>",
    );
    assert_eq!((s3.code.as_str(), s3.retry_after), ("SlowDown", Some(Duration::from_secs(7))));
    assert_eq!(s3.request_id.as_deref(), Some("q3"));
    let json = refusal(
        &organizations::list_accounts_request(),
        400,
        &[("x-amzn-requestid", "q4")],
        r#"{"__type":"com.amazonaws.organizations#TooManyRequestsException","Message":"slow"}"#,
    );
    assert!(json.is(&["TooManyRequests"]) && json.says("slow"));
    let eks = refusal(
        &eks::clusters_request(),
        403,
        &[("x-amzn-errortype", "AccessDeniedException:http://internal")],
        r#"{"message":"no"}"#,
    );
    assert!(eks.is(&["AccessDenied"]));
    let proxy = refusal(&role::get_request("r"), 502, &[], "<html><body>bad gateway");
    assert_eq!((proxy.code.as_str(), proxy.message.as_str()), ("", ""));
}
