//! `/_simulator/faults`: the rules of faults, and new ones while the simulator runs.

use serde_json::json;

use crate::faults::Faults;
use crate::http::Reply;
use crate::http::server::Arrived;
use crate::scenario::FaultRule;
use crate::world::World;

/// Answers one call, if it is about faults.
pub(crate) fn answer(world: &mut World, arrived: &Arrived) -> Option<Reply> {
    if arrived.target.split('?').next() != Some("/_simulator/faults") {
        return None;
    }
    let reply = match (arrived.method.as_str(), arrived.refused) {
        (_, Some(status)) => {
            let text = "the rules are too large or took too long to arrive";
            refuse(status.as_u16(), "BadRequest", text)
        }
        ("GET", None) => Reply::json(200, world.faults.to_json()),
        ("POST", None) => replace(world, &arrived.body),
        _ => refuse(405, "MethodNotAllowed", "faults are read with GET and replaced with POST"),
    };
    Some(reply.with("content-type", "application/json").with("cache-control", "no-store"))
}

/// The new rules take the place of all the old ones, and none of them has struck yet.
fn replace(world: &mut World, body: &[u8]) -> Reply {
    let Ok(text) = std::str::from_utf8(body) else {
        return refuse(400, "InvalidFaults", "the rules are not UTF-8 text");
    };
    match FaultRule::parse_all(text) {
        Ok(rules) => {
            world.faults = Faults::new(&rules);
            Reply::json(200, world.faults.to_json())
        }
        Err(error) => refuse(400, "InvalidFaults", &error.to_string()),
    }
}

fn refuse(status: u16, code: &str, text: &str) -> Reply {
    Reply::json(status, json!({"error": {"code": code, "message": text}}))
}
