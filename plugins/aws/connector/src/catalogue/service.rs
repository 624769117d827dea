//! The exchange itself.

use super::{Entry, entry, own};

const ERRORS: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html";
const THROTTLE: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html";

pub(super) const ENTRIES: &[Entry] = &[
    own(
        "AWS-HTTP-000",
        "an answer nobody expects",
        "The status is one no service of AWS gives.",
        "Look for a proxy; otherwise report it with the request id.",
    ),
    own(
        "AWS-HTTP-003",
        "a request could not be signed",
        "This is a mistake of the connector.",
        "Please report it.",
    ),
    own(
        "AWS-HTTP-004",
        "an answer cannot be read",
        "The body is not what the service answers with.",
        "Look for a proxy or firewall that answers in its place.",
    ),
    own(
        "AWS-HTTP-005",
        "a list has no end",
        "A service goes on sending pages.",
        "Please report it.",
    ),
    own(
        "AWS-HTTP-006",
        "an answer is too large",
        "It is larger than any honest one.",
        "Look for a proxy that answers in the service's place.",
    ),
    entry(
        "AWS-HTTP-400",
        "the request is not taken",
        "The service refuses it with a code of its own, which the message has.",
        "Report it with the request id if the message makes no sense.",
        ERRORS,
    ),
    entry(
        "AWS-HTTP-403",
        "the request is not allowed",
        "The service refuses it with a code that is not known here.",
        "Read the message; have what it names given to the operator.",
        ERRORS,
    ),
    entry(
        "AWS-HTTP-408",
        "it took too long",
        "The service gave up on itself.",
        "Nothing: it is tried again.",
        ERRORS,
    ),
    entry(
        "AWS-HTTP-409",
        "it conflicts with another change",
        "Somebody changes the same at the same time.",
        "Nothing: it is tried again.",
        ERRORS,
    ),
    entry(
        "AWS-HTTP-429",
        "asked too often",
        "The account or the service limits how often it is asked.",
        "Nothing: it is waited for, and everything of the same bucket with it.",
        THROTTLE,
    ),
    entry(
        "AWS-HTTP-500",
        "the service is unwell",
        "It answered with an error of its own.",
        "Nothing: it is tried again. If it stays, look at the AWS Health Dashboard.",
        ERRORS,
    ),
    own(
        "AWS-HTTP-501",
        "the service does not do this",
        "What answers is not AWS, or not all of it.",
        "Check `cloud` and AWS_ENDPOINT_URL.",
    ),
    own(
        "AWS-NET-001",
        "nobody answers",
        "The address cannot be reached from here.",
        "Check the network and the proxy, then resume.",
    ),
    own(
        "AWS-NET-002",
        "the answer does not come",
        "The connection stands and nothing comes back.",
        "Nothing: it is tried again.",
    ),
    own(
        "AWS-NET-003",
        "the exchange broke off",
        "What was asked may have been done; it is looked at again.",
        "Nothing: it is tried again.",
    ),
    own(
        "AWS-NET-004",
        "the certificate is not believed",
        "A proxy may be opening TLS, or an endpoint of one's own has its own authority.",
        "Have the authority trusted by this machine, or name it in `cloud.ca-file`.",
    ),
    own(
        "AWS-NET-005",
        "nothing can be sent from here",
        "TLS could not be set up on this machine.",
        "Look at the certificates the machine trusts; otherwise report it.",
    ),
];
