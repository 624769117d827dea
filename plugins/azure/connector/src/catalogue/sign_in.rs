//! Settings, signing in, tokens.

use super::{Entry, OF_MANIFEST, OF_REHEARSAL, entry, own};

const AADSTS: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";
const DEVICE_CODE: &str =
    "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code";
const CONSENT: &str =
    "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent";
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
        "AZ-AUTH-005",
        "nobody signed in on another device",
        "With `auth = \"device-code\"` a person enters a code at an address and signs in there. The \
         code ran out before somebody did, the person declined, or the command has no way to tell \
         anybody.",
        "Run again and sign in while the code is good, or choose another `operator.auth` where \
         nobody can.",
        DEVICE_CODE,
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
         deleted, or tenant and cloud do not fit. In a sign-in by device code it is the client that \
         `client-id` names.",
        "Check `tenant` and `cloud`, and `client-id` if there is one; plan again.",
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
         (AADSTS50034, 50076, 50079, 50126, 53003), or a sign-in that was kept is over (invalid_grant \
         with another number).",
        "Sign in interactively: `az login --tenant TENANT`, or by device code. Where a policy stands \
         in the way (53003), from a device and a place that it allows, or choose another \
         `operator.auth`.",
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
    entry(
        "AZ-LOGIN-014",
        "the client people sign in to is not a public one",
        "AADSTS7000218 in a sign-in by device code: the application that `client-id` names has to \
         prove itself with a secret or certificate, and no person's machine has one.",
        "Switch on `Allow public client flows` of the application (Entra > App registrations > \
         Authentication), or name another client.",
        "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/confidential-client-application-authentication-error-aadsts7000218",
    ),
    entry(
        "AZ-LOGIN-015",
        "nobody consented to what the client asks for",
        "AADSTS65001 in a sign-in by device code: neither an administrator nor the person consented \
         to what the client of `client-id` may do, or not for this service.",
        "Have an administrator consent to the delegated permissions the help names, and run again.",
        CONSENT,
    ),
];
