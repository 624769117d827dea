//! What is asked of a service, before anybody sends it.

use std::fmt;

use serde_json::Value;

use crate::cloud::Service;
use crate::encode;
use skybridge_plugin_http::Secret;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Puts a whole thing under a name the caller chose.
    Put,
    /// Everything that has no better verb.
    Post,
    /// Changes some fields.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a request changes anything: what the audit log is interested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks.
    Read,
    /// It changes the cloud.
    Write,
}

/// The payload of a request.
#[derive(Clone, Default)]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// A JSON document.
    Json(Value),
    /// A form. Values are secrets because the only form here carries one.
    Form(Vec<(&'static str, Secret)>),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(value) => write!(f, "Json({value})"),
            Self::Form(fields) => f.debug_list().entries(fields.iter().map(|(n, _)| n)).finish(),
        }
    }
}

/// One request to one service.
#[derive(Debug, Clone)]
pub struct Request {
    /// Whom to ask.
    pub service: Service,
    /// The method.
    pub method: Method,
    /// The path below the service's base address, encoded, with its leading slash.
    pub path: String,
    /// The query, encoded, without the question mark and without the api-version.
    pub query: String,
    /// The `api-version` query parameter; Graph and login have none.
    pub api_version: Option<&'static str>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The payload.
    pub body: Body,
    /// Sending it twice equals sending it once.
    pub idempotent: bool,
    /// Whether it changes anything.
    pub effect: Effect,
    /// What it is about, for error messages: `creating role assignment`.
    pub operation: &'static str,
}

impl Request {
    /// A request that only reads.
    #[must_use]
    pub fn get(service: Service, path: Path, operation: &'static str) -> Self {
        Self::new(service, Method::Get, path, operation)
    }

    /// A request with any method. `POST` is taken for not idempotent, and all but `GET` for a write.
    #[must_use]
    pub fn new(service: Service, method: Method, path: Path, operation: &'static str) -> Self {
        Self {
            service,
            method,
            path: path.0,
            query: String::new(),
            api_version: None,
            headers: Vec::new(),
            body: Body::Empty,
            idempotent: method != Method::Post,
            effect: if method == Method::Get { Effect::Read } else { Effect::Write },
            operation,
        }
    }

    /// Sets the api-version.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.api_version = Some(version);
        self
    }

    /// Adds a query parameter; `value` is encoded here.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        encode::push_query(&mut self.query, name);
        self.query.push('=');
        encode::push_query(&mut self.query, value);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets a JSON payload.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Says that this request, whatever its method, only reads.
    #[must_use]
    pub fn reading(mut self) -> Self {
        self.effect = Effect::Read;
        self.idempotent = true;
        self
    }

    /// Path and query as they stand on the request line.
    #[must_use]
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        let mut separator = '?';
        if let Some(version) = self.api_version {
            target.push(separator);
            target.push_str("api-version=");
            target.push_str(version);
            separator = '&';
        }
        if !self.query.is_empty() {
            target.push(separator);
            target.push_str(&self.query);
        }
        target
    }
}

/// A path put together from values that are encoded one by one.
#[derive(Debug, Clone, Default)]
pub struct Path(String);

impl Path {
    /// The empty path.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A path of words known here, such as `/v1.0/organization`: taken as it stands.
    #[must_use]
    pub fn fixed(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// Appends one segment.
    #[must_use]
    pub fn segment(mut self, text: &str) -> Self {
        self.0.push('/');
        encode::push_segment(&mut self.0, text);
        self
    }

    /// Appends a scope such as `/subscriptions/…`: its slashes separate, its segments are encoded.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        for part in scope.split('/').filter(|part| !part.is_empty()) {
            self = self.segment(part);
        }
        self
    }

    /// Appends words known here.
    #[must_use]
    pub fn then(mut self, fixed: &'static str) -> Self {
        self.0.push_str(fixed);
        self
    }

    /// Appends `collection(name='value')`: one thing by an alternate key.
    #[must_use]
    pub fn keyed(mut self, collection: &'static str, name: &'static str, value: &str) -> Self {
        self.0.push('/');
        self.0.push_str(collection);
        self.0.push('(');
        self.0.push_str(name);
        self.0.push_str("='");
        encode::push_segment(&mut self.0, &value.replace('\'', "''"));
        self.0.push_str("')");
        self
    }
}
