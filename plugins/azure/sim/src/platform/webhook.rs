//! Signed deliveries: whose signature, how old, and whether it came before.

use ring::hmac;
use serde_json::{Value, json};

use crate::clock::{Millis, graph_time};
use crate::http::{Call, Reply};
use crate::limits::{WEBHOOK_AGE_MAX, WEBHOOK_DELIVERIES_MAX};
use crate::store::Object;
use crate::store::objects::WebhookDelivery;
use crate::traffic::redact;
use crate::world::World;

/// Longest id of a delivery.
const ID_CHARS_MAX: usize = 200;

/// `POST /webhook`.
pub(super) fn take(world: &mut World, call: &Call) -> Reply {
    let refused = |status: u16, message: &str| Reply::json(status, json!({"error": message}));
    if call.method != "POST" {
        return refused(405, "deliveries are sent with POST");
    }
    let kind = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.split(';').next().map(str::trim) != Some("application/json") {
        return refused(415, "deliveries are application/json");
    }
    let signature = call.header("skybridge-signature").unwrap_or_default();
    if let Err(reason) = check(signature, &call.body, world.desk.webhook_key(), call.now) {
        return refused(401, reason);
    }
    let id = call.header("skybridge-delivery").unwrap_or_default().to_owned();
    if id.is_empty() || id.chars().count() > ID_CHARS_MAX {
        return refused(400, "the header Skybridge-Delivery names the delivery");
    }
    if world.store.webhook_deliveries.contains_key(&id) {
        return Reply::json(200, json!({"status": "known"}));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&call.body) else {
        return refused(400, "the body is not JSON");
    };
    if world.store.webhook_deliveries.len() >= WEBHOOK_DELIVERIES_MAX {
        return refused(503, "no more deliveries are remembered");
    }
    let delivery = WebhookDelivery { id, received: call.now, body: redact(body) };
    world.store.put(Object::WebhookDelivery(delivery));
    Reply::json(200, json!({"status": "accepted"}))
}

/// `t=<unix seconds>,v1=<hex of HMAC-SHA256 over "<t>.<body>">`.
fn check(header: &str, body: &[u8], key: &str, now: Millis) -> Result<(), &'static str> {
    const MALFORMED: &str = "the header Skybridge-Signature is t=<seconds>,v1=<hex>";
    let part = |name: &str| {
        header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let (Some(time), Some(tag)) = (part("t"), part("v1")) else { return Err(MALFORMED) };
    let seconds: i64 = time.parse().map_err(|_| MALFORMED)?;
    let tag = from_hex(tag).ok_or(MALFORMED)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let text = [time.as_bytes(), b".", body].concat();
    hmac::verify(&key, &text, &tag).map_err(|_| "the signature is not of this key and body")?;
    let age = now.saturating_sub(seconds.saturating_mul(1000));
    if age.saturating_abs() > WEBHOOK_AGE_MAX {
        return Err("the signature is more than five minutes away");
    }
    Ok(())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > 64 {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

/// The deliveries that were taken, without secrets.
pub(crate) fn deliveries_json(world: &World) -> Value {
    let mut all: Vec<&WebhookDelivery> = world.store.webhook_deliveries.values().collect();
    all.sort_by(|left, right| (left.received, &left.id).cmp(&(right.received, &right.id)));
    let shown = all.into_iter().map(
        |it| json!({"id": it.id, "receivedDateTime": graph_time(it.received), "body": it.body}),
    );
    shown.collect()
}
