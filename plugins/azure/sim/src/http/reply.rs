//! A reply, and how it reaches the client.

use serde_json::Value;

/// What a service answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Reply {
    /// A reply without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// A reply with a JSON body.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    /// A page for people.
    pub(crate) fn html(status: u16, text: String) -> Self {
        let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        Self { status, headers, body: Some(Value::String(text)) }
    }

    /// The first header of this (lower-case) name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as it goes over the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let page = self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        match &self.body {
            None => Vec::new(),
            Some(Value::String(text)) if page => text.clone().into_bytes(),
            Some(body) => body.to_string().into_bytes(),
        }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// How a reply reaches the client, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// The connection ends without an answer.
    Lost,
    /// The connection ends in the middle of the body.
    Cut,
    /// The connection stays, and the answer never comes.
    Never,
}

/// A reply and its delivery.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) delivery: Delivery,
}
