//! What befalls subscriptions while the simulator runs: somebody disables one, or enables it again.

use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::http::Reply;
use crate::http::server::Arrived;
use crate::scenario::SubscriptionState;
use crate::world::World;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    state: SubscriptionState,
}

/// Answers one call, if it is about this: `POST /_simulator/subscriptions/{id}`.
pub(super) fn answer(world: &mut World, arrived: &Arrived) -> Option<Reply> {
    let id = arrived.target.strip_prefix("/_simulator/subscriptions/")?;
    if arrived.method != "POST" {
        let text = "the state of a subscription is changed with POST";
        return Some(refused(405, "MethodNotAllowed", text));
    }
    Some(match (Uuid::parse_str(id), serde_json::from_slice(&arrived.body)) {
        (Ok(id), Ok(Change { state })) if world.estate.turn_into(id, state) => {
            Reply::json(200, json!({ "subscriptionId": id, "state": state }))
        }
        (_, Ok(_)) => refused(404, "NotFound", "there is no such subscription"),
        (_, Err(error)) => refused(400, "BadRequest", &format!("the body is not a state: {error}")),
    })
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({ "error": { "code": code, "message": message } }))
}
