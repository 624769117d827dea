//! Reading about very many scopes in one call.
//!
//! A step makes one attempt and leaves waiting to the host. A look at a thousand subscriptions
//! cannot: starting over because the last of three thousand reads was told to wait would never come
//! to an end. So here, and only here, a busy answer is waited for in place.

use std::time::Duration;

use serde::de::DeserializeOwned;
use skybridge_azure_client::{ClientError, Request, ServiceError};
use skybridge_plugin_sdk::{Result, Retry};

use crate::errors::{Lag, classify};
use crate::session::Session;

/// Requests at the same time: enough to hide latency, far below Azure's read limits.
pub(crate) const IN_FLIGHT: usize = 16;

/// Attempts at one read.
const ATTEMPTS: u32 = 8;

/// The longest wait between two attempts. Azure's own waits are shorter.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How many of many things a sentence names.
const NAMED_MAX: usize = 5;

/// What a read gave.
#[derive(Debug)]
pub(crate) enum Read<T> {
    There(T),
    /// The service said no, in its own words.
    Refused(Box<ServiceError>),
}

impl<T> Read<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Read<U> {
        match self {
            Self::There(value) => Read::There(change(value)),
            Self::Refused(error) => Read::Refused(error),
        }
    }
}

/// Reads a whole list.
pub(crate) async fn list<T: DeserializeOwned>(
    session: &Session<'_>,
    request: impl Fn() -> Request,
) -> Result<Read<Vec<T>>> {
    patiently(|| session.list(request())).await
}

/// Reads one thing.
pub(crate) async fn read<T: DeserializeOwned>(
    session: &Session<'_>,
    request: &Request,
) -> Result<Read<T>> {
    patiently(|| session.json(request)).await
}

async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<Read<T>>
where
    F: Future<Output = std::result::Result<T, ClientError>>,
{
    let (mut left, mut wait) = (ATTEMPTS, Duration::from_secs(1));
    loop {
        left -= 1;
        let error = match attempt().await {
            Ok(found) => return Ok(Read::There(found)),
            Err(ClientError::Service(error)) if matches!(error.status, 400 | 403 | 404 | 405) => {
                return Ok(Read::Refused(error));
            }
            Err(error) => classify(error, Lag::Impossible),
        };
        if left == 0 || !matches!(error.retry, Retry::Transient | Retry::RateLimited) {
            return Err(error);
        }
        tokio::time::sleep(error.retry_after.unwrap_or(wait).min(WAIT_MAX)).await;
        wait *= 2;
    }
}

/// A refusal as half a sentence.
pub(crate) fn words_of(error: &ServiceError) -> String {
    let message = error.message.trim().trim_end_matches('.');
    format!("{} answered {} {}: {message}", error.service, error.status, error.code)
}

/// What to do, and what the service knows its refusal by. A reason does not say that: plans are the
/// same if their reasons are.
pub(crate) fn help_on(error: &ServiceError, help: &str) -> String {
    match &error.request_id {
        Some(id) => format!("{help} ({} knows the refusal as request-id {id})", error.service),
        None => help.to_owned(),
    }
}

/// The first of many things, and how many more there are.
pub(crate) fn named(all: &[String]) -> String {
    let first: Vec<&str> = all.iter().take(NAMED_MAX).map(String::as_str).collect();
    let rest = all.len() - first.len();
    let more = if rest == 0 { String::new() } else { format!(" and {rest} more") };
    format!("{}{more}", first.join(", "))
}
