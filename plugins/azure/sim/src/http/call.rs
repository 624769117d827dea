//! A request: read once, decoded once.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::encoding::{decode_form, percent_decode};
use crate::clock::Millis;
use crate::limits::PATH_SEGMENTS_MAX;
use crate::scenario::Service;

/// One request to one service.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) method: String,
    /// Path and query as they were sent.
    pub(crate) target: String,
    /// The path, split at its slashes and then decoded: an encoded slash stays inside its segment.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) now: Millis,
    /// The id this service gives the request.
    pub(crate) request_id: Uuid,
}

/// Why a request is not even looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    Path,
    Query,
}

impl Call {
    pub(crate) fn new(
        service: Service,
        method: &str,
        target: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        now: Millis,
    ) -> Result<Self, Unreadable> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let segments: Option<Vec<String>> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode(segment, false))
            .collect();
        let segments = segments.filter(|all| all.len() <= PATH_SEGMENTS_MAX);
        Ok(Self {
            service,
            method: method.to_owned(),
            target: target.to_owned(),
            segments: segments.ok_or(Unreadable::Path)?,
            query: decode_form(query).ok_or(Unreadable::Query)?,
            headers,
            body,
            now,
            request_id: Uuid::nil(),
        })
    }

    /// Stands for a request whose address cannot be read, so that it can be refused in shape.
    pub(crate) fn unreadable(
        service: Service,
        method: &str,
        headers: Vec<(String, String)>,
        now: Millis,
    ) -> Self {
        Self {
            service,
            method: method.to_owned(),
            target: "/".to_owned(),
            segments: Vec::new(),
            query: Vec::new(),
            headers,
            body: Vec::new(),
            now,
            request_id: Uuid::nil(),
        }
    }

    /// The first header of this (lower-case) name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first query parameter of this name; names are compared without regard to case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The path, decoded.
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// The token of a bearer authorisation header.
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as a JSON object; the error says what is wrong with it.
    pub(crate) fn json_object(&self) -> Result<Map<String, Value>, String> {
        let content_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !content_type.contains("json") {
            return Err(format!("the content type is {content_type:?}, not application/json"));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err("the body is not a JSON object".to_owned()),
            Err(error) => Err(format!("the body is not JSON: {error}")),
        }
    }
}
