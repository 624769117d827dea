//! The platform connections are handed to: a gateway that is asked in GraphQL, and signed
//! deliveries.

use serde_json::{Map, Value, json};

use crate::clock::Millis;
use crate::error::SimulatorError;
use crate::http::{Call, Reply};
use crate::scenario::Platform;
use crate::store::objects::SecretText;
use crate::world::World;

mod connectors;
mod query;
mod schema;
mod webhook;

pub(crate) use connectors::credentials_json;
pub(crate) use webhook::deliveries_json;

use query::{Query, Wrong};
use schema::Schema;

/// Path of the gateway.
pub(crate) const GATEWAY: &str = "/api/apollo-gateway";
/// Path deliveries are sent to.
pub(crate) const WEBHOOK: &str = "/webhook";

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// What the platform knows that is not an object: its keys, and how much was asked.
pub(crate) struct Desk {
    key: SecretText,
    webhook_key: String,
    schema: Schema,
    hour: Window,
    day: Window,
}

/// Requests of a span of time.
#[derive(Debug, Default)]
struct Window {
    begun: Millis,
    used: u32,
}

impl Window {
    fn roll(&mut self, length: Millis, now: Millis) {
        if now - self.begun >= length {
            *self = Self { begun: now, used: 0 };
        }
    }

    fn seconds_left(&self, length: Millis, now: Millis) -> i64 {
        let left = u64::try_from(self.begun + length - now).unwrap_or(0);
        i64::try_from(left.div_ceil(1000)).unwrap_or(0).max(1)
    }
}

/// What the headers say of the quota.
struct Quota {
    allowed: bool,
    remaining: u32,
    reset: i64,
}

impl Desk {
    pub(crate) fn new(key: SecretText, webhook_key: String) -> Result<Self, SimulatorError> {
        let (hour, day) = (Window::default(), Window::default());
        Ok(Self { key, webhook_key, schema: Schema::load()?, hour, day })
    }

    fn webhook_key(&self) -> &str {
        &self.webhook_key
    }

    /// Counts one request against both windows.
    fn count(&mut self, limits: &Platform, now: Millis) -> Quota {
        self.hour.roll(HOUR, now);
        self.day.roll(DAY, now);
        let hour = limits.requests_per_hour.saturating_sub(self.hour.used);
        let day = limits.requests_per_day.saturating_sub(self.day.used);
        let allowed = hour > 0 && day > 0;
        if allowed {
            self.hour.used += 1;
            self.day.used += 1;
        }
        let reset = if day < hour {
            self.day.seconds_left(DAY, now)
        } else {
            self.hour.seconds_left(HOUR, now)
        };
        Quota { allowed, remaining: hour.min(day).saturating_sub(1), reset }
    }
}

/// Answers one call.
pub(crate) fn answer(world: &mut World, call: &Call) -> Reply {
    match call.path().as_str() {
        GATEWAY => gateway(world, call),
        WEBHOOK => webhook::take(world, call),
        _ => failed(404, "NOT_FOUND", "Not found"),
    }
}

/// Adds what every reply of this service carries.
pub(crate) fn with_headers(reply: Reply) -> Reply {
    reply.with("content-type", "application/json; charset=utf-8")
}

fn failed(status: u16, code: &str, message: &str) -> Reply {
    let error = json!({"message": message, "extensions": {"code": code}});
    Reply::json(status, json!({"errors": [error]}))
}

fn gateway(world: &mut World, call: &Call) -> Reply {
    if call.method != "POST" {
        return failed(405, "BAD_REQUEST", "Queries are sent with POST");
    }
    // The key comes as it is, without a scheme before it.
    if !world.desk.key.is(call.header("authorization").unwrap_or_default()) {
        return failed(401, "UNAUTHENTICATED", "Unauthorized");
    }
    let limits = world.scenario.platform.clone();
    let quota = world.desk.count(&limits, call.now);
    let reply = if quota.allowed {
        ask(world, call)
    } else {
        failed(429, "RATE_LIMITED", "Too many requests, please try again later.")
    };
    reply
        .with("ratelimit-hourlimit", limits.requests_per_hour.to_string())
        .with("ratelimit-daylimit", limits.requests_per_day.to_string())
        .with("ratelimit-limit", limits.requests_per_hour.to_string())
        .with("ratelimit-remaining", quota.remaining.to_string())
        .with("ratelimit-reset", quota.reset.to_string())
}

fn ask(world: &mut World, call: &Call) -> Reply {
    let body = match call.json_object() {
        Ok(body) => body,
        Err(reason) => return failed(400, "BAD_REQUEST", &reason),
    };
    let Some(text) = body.get("query").and_then(Value::as_str) else {
        return failed(400, "BAD_REQUEST", "The request has no query.");
    };
    let variables = match body.get("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables.clone(),
        Some(_) => return failed(400, "BAD_REQUEST", "Variables are an object."),
    };
    let operation = body.get("operationName").and_then(Value::as_str);
    match Query::read(&world.desk.schema, text, operation, &variables) {
        Ok(query) => perform(world, &query, call.now),
        Err(Wrong { code, message }) => failed(200, code, &message),
    }
}

/// Does what the query says, one field after the other; a field that fails is null and an error.
fn perform(world: &mut World, query: &Query, now: Millis) -> Reply {
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for wanted in &query.wanted {
        let arguments = &wanted.arguments;
        let answer = match (query.mutation, wanted.name.as_str()) {
            (false, "getConnectorsByFamily") => Ok(connectors::by_family(world, arguments)),
            (true, "addCredentials") => connectors::add(world, arguments, now),
            (true, "verifySingleConnectorCredentials") => connectors::verify(world, arguments, now),
            (true, "removeCredentials") => connectors::remove(world, arguments),
            _ => Err("Not simulated".to_owned()),
        };
        let shown = match answer {
            Ok(answer) => query.narrow(&world.desk.schema, wanted, &answer),
            Err(message) => {
                errors.push(json!({
                    "message": message, "path": [wanted.key],
                    "extensions": {"code": "INTERNAL_SERVER_ERROR"},
                }));
                Value::Null
            }
        };
        data.insert(wanted.key.clone(), shown);
    }
    let mut body = json!({"data": data});
    if !errors.is_empty() {
        body["errors"] = Value::Array(errors);
    }
    Reply::json(200, body)
}
