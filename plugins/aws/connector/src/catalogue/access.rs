//! What one may do, and what there is: IAM, roles, accounts.

use super::{Entry, entry, own};

const DENIED: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html";
const SCP: &str =
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html";
const BOUNDARY: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html";
const TROUBLE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";
const DELETE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage_delete.html";
const LINKED: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html";
const PROFILES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html";
const LIST: &str =
    "https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html";
const CLOSE: &str =
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_close.html";
const MEMBER: &str =
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AWS-IAM-001",
        "the operator may not do it",
        "No policy of the operator's allows the action the message names.",
        "Have it allowed. Managing the role takes iam:CreateRole, TagRole, UpdateRole, \
         UpdateAssumeRolePolicy, AttachRolePolicy, DetachRolePolicy, DeleteRolePolicy, \
         DeleteRole and the reading actions.",
        DENIED,
    ),
    entry(
        "AWS-IAM-002",
        "a service control policy forbids it",
        "The organization limits what anybody in the account may do, administrators included.",
        "Have the account or the operator's role spared.",
        SCP,
    ),
    entry(
        "AWS-IAM-003",
        "a permissions boundary does not allow it",
        "The operator's own boundary does not allow the action, or allows making roles only \
         with a boundary.",
        "Have the boundary extended, or set `permissions-boundary` to the one roles must have.",
        BOUNDARY,
    ),
    entry(
        "AWS-IAM-004",
        "a policy says no",
        "An explicit deny wins over every policy that allows.",
        "Find the policy that denies, and have it changed.",
        DENIED,
    ),
    entry(
        "AWS-IAM-005",
        "it is not there",
        "What the request names does not exist. Right after it was made this is waited for.",
        "Plan again.",
        TROUBLE,
    ),
    entry(
        "AWS-IAM-006",
        "a quota is reached",
        "The account has as many roles, or the role as many policies, as it may have.",
        "Have the quota raised under Service Quotas, or make room.",
        QUOTAS,
    ),
    entry(
        "AWS-IAM-007",
        "somebody changes it at the same time",
        "IAM takes one change of a role at a time.",
        "Nothing: it is tried again.",
        TROUBLE,
    ),
    entry(
        "AWS-IAM-008",
        "something is still attached",
        "IAM deletes no role that something is attached to, and has not yet seen everywhere \
         that it was detached.",
        "Nothing: it is tried again. If it stays, look what was attached meanwhile.",
        DELETE,
    ),
    entry(
        "AWS-IAM-009",
        "an AWS service made the role",
        "A role of that name was made by an AWS service for itself, and nobody else may change \
         it.",
        "Choose another `role-name`.",
        LINKED,
    ),
    entry(
        "AWS-ROLE-001",
        "the role came into being meanwhile",
        "Between looking and making, somebody made a role of that name; or an attempt before \
         made it and is not seen yet.",
        "Plan again.",
        TROUBLE,
    ),
    own(
        "AWS-ROLE-002",
        "the role belongs to another connector",
        "It carries the tags of another connector. It is neither used nor changed.",
        "Choose another `role-name`.",
    ),
    own(
        "AWS-ROLE-003",
        "a role of that name is under a path",
        "Role names are unique in an account whatever their path, and ours have none.",
        "Choose another `role-name`, or make that role anew under another.",
    ),
    own(
        "AWS-ROLE-004",
        "a role of that name is somebody else's",
        "It lacks the tags `managed-by = skybridge` and `skybridge-connector`. If it was ours, \
         somebody took them off.",
        "Choose another `role-name`, put the tags back, or set `existing-role` to \"adopt\".",
    ),
    entry(
        "AWS-ROLE-005",
        "machines use the role",
        "Somebody put the role into an instance profile. Deleting it would take it from \
         machines.",
        "Take it out of the instance profile, and offboard again.",
        PROFILES,
    ),
    entry(
        "AWS-SCOPE-001",
        "the accounts cannot be listed",
        "Only the management account and delegated administrators may list them, and only with \
         organizations:ListAccounts.",
        "Operate from the management account, or list accounts in `scope`.",
        LIST,
    ),
    own(
        "AWS-SCOPE-002",
        "the account is not meant",
        "A pattern of `exclude` fits it, or none of `include` does.",
        "Nothing, unless it is meant: then change the patterns.",
    ),
    entry(
        "AWS-SCOPE-003",
        "the account is not active",
        "It is suspended, being closed, or not open yet. Nothing can be made in it.",
        "Reopen it, or exclude it.",
        CLOSE,
    ),
    entry(
        "AWS-SCOPE-004",
        "the account cannot be entered",
        "The operator may not become the member role there: accounts that were invited rather \
         than made have none of that name, and the management account has none at all.",
        "Make the role there, name the one there is in `member-role`, or exclude the account.",
        MEMBER,
    ),
    own(
        "AWS-SCOPE-005",
        "nothing is left to onboard",
        "Every account that is meant is left out, each for its reason.",
        "Mend the first reason, or widen `scope`.",
    ),
    entry(
        "AWS-SCOPE-006",
        "the account is in no organization",
        "`scope = { organization = true }` needs one.",
        "List accounts in `scope`, or leave it out.",
        LIST,
    ),
    own(
        "AWS-COLLECT-001",
        "nobody here can become the role",
        "What is in the accounts is read as the vendor reads it, and `trust.proof` is left out.",
        "Name credentials of the trusted principal in `trust.proof`.",
    ),
];
