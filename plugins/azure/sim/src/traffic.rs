//! What was said on the wire, kept for tests and auditors, without anything secret in it.

use std::collections::VecDeque;
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::calls::Calls;
use crate::http::encoding::{decode_form, percent_encode};
use crate::http::{Call, Reply};
use crate::limits::TRAFFIC_KEPT_MAX;
use crate::scenario::Service;
use crate::store::files;

/// What stands where a secret was.
const REDACTED: &str = "REDACTED";
/// JSON members and form parameters whose values are secret.
const SECRET_NAMES: [&str; 12] = [
    "secrettext",
    "accesstoken",
    "clientassertion",
    "refreshtoken",
    "idtoken",
    "assertion",
    "devicecode",
    "secretkey",
    "apikey",
    "apiaccesskey",
    "apisecretkey",
    "token",
];

/// One request and its answer.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Exchange {
    sequence: u64,
    service: Service,
    request: Message,
    response: Message,
}

#[derive(Debug, Clone, Serialize)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    headers: Map<String, Value>,
    body: Value,
}

/// The last exchanges, and the file they are written to.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    sequence: u64,
    calls: Calls,
    kept: VecDeque<Exchange>,
    file: Option<fs_err::File>,
}

impl Traffic {
    /// Keeps exchanges in memory, and appends them to a file when there is one.
    pub(crate) fn open(record: Option<&Path>) -> std::io::Result<Self> {
        let file = record.map(files::open_append).transpose()?;
        Ok(Self { file, ..Self::default() })
    }

    /// Remembers one exchange.
    pub(crate) fn record(&mut self, origin: &str, call: &Call, reply: &Reply) {
        self.sequence += 1;
        self.calls.count(call, reply.status);
        let exchange = Exchange {
            sequence: self.sequence,
            service: call.service,
            request: request_message(origin, call),
            response: Message {
                method: None,
                url: None,
                status: Some(reply.status),
                headers: headers(&reply.headers),
                body: reply.body.clone().map_or(Value::Null, redact),
            },
        };
        if let Some(file) = &mut self.file {
            let written =
                serde_json::to_vec(&exchange).map_err(std::io::Error::from).and_then(|mut line| {
                    line.push(b'\n');
                    file.write_all(&line)
                });
            if let Err(error) = written {
                tracing::warn!(%error, "recording stopped");
                self.file = None;
            }
        }
        if self.kept.len() == TRAFFIC_KEPT_MAX {
            self.kept.pop_front();
        }
        self.kept.push_back(exchange);
    }

    /// How many calls of each kind there were since the start.
    pub(crate) fn calls(&self) -> &Calls {
        &self.calls
    }

    /// Everything kept, oldest first.
    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(&self.kept).unwrap_or_default()
    }
}

fn request_message(origin: &str, call: &Call) -> Message {
    Message {
        method: Some(call.method.clone()),
        url: Some(format!("{origin}{}", call.target)),
        status: None,
        headers: headers(&call.headers),
        body: request_body(call),
    }
}

fn request_body(call: &Call) -> Value {
    if call.body.is_empty() {
        return Value::Null;
    }
    if let Ok(body) = serde_json::from_slice::<Value>(&call.body) {
        let mut body = redact(body);
        // A query may have values written into its text.
        let written = |query: &Value| query.as_str().is_some_and(|text| text.contains('"'));
        if call.service == Service::Platform && body.get("query").is_some_and(written) {
            body["query"] = Value::String(REDACTED.to_owned());
        }
        return body;
    }
    let text = String::from_utf8_lossy(&call.body);
    let form = call.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    match decode_form(&text) {
        Some(pairs) if form => Value::String(redacted_form(&pairs)),
        // What cannot be understood cannot be cleaned either.
        _ => Value::String(REDACTED.to_owned()),
    }
}

fn redacted_form(pairs: &[(String, String)]) -> String {
    let shown = pairs.iter().map(|(name, value)| {
        let value = if is_secret(name) { REDACTED } else { value };
        format!("{}={}", percent_encode(name), percent_encode(value))
    });
    shown.collect::<Vec<_>>().join("&")
}

fn headers(all: &[(String, String)]) -> Map<String, Value> {
    let mut shown = Map::new();
    for (name, value) in all {
        let secret = matches!(name.as_str(), "authorization" | "cookie" | "set-cookie");
        let value = if secret { REDACTED } else { value };
        shown.insert(name.clone(), Value::String(value.to_owned()));
    }
    shown
}

/// The same value with every secret text replaced; the shape stays.
pub(crate) fn redact(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(redact).collect()),
        Value::Object(members) => {
            // A field that says of itself that it is secret: {"secret": true, "value": …}.
            let marked = members.get("secret") == Some(&Value::Bool(true));
            let clean = members.into_iter().map(|(name, value)| {
                let hide = (is_secret(&name) || (marked && name == "value")) && value.is_string();
                let value = if hide { Value::String(REDACTED.to_owned()) } else { redact(value) };
                (name, value)
            });
            Value::Object(clean.collect())
        }
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    // The same name is spelt in three ways: clientSecret, client_secret and client-secret.
    let plain = name.to_ascii_lowercase().replace(['-', '_'], "");
    plain.ends_with("secret") || plain.ends_with("password") || SECRET_NAMES.contains(&&*plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_secret_is_recorded_in_any_place() {
        let secret = "s3cr3t/+";
        let headers = vec![
            ("authorization".to_owned(), format!("Bearer {secret}")),
            ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
        ];
        let body = format!("client_id=a&client_secret={}", percent_encode(secret));
        let call =
            Call::new(Service::Login, "POST", "/t", headers, body.into_bytes(), 0).ok().unwrap();
        let reply =
            Reply::json(200, json!({"access_token": secret, "a": [{"secretText": secret}]}));
        let mut traffic = Traffic::default();
        traffic.record("https://localhost:1", &call, &reply);
        let text = traffic.to_json().to_string();
        assert!(!text.contains("s3cr3t"), "{text}");
        assert_eq!(traffic.to_json()[0]["request"]["body"], "client_id=a&client_secret=REDACTED");
        assert_eq!(traffic.to_json()[0]["response"]["body"]["a"][0]["secretText"], REDACTED);
    }
}
