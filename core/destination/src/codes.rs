//! The stable codes of this crate and what `skybridge explain` says about them.

/// What a code means.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

/// The explanation of one of this crate's codes.
#[must_use]
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|explanation| explanation.code == code)
}

macro_rules! codes {
    ($($name:ident = $code:literal, $title:literal, $cause:literal, $fix:literal;)*) => {
        $(pub(crate) const $name: &str = $code;)*
        /// Every code of this crate, in order.
        pub const EXPLANATIONS: &[Explanation] =
            &[$(Explanation { code: $code, title: $title, cause: $cause, fix: $fix }),*];
    };
}

codes! {
    ADDRESS = "SKY-DEST-001", "the destination's address cannot be used",
        "It is no https address, is longer than 2048 bytes, or has a user name in it.",
        "Write an https address without user name, such as `https://api.example.com/graphql`.";
    KEY = "SKY-DEST-002", "the destination's key cannot be used",
        "The variable or file that `key` names is empty, or holds what no header can carry.",
        "Put the key alone into it, as one line of printable characters.";
    UNSIGNED = "SKY-DEST-003", "a connection with a secret is not sent unsigned",
        "The webhook has no `key`, so its receiver could not tell our credentials from anybody's.",
        "Give the destination a `key`, and have the receiver check the signature with it.";
    SECRET = "SKY-DEST-004", "a secret of the connection cannot be opened",
        "The vault does not hold it, or it was sealed for another identity.",
        "Check the identity file; when the secret is lost, `skybridge rotate` makes a new one.";
    CONNECTION = "SKY-DEST-005", "the connection does not fit the destination",
        "A field is missing, is there twice or has no text, or the plugin's words for the platform are not whole.",
        "Update the plugin or tell its author; until then use kind = \"manual\".";
    SETUP = "SKY-DEST-006", "TLS could not be set up",
        "The certificate authority is no PEM, or the machine's own certificates cannot be read.",
        "Check the file with `openssl x509 -in FILE -noout -text`; install the system's CA certificates.";
    CERTIFICATE = "SKY-DEST-007", "the destination's certificate is not trusted",
        "It is from an authority this machine does not know, is out of date, or is for another name.",
        "Check the address and this machine's clock; have the authority installed on this machine.";
    UNREACHABLE = "SKY-DEST-008", "the destination could not be reached",
        "The name is not known, nobody listens, or the connection broke or took too long.",
        "Check the address, the network and the proxy. Trying again is safe, also when an answer was lost.";
    TOO_LARGE = "SKY-DEST-009", "the answer is too large",
        "More than 4 MiB came back; no answer that is meant is that long.",
        "Check the address.";
    REFUSED = "SKY-DEST-010", "the destination refused it",
        "It answered with a status that trying again does not change.",
        "What it said stands with the status; check the address and what the receiver expects.";
    UNWELL = "SKY-DEST-011", "the destination is unwell",
        "It answered 408, 425 or 5xx, and went on doing so.",
        "Apply again later; what was handed over already is found again.";
    RATE_LIMITED = "SKY-DEST-012", "the destination takes no more calls for now",
        "Its rate limit is used up, perhaps by others that use the same key.",
        "Wait for the time named, or use a key of its own.";
    KEY_REFUSED = "SKY-DEST-013", "the platform does not accept the key",
        "The key is wrong, has expired, or may not change connectors.",
        "Create a key of type API Integration in the platform's settings, and put it where `key` says.";
    ODD_ANSWER = "SKY-DEST-014", "the answer is not what the platform's documentation says",
        "Something else answers at that address, a login page or a proxy, or the platform has changed.",
        "Check that the address is the GraphQL one; otherwise use kind = \"manual\" and tell us.";
    PLATFORM = "SKY-DEST-015", "the platform answered with errors",
        "It understood the call and did not do it.",
        "Its own words stand with it.";
    NO_CONNECTOR = "SKY-DEST-016", "the platform has no such connector",
        "None of its connectors has one of the names that the plugin gives.",
        "Check that the connector is offered to your organization; otherwise use kind = \"manual\".";
    MANY_CONNECTORS = "SKY-DEST-017", "several connectors of the platform fit",
        "More than one has one of the names that the plugin gives, and credentials go to exactly one.",
        "Use kind = \"manual\" and paste the connection into the right one.";
    CREDENTIALS_TYPE = "SKY-DEST-018", "the connector does not take this type of credentials",
        "The platform lists other types for it than the plugin makes.",
        "Update the plugin, or use kind = \"manual\".";
    NOT_VALID = "SKY-DEST-019", "the platform could not use the credentials",
        "It has them and could not sign in with them. A new secret is not known everywhere for some minutes.",
        "Apply again; if it stays, `skybridge verify` says whether the connection works from here.";
    OCCUPIED = "SKY-DEST-020", "the connector has credentials of somebody else's and takes only one set",
        "Adding ours could overwrite them.",
        "Remove them in the platform, or use kind = \"manual\".";
    NOT_LISTED = "SKY-DEST-021", "credentials were added and are not listed yet",
        "The platform took them and does not show them yet.",
        "Nothing: the next attempt looks again. If it stays, look for them in the platform.";
}
