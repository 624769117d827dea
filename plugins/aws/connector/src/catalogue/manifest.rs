//! Settings, the operator's table, and the host.

use super::{Entry, entry, own};

const JOBS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html";
const EXTERNAL: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html";

pub(super) const ENTRIES: &[Entry] = &[
    own(
        "AWS-CONFIG-001",
        "the settings cannot be read",
        "The settings are valid by the schema and still cannot be read: host and plugin are of \
         different versions.",
        "Use host and plugin of one build.",
    ),
    own(
        "AWS-CONFIG-002",
        "a setting makes no sense",
        "A value is well formed and contradicts another one, or names something twice, or \
         belongs to another partition.",
        "Correct the place the message points at.",
    ),
    own(
        "AWS-CONFIG-003",
        "the operator's table makes no sense",
        "A key of `operator` does not go with the way of signing in.",
        "Leave the key out, or choose the way it goes with.",
    ),
    own(
        "AWS-CONFIG-004",
        "a secret the manifest refers to is not there",
        "The variable is not set, or the file cannot be read or is empty.",
        "Set the variable or write the file; relative paths begin where the command runs.",
    ),
    own(
        "AWS-CONFIG-005",
        "the certificate authority's file cannot be used",
        "`ca-file` names no file, a file that is too large, or one without a certificate in PEM \
         form.",
        "Name a PEM file with the certificate authority of the services.",
    ),
    own(
        "AWS-CONFIG-006",
        "an address is plain http to another machine",
        "Requests would cross a network in clear, session tokens among them.",
        "Write https; plain http is for this machine alone.",
    ),
    entry(
        "AWS-POLICY-001",
        "a policy lets its holder change things",
        "The role is for watching. A policy that writes would let whoever becomes the role \
         change the account.",
        "Choose policies that read, such as SecurityAudit and job-function/ViewOnlyAccess.",
        JOBS,
    ),
    entry(
        "AWS-ROTATE-001",
        "there is nothing to rotate",
        "The vendor becomes the role for an hour at a time; no credential outlives that.",
        "For another external id, offboard and apply again, or name another in `external-id`.",
        EXTERNAL,
    ),
    own(
        "AWS-SIMULATE-001",
        "this plugin has no simulated AWS",
        "A rehearsal was asked for, and there is no simulated cloud in this plugin.",
        "Rehearse on moto: run `moto_server`, and set `cloud = { endpoint = \
         \"http://127.0.0.1:5000\" }`.",
    ),
    own(
        "AWS-HOST-001",
        "the host gave less than the contract says",
        "An input, output or field that the step declares is missing.",
        "Use host and plugin of one build; if they are, report it.",
    ),
    own(
        "AWS-HOST-002",
        "the connector was opened without settings",
        "The host asked for work of an instance that has none.",
        "Use host and plugin of one build; if they are, report it.",
    ),
    own(
        "AWS-HOST-003",
        "there are no such steps",
        "The plan has a step of a kind this version does not know.",
        "Plan again with this version of the plugin.",
    ),
    own(
        "AWS-HOST-004",
        "the facts of the survey are of another version",
        "They were written by another version of the plugin.",
        "Plan again with this version of the plugin.",
    ),
];
