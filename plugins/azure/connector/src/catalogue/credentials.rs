//! What the connector signs in with, and replacing it.

use super::{Entry, OF_NETWORK, OF_VAULT, entry, own};

const CERTIFICATES: &str =
    "https://learn.microsoft.com/entra/identity-platform/certificate-credentials";
const FEDERATION: &str =
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations";
const CREATE_FEDERATION: &str =
    "https://learn.microsoft.com/graph/api/application-post-federatedidentitycredentials";
const AADSTS: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";

pub(super) const ENTRIES: &[Entry] = &[
    own(
        "AZ-CRED-001",
        "a certificate of the vault cannot be used",
        "What the vault keeps under the certificate's name is no certificate with its key.",
        "`skybridge rotate` makes a new one; if the vault was restored from a copy, use a newer \
         copy.",
        OF_VAULT,
    ),
    entry(
        "AZ-CRED-002",
        "a file the manifest names cannot be used",
        "The file is missing, too large, readable by others although it holds a private key, or \
         holds no certificate with its RSA key in PEM.",
        "The message says which; `chmod 600 FILE` keeps others out, `openssl pkcs8 -topk8 -nodes` \
         converts a key.",
        CERTIFICATES,
    ),
    entry(
        "AZ-CRED-003",
        "the token file holds no token",
        "`credential.assertion` names a file that must hold one JSON web token and nothing else.",
        "Have the issuer write its token there.",
        FEDERATION,
    ),
    entry(
        "AZ-CRED-004",
        "the token is another than was agreed on",
        "Its issuer, subject or audience is not the manifest's. Entra compares all three exactly, \
         capitals and final slashes included.",
        "Correct the manifest and run `skybridge apply`, or ask the issuer for another token.",
        FEDERATION,
    ),
    entry(
        "AZ-CRED-005",
        "the token has expired",
        "Tokens of an issuer live for minutes; the file holds an old one.",
        "Have the issuer write a new one, then try again.",
        FEDERATION,
    ),
    own(
        "AZ-CRED-006",
        "no key could be made",
        "The system gave no randomness, or what was made could not be read back.",
        "Try again; report it if it stays.",
        OF_NETWORK,
    ),
    entry(
        "AZ-CRED-007",
        "a federated credential of the name trusts somebody else",
        "Names are unique on an application and cannot be changed, and this one is taken by \
         another issuer or subject.",
        "Remove the credential that nobody needs, or choose another `credential.name`.",
        CREATE_FEDERATION,
    ),
    entry(
        "AZ-CRED-008",
        "the application has as many federated credentials as it may",
        "An application holds twenty.",
        "Remove one that nobody needs.",
        FEDERATION,
    ),
    entry(
        "AZ-CRED-009",
        "issuer and subject are trusted for another audience",
        "An application holds one federated credential for each issuer and subject; somebody else \
         made it, for another audience.",
        "Set `credential.audience` to that audience, or have its owner change it.",
        CREATE_FEDERATION,
    ),
    entry(
        "AZ-CRED-010",
        "issuer and subject are trusted already, and it is not seen yet",
        "Graph refused the federated credential because the application has one for the same issuer \
         and subject, and does not list it yet: it was made moments ago.",
        "Nothing: it is tried again, and taken over once it is listed.",
        CREATE_FEDERATION,
    ),
    entry(
        "AZ-LOGIN-011",
        "the certificate is not accepted",
        "AADSTS700027: the application does not list the certificate, or it has expired. A \
         certificate listed moments ago is waited for.",
        "`skybridge apply` lists one again.",
        AADSTS,
    ),
    entry(
        "AZ-LOGIN-012",
        "the assertion is for another address or another time",
        "AADSTS700023 and 700024: assertions are made for one address and ten minutes.",
        "Check `cloud`, and set this machine's clock.",
        CERTIFICATES,
    ),
    entry(
        "AZ-LOGIN-013",
        "no federated credential fits the token",
        "AADSTS70021, 700211, 700212 and 700213: issuer, subject and audience of the token are not \
         those of a federated credential of the application.",
        "Compare the token with the manifest, character by character.",
        FEDERATION,
    ),
    entry(
        "AZ-ROTATE-001",
        "there is nothing to rotate",
        "A federated credential is no secret: nothing of it wears out or can be stolen here.",
        "To trust another issuer or subject, change the manifest and run `skybridge apply`.",
        FEDERATION,
    ),
    entry(
        "AZ-ROTATE-002",
        "the login service still takes the old credential",
        "It was removed moments ago, and not every front end knows yet. This is waited for.",
        "`skybridge resume` goes on waiting; if it stays, look under the application's \
         Certificates & secrets.",
        "https://learn.microsoft.com/graph/api/application-removepassword",
    ),
    entry(
        "AZ-ROTATE-003",
        "the file still holds the certificate in use",
        "With a certificate from a file, rotating means going over to the file's new one.",
        "Put the new certificate and its key into the file, then rotate again.",
        CERTIFICATES,
    ),
    own(
        "AZ-ROTATE-004",
        "there is no application of this connector to rotate",
        "Rotating replaces the credential of a connection that is there.",
        "Run `skybridge apply` first.",
        OF_VAULT,
    ),
];
