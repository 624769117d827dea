//! What a preflight finds.

use super::{Entry, entry};

const TROUBLESHOOTING: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting";
const ELIGIBLE: &str = "https://learn.microsoft.com/entra/id-governance/privileged-identity-management/pim-how-to-activate-role";
const DENY: &str = "https://learn.microsoft.com/azure/role-based-access-control/deny-assignments";
const CONDITIONS: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/conditions-format";
const CONSENT: &str =
    "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent";
const USERS: &str = "https://learn.microsoft.com/entra/fundamentals/users-default-permissions";
const POLICY: &str =
    "https://learn.microsoft.com/graph/api/resources/applicationauthenticationmethodpolicy";
const OPERATIONS: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AZ-PREFLIGHT-001",
        "the operator lacks a right in Resource Manager",
        "None of the operator's active roles at the scope allows an action the plan takes there. \
         Contributor, for one, may not assign roles, and Role Based Access Control Administrator \
         may not write custom ones.",
        "Have the operator given the role the finding names, and sign in again.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-PREFLIGHT-002",
        "the operator's role has to be activated first",
        "The right comes with a role the operator is eligible for and has not activated.",
        "Activate it in Privileged Identity Management, sign in again, and run again.",
        ELIGIBLE,
    ),
    entry(
        "AZ-PREFLIGHT-003",
        "a deny assignment forbids what the plan does",
        "Deny assignments win over every role. They are made by deployment stacks, managed \
         applications and blueprints.",
        "Ask whoever made it to spare the operator, or leave the scope out.",
        DENY,
    ),
    entry(
        "AZ-PREFLIGHT-004",
        "a deny assignment may forbid what the plan does",
        "It names or spares a group, or has a condition, and whether that means the operator cannot \
         be seen from here.",
        "Ask whoever made it. The run is not stopped for it.",
        DENY,
    ),
    entry(
        "AZ-PREFLIGHT-005",
        "a condition on the operator's role forbids a role of the plan",
        "The operator may assign roles under a condition, and the condition lets none of them \
         through to service principals, or not this one.",
        "Have the condition extended by the role the finding names, or have somebody else assign it.",
        CONDITIONS,
    ),
    entry(
        "AZ-PREFLIGHT-006",
        "a condition on the operator's role could not be evaluated",
        "It depends on something that is not known before the run, such as the principal's id, or \
         uses a part of the grammar that is not understood here.",
        "Read the condition. The run is not stopped for it; Azure decides.",
        CONDITIONS,
    ),
    entry(
        "AZ-PREFLIGHT-007",
        "something could not be looked at before the run",
        "The operator may not read what the preflight wanted to check. That says nothing about the \
         writes themselves.",
        "Let the operator read it to have it checked, or go on. What directory roles could be \
         activated, the Azure CLI's sign-in may not ask: sign in by device code to a client of your \
         own that has RoleEligibilitySchedule.Read.Directory consented to.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-PREFLIGHT-010",
        "the operator may not register or change applications",
        "An application as operator needs Application.ReadWrite.OwnedBy or \
         Application.ReadWrite.All; a person needs a client that may do so.",
        "Have the permission granted and consented to, and sign in again.",
        CONSENT,
    ),
    entry(
        "AZ-PREFLIGHT-011",
        "the operator may not consent to permissions of Microsoft Graph",
        "Application permissions of Microsoft Graph take a Privileged Role Administrator or Global \
         Administrator. Application Administrator, which the onboarding page names, may consent to \
         any permission but those. And a person needs a client that may do so \
         (AppRoleAssignment.ReadWrite.All), as the Azure CLI's may.",
        "Have such a person run it, or set `consent = \"hand-off\"`; have the client granted the \
         permission if it is the client that lacks it.",
        CONSENT,
    ),
    entry(
        "AZ-PREFLIGHT-012",
        "a person will be asked to consent",
        "The operator may not consent, and the manifest says to hand that off.",
        "Have a Privileged Role Administrator or Global Administrator at hand.",
        CONSENT,
    ),
    entry(
        "AZ-PREFLIGHT-013",
        "a directory role has to be activated first",
        "The right comes with a directory role the operator is eligible for and has not activated. \
         No program can activate it with the Azure CLI's sign-in.",
        "Activate it in Privileged Identity Management, sign in again, and run again.",
        ELIGIBLE,
    ),
    entry(
        "AZ-PREFLIGHT-014",
        "the tenant does not let its users register applications",
        "The authorization policy says so (allowedToCreateApps), and the operator has no role that \
         may register them anyway.",
        "Have the operator made Application Developer or Application Administrator.",
        USERS,
    ),
    entry(
        "AZ-PREFLIGHT-015",
        "the operator is a guest",
        "Guests may not register applications, whatever the tenant lets its users do.",
        "Sign in with an account of the tenant, or have the guest given a role that may.",
        USERS,
    ),
    entry(
        "AZ-PREFLIGHT-030",
        "the tenant forbids this kind of credential",
        "A policy on applications forbids adding client secrets.",
        "Choose another `credential.kind`, or have the application exempted.",
        POLICY,
    ),
    entry(
        "AZ-PREFLIGHT-031",
        "the credential would live longer than the tenant allows",
        "A policy on applications limits the life of credentials, and `credential.lifetime` is \
         longer.",
        "Set `credential.lifetime` to what the finding names.",
        POLICY,
    ),
    entry(
        "AZ-PREFLIGHT-040",
        "no provider knows an action of the custom role",
        "Azure refuses a custom role with one unknown action as a whole (InvalidActionOrNotAction).",
        "Leave the action out with `permissions = \"least\"`, or connect a cloud that has it.",
        OPERATIONS,
    ),
];
