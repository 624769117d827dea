//! What belongs to whom: adopted and deleted applications, elevation, grants nobody planned.

use super::{Entry, entry, own};

const ELEVATE: &str =
    "https://learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin";
const DELETED: &str = "https://learn.microsoft.com/entra/identity-platform/howto-restore-app";
const ROLES: &str = "https://learn.microsoft.com/azure/role-based-access-control/custom-roles";

pub(super) const ENTRIES: &[Entry] = &[
    own(
        "AZ-CONFIG-006",
        "the certificate file of the cloud cannot be used",
        "`cloud.ca-file` does not exist, cannot be read, is too large or holds no certificate.",
        "Name a PEM file with the authority that signed the services' certificates.",
    ),
    entry(
        "AZ-OPERATOR-001",
        "the operator is signed in to another tenant",
        "The token says which tenant it is for, and it is not the manifest's. Nothing was asked or \
         written with it.",
        "Sign in to the manifest's tenant (`az login --tenant TENANT`), or correct `tenant`.",
        "https://learn.microsoft.com/cli/azure/authenticate-azure-cli",
    ),
    entry(
        "AZ-APP-003",
        "a deleted application holds the name, and the manifest says to refuse",
        "`deleted-application` is \"refuse\", and an application that was deleted in the last 30 \
         days still holds the unique name.",
        "Restore or purge it under App registrations > Deleted applications, or set \
         `deleted-application` to \"restore\" or \"purge\".",
        DELETED,
    ),
    own(
        "AZ-APP-004",
        "the application belongs to something else",
        "The application that has the name carries the marks of another tool or another connector. \
         It is neither used nor changed.",
        "Choose another `display-name`.",
    ),
    own(
        "AZ-APP-005",
        "the application exists and is not safe to use",
        "Somebody registered an application of this name by hand. It is open to other tenants, or \
         has credentials Skybridge did not make: whoever holds them would get everything the \
         connector gets.",
        "Remove its credentials or delete it if nobody needs it; else choose another \
         `display-name`.",
    ),
    own(
        "AZ-APP-006",
        "several applications have the name",
        "Names for people are not unique, and nothing tells which application is meant.",
        "Delete or rename those nobody needs, or choose another `display-name`.",
    ),
    entry(
        "AZ-APP-007",
        "what was deleted cannot be purged yet",
        "The deletion has not reached the replica that keeps deleted objects.",
        "Nothing: it is waited for.",
        DELETED,
    ),
    own(
        "AZ-SP-005",
        "the service principal stands for another tenant's application",
        "A service principal with the client id exists here and belongs to an application elsewhere.",
        "Plan again; if it stays so, the application was replaced behind our back.",
    ),
    entry(
        "AZ-ROLE-006",
        "the custom role was edited and others use it",
        "It has more than one set of permissions, so it cannot be written back with fewer scopes \
         without losing something of theirs.",
        "Take the subscriptions out of its assignable scopes by hand.",
        ROLES,
    ),
    own(
        "AZ-GRANT-001",
        "a grant nobody planned cannot be taken away",
        "Somebody gave the connector more than the plan asks for, and the operator may not remove \
         it there.",
        "Have it removed by whoever gave it, or run as an operator who may.",
    ),
    entry(
        "AZ-ELEVATE-001",
        "the operator cannot be elevated: it is an application",
        "Only people who are Global Administrators can take User Access Administrator at the root.",
        "Sign in as a Global Administrator, have the operator given the right at the root \
         management group, or set `root-management-group` to \"skip\".",
        ELEVATE,
    ),
    entry(
        "AZ-ELEVATE-002",
        "the elevation was refused",
        "The operator is no Global Administrator, or is one that has to be activated first.",
        "Activate the role, or sign in as a Global Administrator, and run again.",
        ELEVATE,
    ),
    entry(
        "AZ-ELEVATE-003",
        "somebody else's elevation has not been removed yet",
        "An earlier run elevated another operator and ended before it could take that back. Only \
         that person's sign-in removes it here.",
        "Sign in as the person the message names and run again.",
        ELEVATE,
    ),
    entry(
        "AZ-ELEVATE-004",
        "the elevation is not seen to be gone yet",
        "Lists come from replicas that have not caught up.",
        "Nothing: it is waited for, and the next run goes on with it.",
        ELEVATE,
    ),
    entry(
        "AZ-ELEVATE-005",
        "the elevation cannot be removed yet",
        "The right to remove it is part of the elevation and takes effect with newer tokens.",
        "Nothing: it is waited for. If it stays so, switch `Access management for Azure resources` \
         off in Entra, under Properties.",
        ELEVATE,
    ),
    entry(
        "AZ-ELEVATE-006",
        "the vault's note of an elevation is damaged",
        "What tells that an operator was elevated cannot be read.",
        "Switch `Access management for Azure resources` off in Entra, under Properties, for whoever \
         ran the onboarding.",
        ELEVATE,
    ),
    own(
        "AZ-ELEVATE-007",
        "the operator's token does not say who the operator is",
        "It has no object id in it, as with some personal accounts.",
        "Sign in with an account of the tenant.",
    ),
];
