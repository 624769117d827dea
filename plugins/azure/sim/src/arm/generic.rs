//! Everything without a handler of its own: authorised like any other call, then not found.

use super::access::Access;
use super::error::{not_found, refuse};
use super::{Answer, Scope, api_version};
use crate::http::Call;
use crate::world::World;

/// What a path is about: the action a method means there, and the scope it is judged at.
struct Aim {
    action: String,
    scope: Scope,
}

/// Judges the call by its path alone; one that is allowed meets nothing.
pub(super) fn answer(world: &World, call: &Call, access: &Access) -> Answer {
    api_version::any(call)?;
    let Some(aim) = aim(call) else { return Err(not_found(&call.path())) };
    access.require(world, &aim.action, &aim.scope, &call.path())?;
    if matches!(call.method.as_str(), "PUT" | "PATCH" | "POST") {
        aim.scope.require_writable(&world.estate)?;
    }
    aim.scope.require(&world.estate)?;
    let path = call.path();
    let text = format!("The resource '{path}' under this scope was not found.");
    Err(refuse(404, "ResourceNotFound", text))
}

fn aim(call: &Call) -> Option<Aim> {
    let parts: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let is = |at: usize, name: &str| parts.get(at).is_some_and(|it| it.eq_ignore_ascii_case(name));
    let provider = (0..parts.len()).rev().find(|at| is(*at, "providers"));
    let (outer, mut kind, rest) = match provider {
        Some(at) => (at, (*parts.get(at + 1)?).to_owned(), parts.get(at + 2..)?),
        None if is(0, "subscriptions") && is(2, "resourceGroups") => {
            let rest = parts.get(4..).unwrap_or_default();
            (
                4.min(parts.len()),
                "Microsoft.Resources/subscriptions/resourceGroups".to_owned(),
                rest,
            )
        }
        None if is(0, "subscriptions") => {
            let rest = parts.get(2..).unwrap_or_default();
            (2.min(parts.len()), "Microsoft.Resources/subscriptions".to_owned(), rest)
        }
        None => return None,
    };
    // Types stand at even places; a word left over at the end of a POST is a verb.
    let post = call.method == "POST";
    for (index, part) in rest.iter().enumerate() {
        if index % 2 == 0 {
            kind.push('/');
            kind.push_str(part);
        }
    }
    let verb = match call.method.as_str() {
        "GET" | "HEAD" => "read",
        "DELETE" => "delete",
        _ if post => "action",
        _ => "write",
    };
    let scope = call.segments.get(..outer).and_then(Scope::parse)?;
    Some(Aim { action: format!("{kind}/{verb}"), scope })
}
