//! What services and the network answer, verification, and the host.

use super::{Entry, OF_HOST, OF_NETWORK, entry, own};

const ARM: &str = "https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling";
const GRAPH: &str = "https://learn.microsoft.com/graph/errors";
const NETWORK: &str =
    "https://learn.microsoft.com/azure/azure-resource-manager/management/tls-support";

const PAGING: &str = "https://learn.microsoft.com/graph/paging";
const ORGANIZATION: &str = "https://learn.microsoft.com/graph/api/resources/organization";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "AZ-HTTP-000",
        "a service answered something unheard of",
        "The status means nothing that the connector knows.",
        "Please report it with the request id.",
        GRAPH,
    ),
    own(
        "AZ-HTTP-003",
        "an answer cannot be read",
        "It is not what Microsoft's interface describes: a proxy or firewall may have answered in \
         the service's place.",
        "Look at what answers at the address; the message quotes the beginning.",
        OF_NETWORK,
    ),
    entry(
        "AZ-HTTP-004",
        "a list goes on at another address",
        "The link to the next page names another host. The operator's token is not sent there.",
        "A proxy may be rewriting answers; have it leave these hosts alone.",
        PAGING,
    ),
    entry(
        "AZ-HTTP-005",
        "a list does not end",
        "More pages came than any list of a tenant has.",
        "Please report it with the request id.",
        PAGING,
    ),
    own(
        "AZ-HTTP-006",
        "an answer is too large",
        "More bytes came than any answer of these services has.",
        "A proxy may be answering in the service's place.",
        OF_NETWORK,
    ),
    entry(
        "AZ-HTTP-400",
        "a service refused the request",
        "It answered 400 with a code that is not known better.",
        "The message has the service's own words; please report it if they make no sense.",
        GRAPH,
    ),
    entry(
        "AZ-HTTP-403",
        "a service refused for want of a right",
        "It answered 403 with a code that is not known better.",
        "The message says which right; have it given to the operator.",
        GRAPH,
    ),
    entry(
        "AZ-HTTP-404",
        "a service does not find it",
        "It answered 404 with a code that is not known better.",
        "Plan again.",
        GRAPH,
    ),
    entry(
        "AZ-HTTP-408",
        "a service did not answer in time",
        "It answered 408 or 504.",
        "Nothing: it is tried again.",
        GRAPH,
    ),
    entry(
        "AZ-HTTP-409",
        "somebody else changes the same thing",
        "A service answered 409 or 412 with a code that is not known better.",
        "Nothing: it is tried again. If it stays so, look who else writes there.",
        GRAPH,
    ),
    entry(
        "AZ-HTTP-429",
        "a service is asked too often",
        "It answered 429. Every caller of the tenant draws on the same allowance.",
        "Nothing: everything of the same allowance waits as long as the service says.",
        ARM,
    ),
    entry(
        "AZ-HTTP-500",
        "a service is unwell",
        "It answered 424 or 5xx.",
        "Nothing: it is tried again for ten minutes.",
        ARM,
    ),
    own(
        "AZ-NET-001",
        "a service cannot be reached",
        "No connection could be made: name resolution, routing, a firewall, or a proxy.",
        "Check that this machine may reach the address in the message; HTTPS_PROXY is honoured.",
        OF_NETWORK,
    ),
    own(
        "AZ-NET-002",
        "a service did not answer in time",
        "The connection was made and no answer came.",
        "Nothing: it is tried again; a write is looked for before it is repeated.",
        OF_NETWORK,
    ),
    own(
        "AZ-NET-003",
        "the connection broke off",
        "It ended before the whole answer was there. The effect may or may not have happened.",
        "Nothing: it is looked for, and tried again.",
        OF_NETWORK,
    ),
    entry(
        "AZ-NET-004",
        "a service's certificate is not trusted",
        "Somebody between here and the service opens TLS, or this machine's certificates are old.",
        "Have the proxy's certificate authority installed on this machine, or these hosts left \
         alone. Verification is never switched off.",
        NETWORK,
    ),
    own(
        "AZ-NET-005",
        "a request could not be sent",
        "It could not be built, or this machine's TLS could not be set up.",
        "The message says why; please report it if it makes no sense.",
        OF_NETWORK,
    ),
    entry(
        "AZ-VERIFY-001",
        "a grant is not in effect yet",
        "A probe as the connector itself is refused as it would be before a grant takes effect, \
         which takes up to ten minutes.",
        "Nothing within the step's budget. What stays refused was taken back: run `skybridge plan`.",
        "https://learn.microsoft.com/azure/role-based-access-control/troubleshooting",
    ),
    entry(
        "AZ-VERIFY-002",
        "Microsoft Graph shows another tenant",
        "The token opens another directory than the manifest's.",
        "Check `tenant` and `cloud`.",
        ORGANIZATION,
    ),
    own(
        "AZ-HOST-001",
        "the host left something out",
        "The host did not give an input or an output that the step needs: the saved plan was \
         changed, or host and plugin are of different versions.",
        "Plan again with host and plugin of one version; please report it if it stays so.",
        OF_HOST,
    ),
    own(
        "AZ-HOST-002",
        "the connector was opened without settings",
        "The host asked for steps of an instance that can only simulate.",
        "Please report it.",
        OF_HOST,
    ),
    own(
        "AZ-HOST-003",
        "the host asked for a step that does not exist",
        "A saved plan has a kind or name of step that this version of the plugin does not know.",
        "Plan again, or go on with the version that made the plan.",
        OF_HOST,
    ),
];
