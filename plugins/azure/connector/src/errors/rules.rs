//! The table of refusals that are known by name. The first row that fits decides.

use skybridge_azure_client::{Service, ServiceError};
use skybridge_plugin_sdk::kind;

/// What a refusal is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    /// Always this kind.
    Is(u16),
    /// A matter of time if lag is possible, else this kind.
    Lags(u16),
}

/// How a refusal is recognised.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// By its code.
    Code(&'static str),
    /// By its code and a part of its message, because the code alone is used for everything.
    Says(&'static str, &'static str),
    /// By a number of the login service.
    Login(&'static [u32]),
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    service: Service,
    sign: Sign,
    pub(super) class: Class,
    pub(super) code: &'static str,
    pub(super) help: &'static str,
}

impl Rule {
    /// Whether this row is about `error`. Being busy is never about anything else.
    pub(super) fn covers(&self, error: &ServiceError) -> bool {
        let busy = matches!(error.status, 408 | 429 | 500..=599);
        !busy
            && self.service == error.service
            && match self.sign {
                Sign::Code(code) => error.is(code),
                Sign::Says(code, part) => (code.is_empty() || error.is(code)) && error.says(part),
                Sign::Login(codes) => error.login_codes.iter().any(|code| codes.contains(code)),
            }
    }
}

const fn arm(sign: Sign, class: Class, code: &'static str, help: &'static str) -> Rule {
    Rule { service: Service::ResourceManager, sign, class, code, help }
}

const fn graph(sign: Sign, class: Class, code: &'static str, help: &'static str) -> Rule {
    Rule { service: Service::Graph, sign, class, code, help }
}

const fn login(sign: Sign, class: Class, code: &'static str, help: &'static str) -> Rule {
    Rule { service: Service::Login, sign, class, code, help }
}

use Class::{Is, Lags};
use Sign::{Code, Login, Says};

const NOT_ALLOWED: &str = "the operator needs Owner, or User Access Administrator, there; if it was granted just now, \
     sign in again";

const SIGN_IN: &str = "a person has to sign in: `az login --tenant TENANT`; where Conditional Access \
     stands in the way (53003), from a device and a place it allows";

const FORBIDDEN_KIND: &str = "the tenant's policy forbids this kind of credential: choose another \
     `credential.kind`, or have an exception made for this application";

/// Every refusal known by name.
pub(super) const RULES: &[Rule] = &[
    // Role assignments.
    arm(
        Code("PrincipalNotFound"),
        Lags(kind::NOT_FOUND),
        "AZ-RBAC-001",
        "no such principal: it was deleted, or an application's object id was used in place of its \
         service principal's",
    ),
    arm(
        Code("RoleAssignmentExists"),
        Is(kind::ALREADY_EXISTS),
        "AZ-RBAC-002",
        "the same role is assigned under another name that cannot be seen from here",
    ),
    arm(
        Code("RoleAssignmentUpdateNotPermitted"),
        Is(kind::PRECONDITION),
        "AZ-RBAC-003",
        "an assignment with this name exists for something else, and assignments cannot be changed",
    ),
    arm(
        Says("AuthorizationFailed", "ABAC condition"),
        Is(kind::PERMISSION_DENIED),
        "AZ-RBAC-004",
        "the operator may lack the right, or a condition on the operator's own role forbids giving \
         this role away",
    ),
    arm(Code("AuthorizationFailed"), Is(kind::PERMISSION_DENIED), "AZ-RBAC-004", NOT_ALLOWED),
    arm(
        Code("LinkedAuthorizationFailed"),
        Is(kind::PERMISSION_DENIED),
        "AZ-RBAC-005",
        "the operator needs the right on everything the request names: for a custom role, on every \
         subscription it can be assigned in",
    ),
    arm(
        Code("RoleAssignmentLimitExceeded"),
        Is(kind::QUOTA),
        "AZ-RBAC-006",
        "a subscription holds 4,000 role assignments (2,000 in national clouds), a management group \
         500; remove some that nobody needs",
    ),
    arm(
        Code("DenyAssignmentAuthorizationFailed"),
        Is(kind::PERMISSION_DENIED),
        "AZ-RBAC-007",
        "the message names the deny assignment; ask whoever made it to except the operator, or to \
         lift it for the time of the onboarding",
    ),
    // Role definitions.
    arm(
        Code("RoleDefinitionDoesNotExist"),
        Lags(kind::NOT_FOUND),
        "AZ-ROLE-001",
        "a custom role was deleted: plan again; a built-in one is missing in this cloud",
    ),
    arm(
        Code("RoleAssignmentScopeNotAssignableToRoleDefinition"),
        Lags(kind::NOT_FOUND),
        "AZ-ROLE-001",
        "the subscription was taken out of the role's assignable scopes; plan again",
    ),
    arm(
        Code("RoleDefinitionWithSameNameExists"),
        Is(kind::ALREADY_EXISTS),
        "AZ-ROLE-002",
        "role names are unique in a tenant, and this one is taken where the operator cannot see \
         it; choose another `display-name`",
    ),
    arm(
        Code("InvalidActionOrNotAction"),
        Is(kind::INVALID_CONFIG),
        "AZ-ROLE-003",
        "this cloud lacks the action that the message names; with `permissions = \"least\"` leave \
         out the capability that needs it",
    ),
    arm(
        Code("RoleDefinitionHasAssignments"),
        Lags(kind::PRECONDITION),
        "AZ-ROLE-004",
        "the custom role is still assigned somewhere; remove those assignments first",
    ),
    // Code and message as in Azure/bicep issue 17145. Which status goes with it no source says; the
    // code alone decides.
    arm(
        Code("RoleScopeBeingRemovedContainsAssignments"),
        Lags(kind::PRECONDITION),
        "AZ-ROLE-004",
        "the custom role is still assigned in a scope that is taken out of it; remove those \
         assignments first",
    ),
    arm(
        Code("RoleDefinitionLimitExceeded"),
        Is(kind::QUOTA),
        "AZ-ROLE-005",
        "a tenant holds 5,000 custom roles; remove some that nobody needs",
    ),
    // Subscriptions and management groups.
    arm(
        Code("ReadOnlyDisabledSubscription"),
        Is(kind::PRECONDITION),
        "AZ-SUB-003",
        "enable the subscription, or take it out of `scope`",
    ),
    arm(
        Code("SubscriptionNotFound"),
        Is(kind::NOT_FOUND),
        "AZ-SUB-001",
        "check `scope.subscriptions`, the tenant, and that the operator can see the subscription",
    ),
    arm(
        Code("InvalidAuthenticationTokenTenant"),
        Is(kind::UNAUTHENTICATED),
        "AZ-OPERATOR-001",
        "the operator is signed in to another tenant; sign in to the manifest's",
    ),
    // Applications and service principals.
    graph(
        Says("Request_BadRequest", "property uniqueName already exists"),
        Is(kind::ALREADY_EXISTS),
        "AZ-APP-001",
        "a deleted application holds the name for 30 days; restore or purge it under Deleted \
         applications",
    ),
    graph(
        Says("Request_BadRequest", "Invalid value specified for property"),
        Is(kind::INVALID_CONFIG),
        "AZ-APP-008",
        "the message names the property; change the setting it comes from, such as `display-name`",
    ),
    graph(
        Says("", "does not reference a valid application object"),
        Lags(kind::NOT_FOUND),
        "AZ-SP-001",
        "the application was deleted; plan again",
    ),
    graph(
        Says("Authorization_RequestDenied", "must in the local tenant"),
        Lags(kind::NOT_FOUND),
        "AZ-SP-001",
        "the application is not in this tenant; plan again",
    ),
    graph(
        Says("", "Not a valid reference update"),
        Lags(kind::NOT_FOUND),
        "AZ-SP-002",
        "the service principal was deleted; plan again",
    ),
    graph(
        Code("Request_ResourceNotFound"),
        Lags(kind::NOT_FOUND),
        "AZ-GRAPH-001",
        "it was deleted; plan again",
    ),
    graph(
        Code("Authorization_RequestDenied"),
        Is(kind::PERMISSION_DENIED),
        "AZ-GRAPH-002",
        "the operator needs Application Administrator or Cloud Application Administrator, or as an \
         application the permission Application.ReadWrite.OwnedBy",
    ),
    graph(
        Code("Directory_QuotaExceeded"),
        Is(kind::QUOTA),
        "AZ-GRAPH-003",
        "a person without a directory role owns 250 objects at most: have an administrator run it; \
         else the tenant is full: remove what nobody needs",
    ),
    graph(Code("Directory_ConcurrencyViolation"), Is(kind::CONFLICT), "AZ-GRAPH-004", ""),
    // Client secrets.
    graph(
        Code("CredentialInvalidLifetimeAsPerAppPolicy"),
        Is(kind::PRECONDITION),
        "AZ-SECRET-001",
        "the tenant's policy wants credentials of this kind to end sooner; lower \
         `credential.lifetime`, or name a certificate that ends sooner",
    ),
    graph(
        Code("CredentialTypeNotAllowedAsPerAppPolicy"),
        Is(kind::PRECONDITION),
        "AZ-SECRET-002",
        FORBIDDEN_KIND,
    ),
    graph(
        Says("", "Credential type not allowed"),
        Is(kind::PRECONDITION),
        "AZ-SECRET-002",
        FORBIDDEN_KIND,
    ),
    graph(
        Says("", "combination of issuer and subject must be unique"),
        Is(kind::CONFLICT),
        "AZ-CRED-010",
        "the application trusts the issuer and subject already, by a credential that is not listed \
         yet; run again in a few minutes",
    ),
    // Tokens.
    login(
        Login(&[7_000_215]),
        Lags(kind::UNAUTHENTICATED),
        "AZ-LOGIN-001",
        "the client secret is not accepted: it was removed, or its id was used in its place; \
         `skybridge apply` makes a new one",
    ),
    login(
        Login(&[7_000_222]),
        Lags(kind::UNAUTHENTICATED),
        "AZ-LOGIN-002",
        "the client secret has expired; `skybridge apply` makes a new one",
    ),
    login(
        Login(&[700_027]),
        Lags(kind::UNAUTHENTICATED),
        "AZ-LOGIN-011",
        "the certificate is not accepted: it was taken off the application, or has expired; \
         `skybridge apply` lists one",
    ),
    login(
        Login(&[700_023, 700_024]),
        Is(kind::UNAUTHENTICATED),
        "AZ-LOGIN-012",
        "the assertion is for another address or another time: check `cloud` and this machine's \
         clock",
    ),
    login(
        Login(&[70_021, 700_211, 700_212, 700_213]),
        Lags(kind::UNAUTHENTICATED),
        "AZ-LOGIN-013",
        "no federated credential of the application has the token's issuer, subject and audience; \
         they are compared exactly",
    ),
    login(
        Login(&[700_016]),
        Lags(kind::UNAUTHENTICATED),
        "AZ-LOGIN-003",
        "the application is not in this tenant: it was deleted, which `skybridge apply` mends, or \
         `tenant` and `cloud` do not fit",
    ),
    login(
        Login(&[90_002]),
        Is(kind::INVALID_CONFIG),
        "AZ-LOGIN-004",
        "no such tenant in this cloud; check `tenant` and `cloud`",
    ),
    login(
        Login(&[900_384, 900_382]),
        Is(kind::INVALID_CONFIG),
        "AZ-LOGIN-005",
        "tenant and application are in different clouds; check `cloud`",
    ),
    login(
        Login(&[500_011]),
        Is(kind::NOT_FOUND),
        "AZ-LOGIN-006",
        "the tenant does not know the service that a token was asked for; check `tenant` and `cloud`",
    ),
    login(
        Login(&[70_011, 28_002, 700_022, 7_000_218]),
        Is(kind::UNEXPECTED),
        "AZ-LOGIN-007",
        "this is a mistake of the connector; please report it",
    ),
    login(
        Login(&[50_034, 50_126, 50_076, 50_079, 53_003]),
        Is(kind::UNAUTHENTICATED),
        "AZ-LOGIN-008",
        SIGN_IN,
    ),
    login(Login(&[90_006, 90_024, 90_033, 90_090]), Is(kind::UNAVAILABLE), "AZ-LOGIN-009", ""),
    login(Code("invalid_grant"), Is(kind::UNAUTHENTICATED), "AZ-LOGIN-008", SIGN_IN),
    login(Code("interaction_required"), Is(kind::UNAUTHENTICATED), "AZ-LOGIN-008", SIGN_IN),
    login(
        Code("invalid_client"),
        Is(kind::UNAUTHENTICATED),
        "AZ-LOGIN-010",
        "the application's credential is not accepted; renew it, and look the AADSTS number up",
    ),
    login(
        Code("unauthorized_client"),
        Is(kind::UNAUTHENTICATED),
        "AZ-LOGIN-010",
        "the application may not sign in this way; the message says which setting of it forbids it",
    ),
];
