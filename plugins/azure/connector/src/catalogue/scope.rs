//! What a scope means, and why parts of it are left out.

use super::{Entry, OF_HOST, OF_MANIFEST, entry, own};

const TROUBLESHOOTING: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting";
const MANAGEMENT_GROUPS: &str =
    "https://learn.microsoft.com/azure/governance/management-groups/overview";
const SUBSCRIPTION_STATES: &str =
    "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-states";
const DENY: &str = "https://learn.microsoft.com/azure/role-based-access-control/deny-assignments";
const CONDITIONS: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/conditions-format";
const AKS_ACCESS: &str = "https://learn.microsoft.com/azure/aks/concepts-identity";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AZ-SCOPE-001",
        "a subscription cannot be seen",
        "Azure hides what the caller may not read: the subscription does not exist, belongs to \
         another tenant, or the operator has no role in it.",
        "Check the id and the tenant, give the operator a role in the subscription, and plan again.",
        TROUBLESHOOTING,
    ),
    entry(
        "AZ-SCOPE-002",
        "a subscription belongs to another tenant",
        "The operator sees the subscription, by delegation for example, but it trusts another \
         tenant, where this connector's service principal does not exist.",
        "Onboard it with a connector of its own tenant.",
        SUBSCRIPTION_STATES,
    ),
    entry(
        "AZ-SCOPE-003",
        "a subscription is not enabled",
        "Only subscriptions in the state Enabled are onboarded; this one is warned, past due, \
         disabled or deleted.",
        "Enable it and plan again; until then the others are onboarded without it.",
        SUBSCRIPTION_STATES,
    ),
    own(
        "AZ-SCOPE-004",
        "a subscription is excluded by the manifest",
        "A pattern of `scope.exclude` fits its name or id, or none of `scope.include` does.",
        "Change the patterns if it is meant.",
        OF_MANIFEST,
    ),
    entry(
        "AZ-SCOPE-005",
        "the operator lacks rights in a subscription",
        "Assigning roles takes Microsoft.Authorization/roleAssignments/write, and the custom role \
         Microsoft.Authorization/roleDefinitions/write, in every subscription.",
        "Have the operator made Owner or User Access Administrator there, or an eligible role \
         activated, and plan again; until then the others are onboarded without it.",
        TROUBLESHOOTING,
    ),
    own(
        "AZ-SCOPE-006",
        "no subscription can be onboarded",
        "Everything the scope means was left out, each with a reason of its own, or the scope means \
         nothing the operator can see.",
        "Read the reasons in the message; the first of them usually explains all.",
        "each of the reasons has a page of its own",
    ),
    entry(
        "AZ-SCOPE-007",
        "a management group cannot be read",
        "It does not exist under that id, or the operator may not list what it holds \
         (Microsoft.Management/managementGroups/descendants/read).",
        "Use the group's id, not its display name, and give the operator Management Group Reader \
         there.",
        MANAGEMENT_GROUPS,
    ),
    own(
        "AZ-SCOPE-008",
        "the plan was made offline and does not know its subscriptions",
        "With a scope of management groups or the tenant, an offline plan has one sub-graph that \
         stands for all subscriptions.",
        "Plan without `--offline` and apply that plan.",
        OF_HOST,
    ),
    entry(
        "AZ-SCOPE-009",
        "a listed cluster cannot be given roles",
        "It does not exist, or its subscription is not among those that are onboarded.",
        "Check the resource id, or take it out of `aks.clusters`.",
        AKS_ACCESS,
    ),
    entry(
        "AZ-SCOPE-010",
        "the AKS roles have no effect in a cluster",
        "Azure roles decide inside a cluster only with Entra sign-in and Azure RBAC \
         (aadProfile.managed and enableAzureRBAC).",
        "Switch both on, or bind the connector inside the cluster by Kubernetes' own means.",
        AKS_ACCESS,
    ),
    entry(
        "AZ-SCOPE-011",
        "a cluster's sign-in file is an administrator's credential",
        "Without Entra sign-in, the file that Azure Kubernetes Service Cluster User Role fetches \
         holds a certificate of the cluster's administrator.",
        "Switch on Entra sign-in and switch off local accounts, or leave the cluster out.",
        AKS_ACCESS,
    ),
    entry(
        "AZ-SCOPE-012",
        "the clusters of a subscription could not be looked at",
        "The operator may assign roles there and may not list clusters, so nobody knows whether the \
         roles will have an effect.",
        "Give the operator Reader there to have it checked; the onboarding works without.",
        AKS_ACCESS,
    ),
    entry(
        "AZ-SCOPE-014",
        "a deny assignment keeps a subscription from being onboarded",
        "A deny assignment forbids the operator to assign or define roles there. Nobody's role helps \
         against it.",
        "Ask whoever made it (a deployment stack, a managed application, a blueprint) to spare the \
         operator, and plan again; until then the others are onboarded without it.",
        DENY,
    ),
    entry(
        "AZ-SCOPE-015",
        "a condition keeps a subscription from being onboarded",
        "A condition on the operator's own role there forbids assigning one of the roles that the \
         onboarding assigns.",
        "Have the condition let the roles be assigned to service principals, and plan again; until \
         then the others are onboarded without it.",
        CONDITIONS,
    ),
    own(
        "AZ-SCOPE-013",
        "the facts of a survey are of another version",
        "What a plan was made of was written by another version of the plugin.",
        "Plan again.",
        OF_HOST,
    ),
];
