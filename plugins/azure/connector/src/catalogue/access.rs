//! Subscriptions, management groups, roles.

use super::{Entry, entry};

const TROUBLESHOOTING: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting";
const LIMITS: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits";
const CUSTOM_ROLES: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/custom-roles";
const MANAGEMENT_GROUPS: &str =
    "https://learn.microsoft.com/azure/governance/management-groups/overview";
const SUBSCRIPTION_STATES: &str =
    "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AZ-RBAC-001",
        "the principal of a role assignment does not exist",
        "Azure answered PrincipalNotFound, and the directory itself does not know the service \
         principal. Right after it was made this is replication and is waited for; otherwise it \
         was deleted, or an application's object id stands where its service principal's belongs.",
        "Plan again: the service principal is looked up anew, and made if it is gone.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-RBAC-002",
        "the same role is assigned already, and cannot be seen",
        "Azure answered RoleAssignmentExists, and no assignment of the role to the principal shows \
         at the scope: it was made moments ago, or the operator may not read it.",
        "Run again in a few minutes; give the operator Reader at the scope if it stays so.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-RBAC-003",
        "the assignment's name is taken by something else",
        "An assignment with the id Skybridge computes exists with another principal, role or scope. \
         Azure never changes those (RoleAssignmentUpdateNotPermitted).",
        "Look at the assignment the message names; delete it if nobody needs it, and run again.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-RBAC-004",
        "the operator may not assign the role there",
        "Azure answered AuthorizationFailed: the operator lacks \
         Microsoft.Authorization/roleAssignments/write at the scope, holds it as an eligible role \
         that is not active, or a condition on the operator's own role forbids this one.",
        "Have the operator made Owner or User Access Administrator at the scope, or the eligible \
         role activated; sign in again, because tokens keep old rights for minutes.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-RBAC-005",
        "the right to write a custom role is missing in one of its scopes",
        "Azure answered LinkedAuthorizationFailed: a custom role can only be written by somebody \
         who may write it in every scope it can be assigned in.",
        "Give the operator Owner or User Access Administrator in the scope the message names, or \
         take that subscription out of the manifest's scope.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-RBAC-006",
        "the scope holds as many role assignments as it can",
        "Azure answered RoleAssignmentLimitExceeded: a subscription holds 4,000, a management group \
         500; in national clouds a subscription holds 2,000.",
        "Remove assignments of principals that no longer exist, or assign to groups in place of \
         single people; then run again.",
        LIMITS,
    ),
    entry(
        "AZ-RBAC-007",
        "a deny assignment forbids it to the operator",
        "Azure answered DenyAssignmentAuthorizationFailed: the operator's roles allow it, and a deny \
         assignment at the scope or above it takes it away. They are made by managed applications, \
         by deployment stacks and by Azure itself, and outweigh every role.",
        "The message names the deny assignment: have whoever made it except the operator, or lift \
         it for the time of the onboarding; then run again.",
        "https://learn.microsoft.com/azure/role-based-access-control/deny-assignments",
    ),
    entry(
        "AZ-ROLE-001",
        "the role that is assigned does not exist",
        "Azure answered RoleDefinitionDoesNotExist, or that the role is not assignable in the scope. \
         Right after the custom role was made or extended this is replication and is waited for; \
         otherwise the custom role was deleted or narrowed, or this cloud has no such built-in role.",
        "Plan again: the custom role is made anew. If a built-in role is missing in a national cloud, \
         leave out the capability that needs it.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-ROLE-002",
        "a role of that name exists and is another one",
        "Names of custom roles are unique in a tenant, and the name is taken by a role that allows \
         something else, or that lives in a scope the operator cannot see \
         (RoleDefinitionWithSameNameExists).",
        "Choose another display-name in the settings, or rename or remove that role.",
        CUSTOM_ROLES,
    ),
    entry(
        "AZ-ROLE-003",
        "this cloud does not know an action of the custom role",
        "No resource provider lists the action (InvalidActionOrNotAction). Azure refuses the whole \
         role for one wrong action; the onboarding page itself misspells one.",
        "Use the nearest action the message names; in a sovereign cloud leave out the capability \
         that needs it.",
        CUSTOM_ROLES,
    ),
    entry(
        "AZ-ROLE-004",
        "the custom role is still assigned",
        "Azure answered RoleDefinitionHasAssignments, or RoleScopeBeingRemovedContainsAssignments \
         for one of its scopes. Assignments deleted moments ago still count and are waited for; \
         others were made by somebody else.",
        "Remove the remaining assignments of the role, in other subscriptions too; then take the \
         connection away again.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-ROLE-005",
        "the tenant holds as many custom roles as it can",
        "Azure answered RoleDefinitionLimitExceeded: a tenant holds 5,000.",
        "Remove custom roles nobody needs; then run again.",
        LIMITS,
    ),
    entry(
        "AZ-SUB-001",
        "there is no such subscription",
        "Azure answered SubscriptionNotFound: the id is wrong, the subscription was deleted, is in \
         another cloud, or the operator has no right in it at all.",
        "Check the id in the manifest, and with `az account list --all` that the operator sees it.",
        SUBSCRIPTION_STATES,
    ),
    entry(
        "AZ-SUB-002",
        "the subscription belongs to another tenant",
        "The subscription trusts another directory than the manifest's tenant, so a service \
         principal of this tenant cannot be given a role in it.",
        "Correct `tenant`, or move the subscription to a connector for its own tenant.",
        SUBSCRIPTION_STATES,
    ),
    entry(
        "AZ-SUB-003",
        "the subscription is not enabled",
        "Only subscriptions in the state Enabled are onboarded; this one is disabled, past due, \
         warned or deleted. One that is switched off in the middle of a run refuses every write \
         (ReadOnlyDisabledSubscription).",
        "Enable it, or take it out of the scope.",
        SUBSCRIPTION_STATES,
    ),
    entry(
        "AZ-SUB-004",
        "the operator may not assign or define roles in the subscription",
        "None of the operator's active roles there allows roleAssignments/write or \
         roleDefinitions/write; Contributor takes both out.",
        "Have the operator made Owner or User Access Administrator, or activate the eligible role.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-MG-001",
        "the tenant has no root management group yet",
        "Management groups exist only after somebody used them for the first time.",
        "Open Management groups in the portal once and start using them; then run again. Or set \
         `root-management-group = \"skip\"`.",
        MANAGEMENT_GROUPS,
    ),
    entry(
        "AZ-MG-002",
        "the operator may not assign at the root management group",
        "Owning every subscription gives no right at the root group; nobody has one by default.",
        "Set `root-management-group = \"elevate\"` when the operator is a Global Administrator: the \
         right is taken for the time of the run and given back. Or \"skip\".",
        "https://learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin",
    ),
];
