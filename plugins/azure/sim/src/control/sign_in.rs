//! What people and other services do, done through the control address: approving device codes,
//! consenting, issuing assertions, giving an identity to hosted programs.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock::Millis;
use crate::graph::consent::{self, Unconsented};
use crate::http::server::Arrived;
use crate::http::{Call, Reply};
use crate::login::device::{self, Undecidable};
use crate::login::identity;
use crate::scenario::{EXCHANGE_AUDIENCE, Service};
use crate::world::World;

/// Longest life of an assertion the simulator signs, in seconds.
const ASSERTION_SECONDS_MAX: i64 = 86_400;
/// Life of an assertion nobody asked a life for.
const ASSERTION_SECONDS: i64 = 300;

/// Answers one call, if it is about this.
pub(super) fn answer(world: &mut World, arrived: &Arrived, now: Millis) -> Option<Reply> {
    let path = arrived.target.split('?').next().unwrap_or_default();
    let rest = path.strip_prefix("/_simulator/")?;
    let method = arrived.method.as_str();
    Some(match (method, rest.split_once('/').unwrap_or((rest, ""))) {
        ("GET", ("identity", "")) => identify(world, arrived, now),
        ("GET", ("device-codes", "")) => Reply::json(200, json!(device::waiting(world))),
        ("POST", ("device-codes", code)) => {
            with_body(arrived, |body| decide(world, code, body, now))
        }
        ("POST", ("consents", "")) => with_body(arrived, |body| consent(world, body, now)),
        ("POST", ("assertions", "")) => with_body(arrived, |body| assert(world, body, now)),
        (_, ("identity" | "device-codes" | "consents" | "assertions", _)) => {
            refused(405, "MethodNotAllowed", "identity is read with GET, the others with POST")
        }
        _ => return None,
    })
}

fn refused(status: u16, code: &str, message: impl Into<String>) -> Reply {
    Reply::json(status, json!({"error": {"code": code, "message": message.into()}}))
}

fn with_body(arrived: &Arrived, act: impl FnOnce(&Map<String, Value>) -> Reply) -> Reply {
    if arrived.refused.is_some() {
        return refused(413, "TooLarge", "the request is too large");
    }
    match serde_json::from_slice(&arrived.body) {
        Ok(Value::Object(body)) => act(&body),
        Ok(_) => refused(400, "BadRequest", "the body is not a JSON object"),
        Err(error) => refused(400, "BadRequest", format!("the body is not JSON: {error}")),
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn identify(world: &mut World, arrived: &Arrived, now: Millis) -> Reply {
    let call =
        Call::new(Service::Login, "GET", &arrived.target, arrived.headers.clone(), Vec::new(), now);
    match call {
        Ok(call) => identity::answer(world, &call),
        Err(_) => refused(400, "BadRequest", "the address of the request is not readable"),
    }
}

/// `POST /_simulator/device-codes/{user-code}`.
fn decide(world: &mut World, code: &str, body: &Map<String, Value>, now: Millis) -> Reply {
    let decline = body.get("decline") == Some(&Value::Bool(true));
    let user = match (text(body, "user"), decline) {
        (Some(user), false) => Some(user),
        (None, true) => None,
        _ => {
            let message = "write {\"user\": \"name@domain\"} or {\"decline\": true}";
            return refused(400, "BadRequest", message);
        }
    };
    match device::decide(world, code, user, now) {
        Ok(()) => Reply::json(200, json!({"userCode": code, "approved": user.is_some()})),
        Err(Undecidable::NoSuchCode) => refused(404, "NotFound", "nobody was given this code"),
        Err(Undecidable::NoSuchUser) => no_such_user(),
        Err(Undecidable::Over) => refused(409, "Conflict", "the code is decided or expired"),
    }
}

fn no_such_user() -> Reply {
    refused(404, "NotFound", "the scenario has no user of this principal-name")
}

/// `POST /_simulator/consents`.
fn consent(world: &mut World, body: &Map<String, Value>, now: Millis) -> Reply {
    let client = text(body, "client-id").and_then(|id| Uuid::parse_str(id).ok());
    let (Some(client), Some(user)) = (client, text(body, "user")) else {
        let message = "write {\"client-id\": \"…\", \"user\": \"name@domain\"}";
        return refused(400, "BadRequest", message);
    };
    let given = consent::give(world, client, user, now);
    if let Err(error) = world.store.commit() {
        tracing::error!(%error, "a consent could not be written");
        return refused(500, "InternalServerError", "the consent could not be kept");
    }
    match given {
        Ok(()) => {
            Reply::json(200, json!({"admin_consent": "True", "tenant": world.scenario.tenant.id}))
        }
        Err(Unconsented::NoSuchApplication) => {
            refused(404, "NotFound", "no application has this client id")
        }
        Err(Unconsented::NoSuchUser) => no_such_user(),
        Err(Unconsented::NotAllowed) => refused(
            403,
            "Forbidden",
            "AADSTS65004: only a Global Administrator or a Privileged Role Administrator may \
             consent to permissions of Microsoft Graph",
        ),
    }
}

/// `POST /_simulator/assertions`.
fn assert(world: &World, body: &Map<String, Value>, now: Millis) -> Reply {
    let (Some(issuer), Some(subject)) = (text(body, "issuer"), text(body, "subject")) else {
        let message = "write {\"issuer\": \"https://…\", \"subject\": \"…\"}, and audience and \
                       lifetime-seconds if need be";
        return refused(400, "BadRequest", message);
    };
    let known = world.scenario.issuers.iter().any(|it| it.url == issuer);
    let Some(key) = world.sign_ins.issuer_key.as_ref().filter(|_| known) else {
        return refused(404, "NotFound", "the scenario has no issuer of this url");
    };
    let lifetime = body.get("lifetime-seconds").map_or(Some(ASSERTION_SECONDS), Value::as_i64);
    // A negative life makes an assertion that is over already.
    let lifetime =
        lifetime.filter(|it| (-ASSERTION_SECONDS_MAX..=ASSERTION_SECONDS_MAX).contains(it));
    let Some(lifetime) = lifetime else {
        let message = format!("lifetime-seconds is at most {ASSERTION_SECONDS_MAX}");
        return refused(400, "BadRequest", message);
    };
    let now = now.div_euclid(1000);
    let begun = now.min(now + lifetime);
    let claims = json!({
        "iss": issuer,
        "sub": subject,
        "aud": text(body, "audience").unwrap_or(EXCHANGE_AUDIENCE),
        "iat": begun,
        "nbf": begun,
        "exp": now + lifetime,
        "jti": Uuid::new_v4(),
    });
    match key.sign(&claims) {
        Some(assertion) => Reply::json(200, json!({"assertion": assertion})),
        None => refused(503, "Unavailable", "no randomness"),
    }
}
