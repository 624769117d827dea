//! Whom the role trusts, and proving it.

use super::{Entry, entry, own};

const EXTERNAL: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html";
const PRINCIPAL: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html";
const CONSISTENT: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html";
const DEPUTY: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AWS-TRUST-001",
        "the external id is none",
        "It has characters STS does not take, or too many, or too few.",
        "Copy it from the vendor once more.",
        EXTERNAL,
    ),
    own(
        "AWS-TRUST-002",
        "the external id in the vault cannot be read",
        "What the vault has under that name is no text.",
        "Restore the vault, or remove the file and apply again.",
    ),
    own(
        "AWS-TRUST-003",
        "the system gives no random numbers",
        "An external id has to be one that nobody can guess.",
        "Look at the machine; this never happens on a healthy one.",
    ),
    entry(
        "AWS-TRUST-004",
        "AWS does not know the trusted principal",
        "A trust policy may only name accounts, roles and users that exist.",
        "Check `trust` with the vendor: the account id, and the exact ARN.",
        PRINCIPAL,
    ),
    own(
        "AWS-TRUST-005",
        "AWS does not take the trust policy",
        "It is built here, so this is a mistake of the connector.",
        "Please report it with the request id.",
    ),
    own(
        "AWS-TRUST-006",
        "there is no external id",
        "The vault has none, although a run made or sealed one: it was emptied, or is another.",
        "Plan again: another is made, and the vendor has to be told.",
    ),
    entry(
        "AWS-VERIFY-001",
        "the connection does not work yet",
        "IAM takes some seconds to take effect everywhere. What is new is waited for.",
        "Nothing; if it stays, something was taken back: apply again.",
        CONSISTENT,
    ),
    own(
        "AWS-VERIFY-002",
        "the role is not what it should be",
        "There is no such role, or it trusts somebody else than the manifest says.",
        "Apply again, which repairs it.",
    ),
    own(
        "AWS-VERIFY-003",
        "the proof is somebody else's",
        "The credentials `trust.proof` names are good, and not those of the principal the role \
         trusts.",
        "Name credentials of the trusted principal, or leave `trust.proof` out.",
    ),
    entry(
        "AWS-VERIFY-004",
        "the role can be had without the external id",
        "Whoever the vendor works for could have the vendor become this role: the confused \
         deputy.",
        "Apply again, which repairs the trust policy. What only looks like AWS may not evaluate \
         trust policies.",
        DEPUTY,
    ),
    own(
        "AWS-VERIFY-005",
        "the session is of another role",
        "STS answered with a session of another role or account than was asked for.",
        "Please report it.",
    ),
    own(
        "AWS-VERIFY-006",
        "the role may do more than read",
        "IAM says that the role may make users.",
        "Look at what is attached to the role, and apply again.",
    ),
];
