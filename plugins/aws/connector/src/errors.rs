//! What a refusal means: which kind of error, and whether trying again can help.
//!
//! IAM says "not there yet" and "never there" with the same words. Which one it is depends on
//! whether the thing was made moments ago; the caller knows and says so with [`Lag`].

use skybridge_aws_client::{ClientError, Service, ServiceError, TransportKind};
use skybridge_plugin_sdk::{Error, Retry, kind};

mod rules;

use rules::{Class, RULES, Rule};

/// Whether what a request names may simply not have reached every replica yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lag {
    /// It is old, or it was confirmed not to exist: absence is an answer.
    Impossible,
    /// It was made moments ago: absence is a matter of time.
    Possible,
}

impl Lag {
    /// Possible when `fresh`.
    pub(crate) const fn when(fresh: bool) -> Self {
        if fresh { Self::Possible } else { Self::Impossible }
    }
}

/// [`classify`], of what is old.
pub(crate) fn plain(error: ClientError) -> Error {
    classify(error, Lag::Impossible)
}

/// Turns a client's error into the host's.
pub(crate) fn classify(error: ClientError, lag: Lag) -> Error {
    match error {
        ClientError::Service(error) => refused(&error, lag),
        ClientError::Transport { service, operation, kind, message } => {
            unreachable(service, operation, kind, &message)
        }
        ClientError::Credential { message, transient } => {
            let kind = if transient { kind::UNAVAILABLE } else { kind::UNAUTHENTICATED };
            Error::new(kind, message)
                .code("AWS-AUTH-001")
                .operation("finding the operator's credentials")
                .help("provide what `operator.auth` names, or choose another")
        }
        ClientError::Signing { service, operation, message } => {
            let text = format!("internal error: signing a request to {service}: {message}");
            Error::new(kind::UNEXPECTED, text)
                .code("AWS-HTTP-003")
                .operation(operation)
                .help("please report it")
        }
        ClientError::Decode { service, operation, status, message, request_id } => {
            let text =
                format!("{service} answered {status} with a body that cannot be read: {message}");
            let out = Error::new(kind::CONTRACT_VIOLATION, text)
                .code("AWS-HTTP-004")
                .operation(operation)
                .help("a proxy or firewall may be answering in the service's place");
            match request_id {
                Some(id) => out.context("request-id", id),
                None => out,
            }
        }
        ClientError::TooManyPages { service, operation, pages } => {
            let text = format!("{service} sent {pages} pages and no end");
            Error::new(kind::CONTRACT_VIOLATION, text)
                .code("AWS-HTTP-005")
                .operation(operation)
                .help("this is a mistake of the service or of a proxy; please report it")
        }
    }
}

fn refused(error: &ServiceError, lag: Lag) -> Error {
    let found = RULES.iter().find(|rule| rule.covers(error));
    let (kind, code, help) = match found {
        Some(Rule { class: Class::Is(kind), code, help, .. }) => (*kind, *code, *help),
        Some(Rule { class: Class::Lags(kind), code, help, .. }) => match lag {
            Lag::Possible => (kind::NOT_REPLICATED, *code, ""),
            Lag::Impossible => (*kind, *code, *help),
        },
        None => by_status(error),
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

/// What a status means when its code says nothing more.
fn by_status(error: &ServiceError) -> (u16, &'static str, &'static str) {
    match error.status {
        429 => (kind::RATE_LIMITED, "AWS-HTTP-429", ""),
        408 | 504 => (kind::TIMEOUT, "AWS-HTTP-408", ""),
        501 => (
            kind::UNSUPPORTED,
            "AWS-HTTP-501",
            "what answers is not AWS, or not all of it; check `cloud`",
        ),
        500..=599 => (kind::UNAVAILABLE, "AWS-HTTP-500", ""),
        401 | 403 => (
            kind::PERMISSION_DENIED,
            "AWS-HTTP-403",
            "the message says what is lacking; have it given to the operator",
        ),
        400 | 404 => (
            kind::PRECONDITION,
            "AWS-HTTP-400",
            "please report it with the request id if the message makes no sense",
        ),
        409 => (kind::CONFLICT, "AWS-HTTP-409", ""),
        _ => (
            kind::UNEXPECTED,
            "AWS-HTTP-000",
            "a proxy may be answering in the service's place; otherwise report it with the request id",
        ),
    }
}

fn sentence(error: &ServiceError) -> String {
    let message = error.message.trim().trim_end_matches('.');
    let code = if error.code.is_empty() { "no code" } else { error.code.as_str() };
    let text = format!("{} answered {} {code}", error.service, error.status);
    if message.is_empty() { text } else { format!("{text}: {message}") }
}

fn facts(mut out: Error, error: &ServiceError) -> Error {
    out = out.context("status", error.status.to_string()).context("action", error.action);
    if !error.code.is_empty() {
        out = out.context("cloud-code", error.code.as_str());
    }
    match &error.request_id {
        Some(id) => out.context("request-id", id.as_str()),
        None => out,
    }
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
            base(kind::UNAVAILABLE, "AWS-NET-004")
                .retry(Retry::Permanent)
                .help("a proxy may be opening TLS; its certificate authority must be trusted here")
        }
        TransportKind::Connect => base(kind::UNAVAILABLE, "AWS-NET-001"),
        TransportKind::Timeout => base(kind::TIMEOUT, "AWS-NET-002"),
        TransportKind::Interrupted => base(kind::UNAVAILABLE, "AWS-NET-003"),
        TransportKind::TooLarge => base(kind::CONTRACT_VIOLATION, "AWS-HTTP-006")
            .help("a proxy may be answering in the service's place"),
        TransportKind::Refused => base(kind::UNEXPECTED, "AWS-NET-005").help(
            "it could not be sent from this machine: look at the certificates it trusts, and \
             report it if the message makes no sense",
        ),
    }
}
