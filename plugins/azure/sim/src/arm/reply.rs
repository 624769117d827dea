//! Lists of Resource Manager, page by page.

use serde_json::{Map, Value};

use super::Answer;
use super::error::refuse;
use crate::http::paging::{next_link, page_of};
use crate::http::{Call, Reply};
use crate::world::World;

/// A list with `nextLink`.
pub(super) fn list(
    world: &World,
    call: &Call,
    items: impl IntoIterator<Item = (String, Value)>,
) -> Answer {
    list_of(world, call, items, Some, NEXT_LINK)
}

/// How a list names its link, and what stands there on the last page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) last: Option<&'static str>,
}

pub(super) const NEXT_LINK: Link = Link { name: "nextLink", last: None };
/// The link of a type whose schema requires it: empty on the last page.
pub(super) const REQUIRED_LINK: Link = Link { name: "nextLink", last: Some("") };

/// A list of which only the items of the page are looked at: `show` leaves out those the caller
/// does not see.
pub(super) fn list_of<T>(
    world: &World,
    call: &Call,
    items: impl IntoIterator<Item = (String, T)>,
    show: impl FnMut(T) -> Option<Value>,
    link: Link,
) -> Answer {
    let asked = call.parameter("$top").and_then(|top| top.parse::<usize>().ok());
    let size = world.scenario.page_size.resource_manager;
    let size = asked.filter(|top| *top > 0).map_or(size, |top| top.min(size));
    let token = call.parameter("$skiptoken");
    let page = page_of(items, size, token, show).map_err(|_| {
        refuse(400, "InvalidSkipToken", "The '$skipToken' query parameter is not valid.")
    })?;
    let mut body = Map::new();
    body.insert("value".to_owned(), Value::Array(page.items));
    let origin = &world.endpoints.resource_manager;
    let next = page.next.map(|token| next_link(origin, call, "$skiptoken", &token));
    if let Some(next) = next.or_else(|| link.last.map(str::to_owned)) {
        body.insert(link.name.to_owned(), Value::String(next));
    }
    Ok(Reply::json(200, Value::Object(body)))
}
