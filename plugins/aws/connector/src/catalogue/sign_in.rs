//! Credentials, and whose they are.

use super::{Entry, entry};

const CHAIN: &str = "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html";
const KEYS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html";
const SIGNING: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html";
const TEMPORARY: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html";
const OIDC: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html";
const CALLER: &str =
    "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html";
const OPTIN: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html";
const REGIONS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html";
const ROOT: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AWS-AUTH-001",
        "there are no credentials",
        "The way of signing in that `operator.auth` names found nothing: variables are not set, \
         the profile has no keys, or no metadata service answers. Profiles that sign in by \
         single sign-on or become a role are not read.",
        "Provide what the message names, or choose another way. For single sign-on run `aws \
         configure export-credentials --format env` and use \"environment\".",
        CHAIN,
    ),
    entry(
        "AWS-AUTH-002",
        "the access key is not known",
        "It was deleted or switched off, belongs to another partition, or is of a session whose \
         token is missing.",
        "Sign in again, or copy all three values once more.",
        KEYS,
    ),
    entry(
        "AWS-AUTH-003",
        "the request's time is not AWS's",
        "This machine's clock differs by more than five minutes.",
        "Set the clock.",
        SIGNING,
    ),
    entry(
        "AWS-AUTH-004",
        "the signature does not fit",
        "The secret access key does not belong to the access key id, or something between here \
         and AWS changes requests.",
        "Copy both once more; look for a proxy.",
        SIGNING,
    ),
    entry(
        "AWS-AUTH-005",
        "the session is over",
        "Temporary credentials ended, and no new ones are to be had.",
        "Sign in again, and resume.",
        TEMPORARY,
    ),
    entry(
        "AWS-AUTH-006",
        "the web identity is not accepted",
        "The token is not one the role's trust policy takes, or its issuer is not known to the \
         account.",
        "Compare issuer, audience and subject with the role's trust policy.",
        OIDC,
    ),
    entry(
        "AWS-ACCOUNT-001",
        "the credentials are of another account",
        "They are good, and for another account than the manifest names. Nothing was asked of \
         it but who one is.",
        "Choose credentials of the account, or correct `account`.",
        CALLER,
    ),
    entry(
        "AWS-ACCOUNT-002",
        "the account is not ready to be used",
        "AWS has not finished opening it, or waits for its owner.",
        "Read what AWS wrote to its owner.",
        OPTIN,
    ),
    entry(
        "AWS-ACCOUNT-003",
        "STS is switched off in the region",
        "The account has switched STS off in the region that is asked.",
        "Set `cloud = { region = \"…\" }`, or switch it on under Account settings of IAM.",
        REGIONS,
    ),
    entry(
        "AWS-OPERATOR-001",
        "the operator is the account's root user",
        "The root user has no limits and cannot be bounded by policies.",
        "Operate as a role that may manage roles.",
        ROOT,
    ),
];
