//! Acme's HTTP API: one attempt a call. When to try again is for the host to decide.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_http::{Answer, Http, HttpOptions, Outgoing, Secret, address, pages};
use skybridge_plugin_sdk::protocol::audit::Write;
use skybridge_plugin_sdk::protocol::open::SimulatedCloud;
use skybridge_plugin_sdk::protocol::rate_limit::RateLimit;
use skybridge_plugin_sdk::{Ctx, Error, Result, kind};

use crate::settings::Settings;

/// A whole exchange; Acme itself gives up after 30 seconds.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);

/// The longest wait that is believed; a longer one is a mistake of some intermediary.
const WAIT_MAX: Duration = Duration::from_secs(3_600);

/// Pages of one list: a hundred items each, far above what any account has.
const PAGES_MAX: usize = 10_000;

/// The account's API, asked in the operator's name.
pub(crate) struct Api {
    base: String,
    token: Token,
    http: Http,
}

/// Where the operator's token is.
enum Token {
    /// Read when it is needed: opening asks nobody.
    File(String),
    /// The simulated operator's.
    Given(Secret),
    Missing,
}

/// One page of a list.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Where the next one begins; none after the last. A page without items is not the last for that.
    pub(crate) next: Option<String>,
}

impl Api {
    pub(crate) fn new(
        settings: &Settings,
        operator: &Value,
        simulated: Option<&SimulatedCloud>,
    ) -> Result<Self> {
        let endpoint = |cloud: &SimulatedCloud| cloud.endpoints.get("api").cloned();
        let base = simulated.and_then(endpoint).unwrap_or_else(|| settings.endpoint.clone());
        let named = operator["token"].as_str().and_then(|token| token.strip_prefix("file:"));
        let token = match simulated.map(|cloud| cloud.operator.get("token")) {
            Some(Some(Value::String(token))) => Token::Given(Secret::new(token.clone())),
            Some(_) => Token::Missing,
            None => named.map_or(Token::Missing, |path| Token::File(path.to_owned())),
        };
        let options = HttpOptions { limit: Some(EXCHANGE_LIMIT), ..HttpOptions::default() };
        let agent = concat!("acme/", env!("CARGO_PKG_VERSION"));
        // The simulated cloud alone speaks in clear, on this machine.
        let http = match simulated {
            Some(_) => Http::with_plain(&options, agent),
            None => Http::new(&options, agent),
        };
        let http = http.map_err(|error| Error::new(kind::UNEXPECTED, error.to_string()))?;
        Ok(Self { base, token, http })
    }

    /// One page of a list, from the operator's point of view or from a reader's.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
        (after, reader): (&str, Option<&str>),
    ) -> Result<Page<T>> {
        let token = self.token()?;
        let request = Outgoing {
            method: "GET",
            url: &address(&self.base, path, &[("after", after)]),
            headers: reader.map(|reader| ("x-reader", reader)).into_iter().collect(),
            bearer: Some(&token),
            body: None,
        };
        let answer = self.http.exchange(&request).await;
        let answer = answer.map_err(|broken| Error::from(broken).operation(operation))?;
        read(operation, &agreed(ctx, operation, answer)?)
    }

    /// A whole list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
    ) -> Result<Vec<T>> {
        let message = format!("{PAGES_MAX} pages and no end");
        let endless = Error::new(kind::UNEXPECTED, message).operation(operation);
        let page = async |after: String| {
            let page: Page<T> = self.page(ctx, operation, path, (&after, None)).await?;
            Ok((page.items, page.next))
        };
        pages::all(String::new(), PAGES_MAX, page, endless).await
    }

    /// Makes something.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let body = serde_json::to_string(body)
            .map_err(|error| Error::new(kind::UNEXPECTED, error.to_string()))?;
        let answer = self.write(ctx, operation, ("POST", path), Some(Secret::new(body))).await?;
        read(operation, &answer)
    }

    /// Removes something; false when it was not there.
    pub(crate) async fn delete(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
    ) -> Result<bool> {
        match self.write(ctx, operation, ("DELETE", path), None).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == kind::NOT_FOUND => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn token(&self) -> Result<Secret> {
        let missing = |message: &str| {
            Error::new(kind::UNAUTHENTICATED, message)
                .help("name the file of a token in `operator.token`")
        };
        match &self.token {
            Token::File(path) => {
                let text = fs_err::read_to_string(path);
                let text = text.map_err(|error| missing(&error.to_string()))?;
                Ok(Secret::new(text.trim()))
            }
            Token::Given(token) => Ok(token.clone()),
            Token::Missing => Err(missing("the operator has no token")),
        }
    }

    /// Sends what writes, and puts it on record whatever came of it.
    async fn write(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        (method, path): (&'static str, &str),
        body: Option<Secret>,
    ) -> Result<Answer> {
        let token = self.token()?;
        let request = Outgoing {
            method,
            url: &address(&self.base, path, &[]),
            headers: body.iter().map(|_| ("content-type", "application/json")).collect(),
            bearer: Some(&token),
            body: body.as_ref(),
        };
        let outcome = self.http.exchange(&request).await;
        let (status, request_id) = match &outcome {
            Ok(answer) => (answer.status, answer.header("x-request-id").map(str::to_owned)),
            Err(_) => (0, None),
        };
        ctx.audit(&Write {
            operation: operation.into(),
            method: method.into(),
            target: path.into(),
            status,
            request_id,
        });
        let answer = outcome.map_err(|broken| Error::from(broken).operation(operation))?;
        agreed(ctx, operation, answer)
    }
}

/// The answer when Acme agreed; otherwise an error by what can be done about it.
fn agreed(ctx: &Ctx, operation: &'static str, answer: Answer) -> Result<Answer> {
    let status = answer.status;
    tracing::debug!(operation, status, "asked");
    if let Some(remaining) = answer.header("x-ratelimit-remaining") {
        let remaining = remaining.parse().unwrap_or_default();
        ctx.rate_limit(RateLimit { remaining, calls: 1, ..RateLimit::default() });
    }
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = body["error"].as_str().unwrap_or("Acme did not say why");
    let (kind, help) = match status {
        401 => {
            (kind::UNAUTHENTICATED, Some("make a new token and name its file in `operator.token`"))
        }
        403 => {
            (kind::PERMISSION_DENIED, Some("the operator needs the role `admin` in the account"))
        }
        404 => (kind::NOT_FOUND, None),
        409 => (kind::CONFLICT, None),
        429 => (kind::RATE_LIMITED, None),
        500..=599 => (kind::UNAVAILABLE, None),
        _ => (kind::UNEXPECTED, None),
    };
    let mut error = Error::new(kind, format!("Acme answered {status}: {message}"));
    error = error.operation(operation);
    if let Some(help) = help {
        error = error.help(help);
    }
    if let Some(id) = answer.header("x-request-id") {
        error = error.context("request-id", id);
    }
    Err(match answer.retry_after(ctx.host.now_unix_ms(), WAIT_MAX) {
        Some(wait) => error.after(wait),
        None => error,
    })
}

fn read<T: DeserializeOwned>(operation: &'static str, answer: &Answer) -> Result<T> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let message = format!("no answer that can be read: {error}");
        Error::new(kind::UNAVAILABLE, message).operation(operation)
    })
}
