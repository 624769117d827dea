//! Acme's HTTP API: one attempt a call. When to try again is for the host to decide.

use std::time::Duration;

use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skybridge_plugin_sdk::protocol::audit::Write;
use skybridge_plugin_sdk::protocol::open::SimulatedCloud;
use skybridge_plugin_sdk::protocol::rate_limit::RateLimit;
use skybridge_plugin_sdk::{Ctx, Error, Result, kind};

use crate::settings::Settings;

/// A whole exchange; Acme itself gives up after 30 seconds.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);

/// Pages of one list: a hundred items each, far above what any account has.
const PAGES_MAX: usize = 10_000;

/// The account's API, asked in the operator's name.
pub(crate) struct Api {
    base: String,
    token: Token,
    http: reqwest::Client,
}

/// Where the operator's token is.
enum Token {
    /// Read when it is needed: opening asks nobody.
    File(String),
    /// The simulated operator's.
    Given(String),
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
            Some(Some(Value::String(token))) => Token::Given(token.clone()),
            Some(_) => Token::Missing,
            None => named.map_or(Token::Missing, |path| Token::File(path.to_owned())),
        };
        // Each library has a copy of this setting; that it is set already is no error.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder()
            .timeout(EXCHANGE_LIMIT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::new(kind::UNEXPECTED, error.to_string()))?;
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
        let mut request = self.request(Method::GET, path)?.query(&[("after", after)]);
        if let Some(reader) = reader {
            request = request.header("x-reader", reader);
        }
        let response = request.send().await.map_err(|error| broken(operation, error))?;
        read(operation, answer(ctx, operation, response).await?).await
    }

    /// A whole list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
    ) -> Result<Vec<T>> {
        let (mut all, mut after) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let page: Page<T> = self.page(ctx, operation, path, (&after, None)).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => after = next,
                None => return Ok(all),
            }
        }
        let message = format!("{PAGES_MAX} pages and no end");
        Err(Error::new(kind::UNEXPECTED, message).operation(operation))
    }

    /// Makes something.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.request(Method::POST, path)?.json(body);
        read(operation, self.write(ctx, operation, path, request).await?).await
    }

    /// Removes something; false when it was not there.
    pub(crate) async fn delete(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
    ) -> Result<bool> {
        let request = self.request(Method::DELETE, path)?;
        match self.write(ctx, operation, path, request).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == kind::NOT_FOUND => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<reqwest::RequestBuilder> {
        let missing = |message: &str| {
            Error::new(kind::UNAUTHENTICATED, message)
                .help("name the file of a token in `operator.token`")
        };
        let token = match &self.token {
            Token::File(path) => fs_err::read_to_string(path)
                .map_err(|error| missing(&error.to_string()))?
                .trim()
                .to_owned(),
            Token::Given(token) => token.clone(),
            Token::Missing => return Err(missing("the operator has no token")),
        };
        Ok(self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token))
    }

    /// Sends what writes, and puts it on record whatever came of it.
    async fn write(
        &self,
        ctx: &Ctx,
        operation: &'static str,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<Response> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| broken(operation, error))?;
        let mut record = Write {
            operation: operation.into(),
            method: request.method().to_string(),
            target: path.into(),
            ..Write::default()
        };
        let outcome = client.execute(request).await;
        if let Ok(response) = &outcome {
            record.status = response.status().as_u16();
            record.request_id = header(response, "x-request-id");
        }
        ctx.audit(&record);
        answer(ctx, operation, outcome.map_err(|error| broken(operation, error))?).await
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// The answer when Acme agreed; otherwise an error by what can be done about it.
async fn answer(ctx: &Ctx, operation: &'static str, response: Response) -> Result<Response> {
    let status = response.status().as_u16();
    tracing::debug!(operation, status, "asked");
    if let Some(remaining) = header(&response, "x-ratelimit-remaining") {
        let remaining = remaining.parse().unwrap_or_default();
        ctx.rate_limit(RateLimit { remaining, calls: 1, ..RateLimit::default() });
    }
    if response.status().is_success() {
        return Ok(response);
    }
    let wait = header(&response, "retry-after").and_then(|text| text.parse().ok());
    let request_id = header(&response, "x-request-id");
    let body: Value = response.json().await.unwrap_or_default();
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
    if let Some(id) = request_id {
        error = error.context("request-id", id);
    }
    Err(match wait {
        Some(seconds) => error.after(Duration::from_secs(seconds)),
        None => error,
    })
}

async fn read<T: DeserializeOwned>(operation: &'static str, response: Response) -> Result<T> {
    response.json().await.map_err(|error| broken(operation, error))
}

fn broken(operation: &'static str, error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() { kind::TIMEOUT } else { kind::UNAVAILABLE };
    let mut message = error.without_url().to_string();
    if kind == kind::UNAVAILABLE {
        message = format!("no answer that can be read: {message}");
    }
    Error::new(kind, message).operation(operation)
}
