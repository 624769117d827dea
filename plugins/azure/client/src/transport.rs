//! The seam between what is asked and how bytes travel.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::cloud::Endpoints;
use crate::encode;
use crate::error::ClientError;
use crate::request::{Body, Method, Request};
use crate::response::Response;
use skybridge_plugin_http::Secret;

/// A request with nothing left to decide.
pub struct WireRequest {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Headers, without the bearer token.
    pub headers: Vec<(&'static str, String)>,
    /// The bearer token.
    pub bearer: Option<Secret>,
    /// The payload and its type.
    pub body: Option<(&'static str, Secret)>,
    /// The request it was made from.
    pub origin: Request,
}

impl WireRequest {
    /// Addresses `request` and serialises its payload.
    #[must_use]
    pub fn new(request: &Request, endpoints: &Endpoints) -> Self {
        let body = match &request.body {
            Body::Empty => None,
            Body::Json(value) => Some(("application/json", Secret::new(value.to_string()))),
            Body::Form(fields) => Some(("application/x-www-form-urlencoded", form(fields))),
        };
        Self {
            method: request.method,
            url: format!("{}{}", endpoints.base(request.service), request.target()),
            headers: request.headers.clone(),
            bearer: None,
            body,
            origin: request.clone(),
        }
    }
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

fn form(fields: &[(&'static str, Secret)]) -> Secret {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        encode::push_form(&mut text, name);
        text.push('=');
        encode::push_form(&mut text, value.expose());
    }
    Secret::new(text)
}

/// Sends one request and reads the whole answer, whatever its status.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One exchange, no second attempt.
    async fn exchange(&self, request: WireRequest) -> Result<Response, ClientError>;

    /// The time at both ends, by which tokens and assertions go: the system's, unless what is at
    /// the other end is simulated and goes by another.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
