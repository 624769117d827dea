//! The platform connections are handed to: a gateway that is asked in GraphQL, and signed
//! deliveries.

use serde_json::{Value, json};

use crate::http::{Call, Reply};
use crate::store::objects::SecretText;
use crate::world::World;

/// Path of the gateway.
pub(crate) const GATEWAY: &str = "/api/apollo-gateway";
/// Path deliveries are sent to.
pub(crate) const WEBHOOK: &str = "/webhook";

/// What the platform remembers.
pub(crate) struct Desk {
    key: SecretText,
    webhook_key: String,
}

impl Desk {
    pub(crate) fn new(key: SecretText, webhook_key: String) -> Self {
        Self { key, webhook_key }
    }
}

/// Answers one call.
pub(crate) fn answer(_world: &mut World, _call: &Call) -> Reply {
    Reply::json(404, json!({"errors": [{"message": "Not found."}]}))
}

/// Adds what every reply of this service carries.
pub(crate) fn with_headers(reply: Reply) -> Reply {
    reply.with("content-type", "application/json; charset=utf-8")
}

/// The credentials the platform holds, without secrets.
pub(crate) fn credentials_json(_world: &World) -> Value {
    json!([])
}

/// The deliveries the platform took.
pub(crate) fn deliveries_json(_world: &World) -> Value {
    json!([])
}
