//! Applications, service principals, consent, secrets.

use super::{Entry, OF_VAULT, entry, own};

const GRAPH_ERRORS: &str = "https://learn.microsoft.com/graph/errors";
const CONSENT: &str =
    "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent";
const APPLICATION: &str = "https://learn.microsoft.com/graph/api/application-upsert";
const PRINCIPAL: &str = "https://learn.microsoft.com/graph/api/serviceprincipal-upsert";
const POLICIES: &str = "https://learn.microsoft.com/graph/api/resources/tenantappmanagementpolicy";
const DIRECTORY_LIMITS: &str =
    "https://learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AZ-APP-001",
        "a deleted application holds the unique name",
        "An application that was deleted keeps its unique name for 30 days, and Graph answers 400 \
         when another one asks for it.",
        "Nothing by default: it is restored. Set `deleted-application` to \"purge\" to have it \
         removed for good first, or \"refuse\" to decide by hand.",
        "https://learn.microsoft.com/entra/identity-platform/howto-restore-app",
    ),
    entry(
        "AZ-APP-002",
        "the application was written and cannot be read yet",
        "The directory's replicas have not caught up, or a deleted application is being restored.",
        "Nothing: it is waited for, within the step's budget.",
        APPLICATION,
    ),
    entry(
        "AZ-APP-008",
        "Graph does not take a value of the application",
        "Graph answered 400 and names the property whose value it refuses. It comes from the \
         manifest: a display name that is too long or has signs Graph does not take.",
        "Change the setting the property comes from, such as `display-name`; report it with the \
         request id if the value is fine.",
        APPLICATION,
    ),
    entry(
        "AZ-SP-001",
        "the service principal's application does not exist",
        "Graph does not find the application behind the service principal. Right after the \
         application was made this is replication and is waited for; the text \"must in the local \
         tenant\" means the same.",
        "Plan again: the application is looked up anew.",
        PRINCIPAL,
    ),
    entry(
        "AZ-SP-002",
        "the service principal of a grant does not exist",
        "Graph answered \"Not a valid reference update\": it does not know the principal yet, or no \
         longer.",
        "Plan again: the service principal is looked up anew.",
        PRINCIPAL,
    ),
    entry(
        "AZ-SP-003",
        "sign-in is switched off for the service principal",
        "Somebody disabled it under Enterprise applications. It is not switched on behind their \
         back.",
        "Find out who did it and why; switch it on, and run again.",
        "https://learn.microsoft.com/entra/identity/enterprise-apps/disable-user-sign-in-portal",
    ),
    entry(
        "AZ-SP-004",
        "the service principal exists and cannot be read yet",
        "Graph says that it exists already and no replica shows it so far.",
        "Nothing: it is waited for, within the step's budget.",
        PRINCIPAL,
    ),
    entry(
        "AZ-GRAPH-001",
        "the object is not in the directory",
        "Graph answered Request_ResourceNotFound for something that was not made moments ago: it \
         was deleted.",
        "Plan again.",
        GRAPH_ERRORS,
    ),
    entry(
        "AZ-GRAPH-002",
        "the operator may not change applications",
        "Graph answered Authorization_RequestDenied: the operator holds neither Application \
         Administrator nor Cloud Application Administrator, does not own the application, or as an \
         application lacks Application.ReadWrite.OwnedBy.",
        "Give the operator one of these roles, or activate an eligible one; sign in again.",
        "https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference",
    ),
    entry(
        "AZ-GRAPH-003",
        "a quota of the directory is used up",
        "Graph answered Directory_QuotaExceeded: a person without a directory role may own 250 \
         objects, and a tenant has its own limit.",
        "Remove objects nobody needs, also under deleted applications, or run as an administrator.",
        DIRECTORY_LIMITS,
    ),
    entry(
        "AZ-GRAPH-004",
        "somebody else changed the object at the same time",
        "Graph answered Directory_ConcurrencyViolation.",
        "Nothing: it is tried again.",
        GRAPH_ERRORS,
    ),
    entry(
        "AZ-CONSENT-001",
        "the operator may not consent to Graph permissions for applications",
        "Graph's application permissions take Privileged Role Administrator or Global \
         Administrator; Application Administrator, which the onboarding page names, is not enough.",
        "Have such a person open the link in the message, or set `consent = \"hand-off\"`: the run \
         then waits for them and goes on by itself.",
        CONSENT,
    ),
    entry(
        "AZ-CONSENT-002",
        "this cloud's Graph does not offer the permission",
        "The service principal of Microsoft Graph in this tenant lists no application permission of \
         that name, or it is switched off.",
        "Check `cloud`; in a sovereign cloud leave out the capability that needs it.",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    entry(
        "AZ-CONSENT-003",
        "the consent exists and is not listed yet",
        "Graph refused a second grant as a duplicate, and no replica lists the first so far.",
        "Nothing: it is waited for, within the step's budget.",
        "https://learn.microsoft.com/graph/permissions-grant-via-msgraph",
    ),
    entry(
        "AZ-SECRET-001",
        "the tenant wants credentials with a shorter life",
        "Graph answered CredentialInvalidLifetimeAsPerAppPolicy: an app management policy of the \
         tenant caps how long a secret or a certificate may last.",
        "Lower `credential.lifetime` to what the policy allows, or name a certificate that ends \
         sooner.",
        POLICIES,
    ),
    entry(
        "AZ-SECRET-002",
        "the tenant forbids this kind of credential",
        "An app management policy of the tenant forbids passwords, or certificates, on applications \
         (CredentialTypeNotAllowedAsPerAppPolicy).",
        "Choose another `credential.kind`: a certificate or a federated credential in place of a \
         secret; or have the application exempted from the policy.",
        POLICIES,
    ),
    entry(
        "AZ-SECRET-004",
        "a client secret is listed and cannot be removed yet",
        "Graph answered \"No password credential found\" for a secret that the application lists: \
         one replica has not heard of it, or another not of its removal.",
        "Nothing: it is waited for, within the step's budget.",
        "https://learn.microsoft.com/graph/api/application-removepassword",
    ),
    own(
        "AZ-SECRET-003",
        "the vault does not have the secret",
        "The state directory was moved, emptied, or belongs to another machine: secrets are kept \
         only there.",
        "Run `skybridge apply`: it makes a new one and hands it over.",
        OF_VAULT,
    ),
];
