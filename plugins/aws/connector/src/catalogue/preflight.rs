//! What would keep the planned writes from working.

use super::{Entry, entry, own};

const SIMULATOR: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html";
const SCP: &str =
    "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html";
const BOUNDARY: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";
const POLICIES: &str =
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AWS-PREFLIGHT-001",
        "something could not be looked at before the run",
        "The operator may not read what the preflight wanted to check. That says nothing about \
         the writes themselves.",
        "Allow the action the finding names to have it checked, or go on.",
        SIMULATOR,
    ),
    entry(
        "AWS-PREFLIGHT-002",
        "the operator may not do what the plan does",
        "IAM was asked, and does not allow the action the finding names.",
        "Have it allowed, or operate as somebody who may.",
        SIMULATOR,
    ),
    entry(
        "AWS-PREFLIGHT-003",
        "a service control policy would forbid it",
        "The organization limits what anybody in the account may do.",
        "Have the account or the operator's role spared.",
        SCP,
    ),
    entry(
        "AWS-PREFLIGHT-004",
        "a permissions boundary would forbid it",
        "The operator's own boundary does not allow the action.",
        "Have the boundary extended, or operate as somebody without one.",
        BOUNDARY,
    ),
    entry(
        "AWS-PREFLIGHT-005",
        "there is no room",
        "The account has as many roles as it may have, or the role would have more policies \
         than one may have.",
        "Make room, list fewer policies, or have the quota raised.",
        QUOTAS,
    ),
    own(
        "AWS-PREFLIGHT-006",
        "the role trusts its own account",
        "`trust` names the account the role is in. Whoever may become roles there may become \
         this one.",
        "Nothing if the watching is done from this account; else correct `trust`.",
    ),
    entry(
        "AWS-PREFLIGHT-007",
        "whether the operator may do it depends on a condition",
        "A policy of the operator's allows the action under a condition, such as iam:PolicyARN or \
         iam:PermissionsBoundary, on which the question says nothing.",
        "Read the condition. The run is not stopped for it; AWS decides.",
        SIMULATOR,
    ),
    entry(
        "AWS-POLICY-002",
        "there is no such policy",
        "AWS has no managed policy of that name in this partition.",
        "Check the name in `policies`, path included.",
        POLICIES,
    ),
];
