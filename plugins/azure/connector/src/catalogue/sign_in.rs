//! Settings, signing in, tokens.

use super::{Entry, OF_MANIFEST, OF_REHEARSAL, entry, own};

const AADSTS: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";
const CLOUDS: &str = "https://learn.microsoft.com/graph/deployments";

pub(super) const ENTRIES: &[Entry] = &[
    own(
        "AZ-CONFIG-001",
        "the settings cannot be read",
        "They are valid by the schema and say something the connector cannot make sense of.",
        "The message names the key; `skybridge plugin inspect FILE --run` prints the schema.",
        OF_MANIFEST,
    ),
    own(
        "AZ-CONFIG-002",
        "settings contradict each other",
        "Two settings cannot both hold: something is listed twice, or belongs to something that is \
         not listed.",
        "The message names the place in the manifest.",
        OF_MANIFEST,
    ),
    own(
        "AZ-CONFIG-003",
        "the operator's table cannot be read",
        "`[connectors.NAME.operator]` has a key its kind of sign-in does not take, or lacks one.",
        "The message names the key.",
        OF_MANIFEST,
    ),
    own(
        "AZ-CONFIG-004",
        "the simulated cloud's operator cannot be used",
        "The simulator was started by another version, or its answer was changed on its way.",
        "Use host, plugin and simulator of one version.",
        OF_REHEARSAL,
    ),
    own(
        "AZ-CONFIG-005",
        "the simulated cloud lacks an endpoint",
        "What answers as a simulator gives no address for one of the services.",
        "Use host, plugin and simulator of one version.",
        OF_REHEARSAL,
    ),
    entry(
        "AZ-AUTH-001",
        "the operator's token was not accepted",
        "The service answered 401: the token has expired, is for another service, tenant or cloud.",
        "Sign in again, into the manifest's tenant and cloud.",
        AADSTS,
    ),
    entry(
        "AZ-AUTH-002",
        "the tenant wants stronger proof of who signs in",
        "The service answered 401 with a claims challenge. Microsoft demands multi-factor \
         authentication of people who change resources with command-line tools.",
        "Sign in again with multi-factor authentication (`az login --tenant TENANT`), or run as a \
         service principal or managed identity.",
        "https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication",
    ),
    entry(
        "AZ-AUTH-004",
        "nobody could be signed in as the operator",
        "The chosen way of signing in has no credential here; the message says which part is \
         missing.",
        "Sign in (`az login --tenant TENANT`, once the Azure CLI is installed), set what is \
         missing, or choose another `operator.auth`.",
        "https://learn.microsoft.com/cli/azure/authenticate-azure-cli",
    ),
    entry(
        "AZ-LOGIN-001",
        "the client secret is not accepted",
        "AADSTS7000215. A secret made moments ago is refused for a while and waited for; otherwise \
         it was removed, or its id was used in its place.",
        "Run `skybridge apply`: it makes a new one and hands it over.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-002",
        "the client secret has expired",
        "AADSTS7000222.",
        "Run `skybridge apply`: it makes a new one and hands it over. `skybridge status` warns \
         before the next one ends.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-003",
        "the application is not in the tenant",
        "AADSTS700016. One made moments ago is unknown for a while and waited for; otherwise it was \
         deleted, or tenant and cloud do not fit.",
        "Check `tenant` and `cloud`; plan again.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-004",
        "there is no such tenant in this cloud",
        "AADSTS90002.",
        "Check `tenant` and `cloud`.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-005",
        "tenant and application are in different clouds",
        "AADSTS900382 or AADSTS900384: a credential of one national cloud was used in another.",
        "Check `cloud`.",
        CLOUDS,
    ),
    entry(
        "AZ-LOGIN-006",
        "the tenant does not know the service a token was asked for",
        "AADSTS500011: the service's own principal is not in the tenant. For Kubernetes that means \
         that no cluster with Entra sign-in was ever made.",
        "For Kubernetes nothing: it comes with the first such cluster. Otherwise check `cloud`.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-007",
        "the token request was malformed",
        "AADSTS70011, 28002, 700022 or 7000218: a mistake of the connector.",
        "Please report it with the trace id.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-008",
        "a person has to sign in",
        "The login service wants a person's password, second factor, or a device that complies \
         (AADSTS50034, 50076, 50079, 50126, 53003), or a sign-in of hers is over (invalid_grant with \
         another number).",
        "Sign in interactively: `az login --tenant TENANT`. Where Conditional Access stands in the \
         way (53003), from a device and a place that it allows.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-009",
        "the login service is unwell",
        "AADSTS90006, 90024, 90033 or 90090.",
        "Nothing: it is tried again.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-010",
        "the application's credential is not accepted",
        "The login service answered invalid_client or unauthorized_client with a number that is not \
         known better.",
        "Look the AADSTS number up; the message has it.",
        AADSTS,
    ),
];
