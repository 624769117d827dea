//! What a refusal means: which kind of error, and whether trying again can help.
//!
//! Azure says "not there yet" and "never there" with the same words. Which one it is depends on
//! whether the thing was made moments ago; the caller knows and says so with [`Lag`].

use skybridge_azure_client::{ClientError, Service, ServiceError, TransportKind};
use skybridge_plugin_sdk::{Error, Retry, kind};

mod device_code;
mod rules;

pub(crate) use device_code::DEVICE_SIGN_IN;

/// What is being done when the operator asks for a token.
pub(crate) const OPERATOR_SIGN_IN: &str = "signing in as the operator";

const OPERATOR_HELP: &str = "it is the operator's own credential that is refused: renew it, check \
     `tenant` and `cloud`, or choose another `operator.auth`";

use rules::{Class, RULES, Rule};

/// Whether what a request names may simply not have reached every replica yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lag {
    /// It is old, or it was confirmed not to exist: absence is an answer.
    Impossible,
    /// It was made moments ago, or is readable elsewhere: absence is a matter of time.
    Possible,
}

impl Lag {
    /// Possible when `fresh`.
    pub(crate) const fn when(fresh: bool) -> Self {
        if fresh { Self::Possible } else { Self::Impossible }
    }
}

/// Turns a client's error into the host's.
pub(crate) fn classify(error: ClientError, lag: Lag) -> Error {
    match error {
        ClientError::Service(error) => refused(&error, lag),
        ClientError::Transport { service, operation, kind, message } => {
            unreachable(service, operation, kind, &message)
        }
        ClientError::Credential { message } => {
            let help = if message.contains("not found on PATH") {
                "install the Azure CLI and sign in (`az login --tenant TENANT`), or choose another \
                 `operator.auth`"
            } else {
                "sign in again (`az login --tenant TENANT`), or choose another `operator.auth`"
            };
            Error::new(kind::UNAUTHENTICATED, message)
                .code("AZ-AUTH-004")
                .operation(OPERATOR_SIGN_IN)
                .help(help)
        }
        ClientError::NotSignedIn { message } => Error::new(kind::UNAUTHENTICATED, message)
            .code("AZ-AUTH-005")
            .operation(DEVICE_SIGN_IN)
            .help(device_code::NOT_SIGNED_IN),
        ClientError::WrongTenant { found, wanted } => {
            let message = format!("the operator is signed in to tenant {found}, not to {wanted}");
            Error::new(kind::UNAUTHENTICATED, message)
                .code("AZ-OPERATOR-001")
                .operation(OPERATOR_SIGN_IN)
                .help(format!(
                    "sign in to the manifest's tenant (`az login --tenant {wanted}`), or correct \
                     `tenant`"
                ))
        }
        ClientError::Decode { service, operation, status, message, request_id } => {
            let text =
                format!("{service} answered {status} with a body that cannot be read: {message}");
            let out = Error::new(kind::CONTRACT_VIOLATION, text)
                .code("AZ-HTTP-003")
                .operation(operation)
                .help("a proxy or firewall may be answering in the service's place")
                .context("status", status.to_string());
            match request_id {
                Some(id) => out.context("request-id", id),
                None => out,
            }
        }
        ClientError::ForeignNextLink { service, operation } => {
            let text = format!("{service} points to a next page outside its own address");
            Error::new(kind::CONTRACT_VIOLATION, text)
                .code("AZ-HTTP-004")
                .operation(operation)
                .help("a proxy may be rewriting answers; the operator's token is not sent there")
        }
        ClientError::TooManyPages { service, operation, pages } => {
            let text = format!("{service} sent {pages} pages and no end");
            Error::new(kind::CONTRACT_VIOLATION, text)
                .code("AZ-HTTP-005")
                .operation(operation)
                .help("this is a mistake of the service or of a proxy; please report it")
        }
    }
}

fn refused(error: &ServiceError, lag: Lag) -> Error {
    let by_device_code = error.operation == DEVICE_SIGN_IN;
    if let Some((kind, code, help)) = device_code::meaning(error).filter(|_| by_device_code) {
        let out = Error::new(kind, sentence(error)).code(code).operation(error.operation);
        return facts(out.help(help), error);
    }
    let found = RULES.iter().find(|rule| rule.covers(error));
    // What this run makes may be new; whoever runs it is not.
    let of_operator = by_device_code || error.operation == OPERATOR_SIGN_IN;
    let (kind, code, help) = match found {
        Some(Rule { class: Class::Is(kind), code, help, .. }) => (*kind, *code, (*help).to_owned()),
        Some(Rule { class: Class::Lags(kind), code, .. }) if of_operator => {
            (*kind, *code, OPERATOR_HELP.to_owned())
        }
        Some(Rule { class: Class::Lags(kind), code, help, .. }) => match lag {
            Lag::Possible => (kind::NOT_REPLICATED, *code, soon(help)),
            Lag::Impossible => (*kind, *code, (*help).to_owned()),
        },
        None => {
            let (kind, code, help) = by_status(error);
            (kind, code, help.to_owned())
        }
    };
    let mut out = Error::new(kind, sentence(error)).code(code).operation(error.operation);
    if !help.is_empty() {
        out = out.help(help);
    }
    if let Some(wait) = error.retry_after {
        out = out.after(wait);
    }
    facts(out, error)
}

/// What is left to do when the time for something to be known everywhere is over, and it is not.
pub(crate) const LATER: &str = "what was made or removed moments ago is not known everywhere for \
     minutes, seldom longer; run again then";

/// The same, with what it means if it stays so.
fn soon(lasting: &str) -> String {
    format!("{LATER}. If it stays so: {lasting}")
}

/// What a status means when its code says nothing more.
fn by_status(error: &ServiceError) -> (u16, &'static str, &'static str) {
    match error.status {
        429 => (kind::RATE_LIMITED, "AZ-HTTP-429", ""),
        408 | 504 => (kind::TIMEOUT, "AZ-HTTP-408", ""),
        // Graph's 424: something the request depended on failed.
        424 | 500..=599 => (kind::UNAVAILABLE, "AZ-HTTP-500", ""),
        401 if error.claims_challenge => (
            kind::UNAUTHENTICATED,
            "AZ-AUTH-002",
            "the tenant wants stronger proof: sign in again with multi-factor authentication",
        ),
        401 => (
            kind::UNAUTHENTICATED,
            "AZ-AUTH-001",
            "the token was not accepted; sign in again, into the manifest's tenant and cloud",
        ),
        403 => (
            kind::PERMISSION_DENIED,
            "AZ-HTTP-403",
            "the message says what is lacking; have it given to the operator",
        ),
        404 => (
            kind::NOT_FOUND,
            "AZ-HTTP-404",
            "it is not there, or the operator cannot see it; plan again",
        ),
        409 | 412 => (kind::CONFLICT, "AZ-HTTP-409", ""),
        400 => (
            kind::PRECONDITION,
            "AZ-HTTP-400",
            "please report it with the request id if the message makes no sense",
        ),
        _ => (
            kind::UNEXPECTED,
            "AZ-HTTP-000",
            "a proxy may be answering in the service's place; otherwise report it with the request id",
        ),
    }
}

fn sentence(error: &ServiceError) -> String {
    let message = error.message.trim().trim_end_matches('.');
    let code = if error.code.is_empty() { "no code" } else { error.code.as_str() };
    format!("{} answered {} {code}: {message}", error.service, error.status)
}

/// `out` with what a service said of the request that led to it.
pub(crate) fn known_as(out: Error, error: &ClientError) -> Error {
    match error.service() {
        Some(error) => facts(out, error),
        None => out,
    }
}

fn facts(out: Error, error: &ServiceError) -> Error {
    facts_of(error).into_iter().fold(out, |out, (key, value)| out.context(key, value))
}

/// How a service knows its refusal, in order.
pub(crate) fn facts_of(error: &ServiceError) -> Vec<(String, String)> {
    let mut all = vec![("status".to_owned(), error.status.to_string())];
    let mut add = |key: &str, value: String| all.push((key.to_owned(), value));
    if !error.code.is_empty() {
        add("cloud-code", error.code.clone());
    }
    if let Some(id) = &error.request_id {
        add("request-id", id.clone());
    }
    if let Some(id) = &error.correlation_id {
        add("correlation-id", id.clone());
    }
    for (code, message) in &error.inner {
        add("inner", format!("{code}: {message}"));
    }
    all
}

fn unreachable(
    service: Service,
    operation: &'static str,
    transport: TransportKind,
    message: &str,
) -> Error {
    let text = format!("{service} could not be asked: {message}");
    let base = |kind, code: &str| Error::new(kind, text.clone()).code(code).operation(operation);
    match transport {
        // A certificate that is not believed now will not be believed in a minute.
        TransportKind::Connect if message.contains("certificate") => {
            base(kind::UNAVAILABLE, "AZ-NET-004")
                .retry(Retry::Permanent)
                .help("a proxy may be opening TLS; its certificate authority must be trusted here")
        }
        TransportKind::Connect => base(kind::UNAVAILABLE, "AZ-NET-001"),
        TransportKind::Timeout => base(kind::TIMEOUT, "AZ-NET-002"),
        TransportKind::Interrupted => base(kind::UNAVAILABLE, "AZ-NET-003"),
        TransportKind::TooLarge => base(kind::CONTRACT_VIOLATION, "AZ-HTTP-006")
            .help("a proxy may be answering in the service's place"),
        TransportKind::Refused => base(kind::UNEXPECTED, "AZ-NET-005").help(
            "it could not be sent from this machine: look at the certificates it trusts, and \
             report it if the message makes no sense",
        ),
    }
}

/// Whether the login service refuses in a way it also refuses brand-new credentials and
/// applications for a while: invalid secret, unknown application, expired secret, unknown
/// certificate, no federated credential that fits.
pub(crate) fn is_credential_lag(error: &ClientError) -> bool {
    const LAGGING: [u32; 8] =
        [7_000_215, 700_016, 7_000_222, 700_027, 70_021, 700_211, 700_212, 700_213];
    has_login_code(error, &LAGGING)
}

/// Whether the login service refuses the credential itself: what a removed one must come to.
pub(crate) fn is_refused_credential(error: &ClientError) -> bool {
    const REFUSED: [u32; 3] = [7_000_215, 7_000_222, 700_027];
    has_login_code(error, &REFUSED)
}

fn has_login_code(error: &ClientError, codes: &[u32]) -> bool {
    error.service().is_some_and(|error| {
        error.service == Service::Login && error.login_codes.iter().any(|code| codes.contains(code))
    })
}
