//! What AWS's own codes mean, in order: the first that fits counts.

use skybridge_aws_client::ServiceError;
use skybridge_plugin_sdk::kind;

use crate::session::ENTERING;

/// What an error of a rule is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    /// Of this kind, whatever is new.
    Is(u16),
    /// Not replicated yet when what it is about is new; else of this kind.
    Lags(u16),
}

use Class::{Is, Lags};

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    /// AWS's codes; `Exception` at their ends does not matter.
    codes: &'static [&'static str],
    /// What the message has to hold besides.
    says: &'static str,
    /// What has to be being done besides.
    operation: Option<&'static str>,
    pub(super) class: Class,
    pub(super) code: &'static str,
    pub(super) help: &'static str,
}

impl Rule {
    pub(super) fn covers(&self, error: &ServiceError) -> bool {
        error.is(self.codes)
            && (self.says.is_empty() || error.says(self.says))
            && self.operation.is_none_or(|operation| operation == error.operation)
    }
}

const fn rule(
    codes: &'static [&'static str],
    class: Class,
    code: &'static str,
    help: &'static str,
) -> Rule {
    Rule { codes, says: "", operation: None, class, code, help }
}

const fn saying(
    codes: &'static [&'static str],
    says: &'static str,
    class: Class,
    code: &'static str,
    help: &'static str,
) -> Rule {
    Rule { codes, says, operation: None, class, code, help }
}

const DENIED: &[&str] = &["AccessDenied", "UnauthorizedOperation", "Client.UnauthorizedOperation"];
const MALFORMED: &[&str] = &["MalformedPolicyDocument"];

pub(super) const RULES: &[Rule] = &[
    // Asked too often, or unwell.
    rule(
        &[
            "Throttling",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequests",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "PriorRequestNotComplete",
            "TransactionInProgress",
            "SlowDown",
            "EC2ThrottledException",
        ],
        Is(kind::RATE_LIMITED),
        "AWS-HTTP-429",
        "",
    ),
    rule(
        &[
            "ServiceUnavailable",
            "InternalFailure",
            "ServiceFailure",
            "InternalError",
            "Unavailable",
        ],
        Is(kind::UNAVAILABLE),
        "AWS-HTTP-500",
        "",
    ),
    // Credentials.
    rule(
        &["InvalidClientTokenId", "UnrecognizedClient", "InvalidAccessKeyId", "AuthFailure"],
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-002",
        "the access key is not known: it was deleted, is of another partition, or its session \
         token is missing",
    ),
    saying(
        &["SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignature"],
        "signature expired",
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-003",
        "this machine's clock is wrong; set it",
    ),
    saying(
        &["SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed", "InvalidSignature"],
        "not yet current",
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-003",
        "this machine's clock is wrong; set it",
    ),
    rule(
        &["RequestTimeTooSkewed", "RequestExpired"],
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-003",
        "this machine's clock is wrong; set it",
    ),
    rule(
        &["SignatureDoesNotMatch", "InvalidSignature"],
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-004",
        "the secret access key does not belong to the access key id; copy both once more",
    ),
    rule(
        &["ExpiredToken"],
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-005",
        "the session is over; sign in again",
    ),
    rule(
        &["InvalidIdentityToken", "IDPRejectedClaim", "IDPCommunicationError"],
        Is(kind::UNAUTHENTICATED),
        "AWS-AUTH-006",
        "the web identity is not accepted: look at the role's trust policy and at the token",
    ),
    rule(
        &["OptInRequired", "SubscriptionRequired", "PendingVerification"],
        Is(kind::PRECONDITION),
        "AWS-ACCOUNT-002",
        "the account is not ready to be used; AWS has written to its owner",
    ),
    rule(
        &["RegionDisabled"],
        Is(kind::PRECONDITION),
        "AWS-ACCOUNT-003",
        "STS is switched off in this region; set `cloud = { region = … }` to another, or switch it \
         on under Account settings of IAM",
    ),
    // What one may do.
    Rule {
        codes: DENIED,
        says: "",
        operation: Some(ENTERING),
        class: Is(kind::PERMISSION_DENIED),
        code: "AWS-SCOPE-004",
        help: "the account has no role of the name `member-role` says, or it does not trust the \
               operator, or the operator may not assume it",
    },
    saying(
        DENIED,
        "service control policy",
        Is(kind::PERMISSION_DENIED),
        "AWS-IAM-002",
        "a service control policy of the organization forbids it: have the account or the role \
         spared",
    ),
    saying(
        DENIED,
        "permissions boundary",
        Is(kind::PERMISSION_DENIED),
        "AWS-IAM-003",
        "the operator's permissions boundary does not allow it; a boundary for the role may be \
         asked for: `permissions-boundary`",
    ),
    saying(
        DENIED,
        "explicit deny",
        Is(kind::PERMISSION_DENIED),
        "AWS-IAM-004",
        "a policy of the operator's says no; no other policy can say yes",
    ),
    rule(
        DENIED,
        Lags(kind::PERMISSION_DENIED),
        "AWS-IAM-001",
        "have the action the message names allowed to the operator",
    ),
    // Roles and policies.
    rule(
        &["NoSuchEntity"],
        Lags(kind::NOT_FOUND),
        "AWS-IAM-005",
        "it is not there any more; plan again",
    ),
    rule(
        &["EntityAlreadyExists"],
        Lags(kind::ALREADY_EXISTS),
        "AWS-ROLE-001",
        "somebody made it meanwhile; plan again",
    ),
    saying(
        MALFORMED,
        "principal",
        Is(kind::INVALID_CONFIG),
        "AWS-TRUST-004",
        "AWS knows no such account, role or user: check `trust` with the vendor",
    ),
    rule(
        MALFORMED,
        Is(kind::UNEXPECTED),
        "AWS-TRUST-005",
        "this is a mistake of the connector; please report it with the request id",
    ),
    rule(
        &["LimitExceeded"],
        Is(kind::QUOTA),
        "AWS-IAM-006",
        "a quota of the account is reached; have it raised under Service Quotas, or make room",
    ),
    rule(
        &["ConcurrentModification", "EntityTemporarilyUnmodifiable"],
        Is(kind::CONFLICT),
        "AWS-IAM-007",
        "",
    ),
    rule(&["DeleteConflict"], Is(kind::CONFLICT), "AWS-IAM-008", ""),
    rule(
        &["UnmodifiableEntity"],
        Is(kind::PRECONDITION),
        "AWS-IAM-009",
        "only the AWS service that made it may change it; choose another `role-name`",
    ),
    // Organizations.
    rule(
        &["AWSOrganizationsNotInUse"],
        Is(kind::PRECONDITION),
        "AWS-SCOPE-006",
        "the account is in no organization; list accounts in `scope` instead",
    ),
];
