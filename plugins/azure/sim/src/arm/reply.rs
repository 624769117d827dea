//! Lists of Resource Manager, page by page.

use serde_json::{Map, Value};

use super::Answer;
use super::error::refuse;
use crate::http::paging::{next_link, page};
use crate::http::{Call, Reply};
use crate::world::World;

/// A list with `nextLink`.
pub(super) fn list(
    world: &World,
    call: &Call,
    items: impl IntoIterator<Item = (String, Value)>,
) -> Answer {
    list_as(world, call, items, "nextLink", None)
}

/// A list of a type whose schema requires the link: empty on the last page.
pub(super) fn list_with_link(
    world: &World,
    call: &Call,
    items: impl IntoIterator<Item = (String, Value)>,
) -> Answer {
    list_as(world, call, items, "nextLink", Some(""))
}

/// A list whose link has a name of its own.
pub(super) fn list_as(
    world: &World,
    call: &Call,
    items: impl IntoIterator<Item = (String, Value)>,
    link_name: &str,
    last: Option<&str>,
) -> Answer {
    let asked = call.parameter("$top").and_then(|top| top.parse::<usize>().ok());
    let size = world.scenario.page_size.resource_manager;
    let size = asked.filter(|top| *top > 0).map_or(size, |top| top.min(size));
    let token = call.parameter("$skiptoken");
    let page = page(items, size, token).map_err(|_| {
        refuse(400, "InvalidSkipToken", "The '$skipToken' query parameter is not valid.")
    })?;
    let mut body = Map::new();
    body.insert("value".to_owned(), Value::Array(page.items));
    let origin = &world.endpoints.resource_manager;
    let link = page.next.map(|token| next_link(origin, call, "$skiptoken", &token));
    if let Some(link) = link.or_else(|| last.map(str::to_owned)) {
        body.insert(link_name.to_owned(), Value::String(link));
    }
    Ok(Reply::json(200, Value::Object(body)))
}
