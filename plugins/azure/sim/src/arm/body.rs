//! Reading request bodies strictly: every member is known, present when required, of its type.

use serde_json::{Map, Value};

use super::error::bad_content;
use crate::http::{Call, Reply};

/// The members of the `properties` of a request body.
pub(super) struct Properties {
    members: Map<String, Value>,
}

impl Properties {
    /// Reads the body; `outer` may stand beside `properties`, `known` and `ignored` inside it.
    ///
    /// Ignored members are those a client gets to read and sends back unchanged.
    pub(super) fn read(
        call: &Call,
        outer: &[&str],
        known: &[&str],
        ignored: &[&str],
    ) -> Result<Self, Reply> {
        let mut body = call.json_object().map_err(bad_content)?;
        let inner = take(&mut body, "properties");
        let odd = body.keys().find(|name| !has(outer, name));
        if let Some(name) = odd {
            return Err(unknown(name, name));
        }
        let members = match inner {
            Some(Value::Object(members)) => members,
            Some(_) => return Err(bad_content("'properties' is not an object")),
            None => return Err(bad_content("the required member 'properties' is missing")),
        };
        let odd = members.keys().find(|name| !has(known, name) && !has(ignored, name));
        match odd {
            Some(name) => Err(unknown(name, &format!("properties.{name}"))),
            None => Ok(Self { members }),
        }
    }

    /// An optional text; `null` counts as absent.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Reply> {
        match take(&mut self.members, name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(mistyped(name, "a string")),
        }
    }

    /// A required text.
    pub(super) fn required_text(&mut self, name: &str) -> Result<String, Reply> {
        let found = self.text(name)?.filter(|text| !text.is_empty());
        found.ok_or_else(|| missing(name))
    }

    /// A required list.
    pub(super) fn required_list(&mut self, name: &str) -> Result<Vec<Value>, Reply> {
        match take(&mut self.members, name) {
            Some(Value::Array(items)) => Ok(items),
            None | Some(Value::Null) => Err(missing(name)),
            Some(_) => Err(mistyped(name, "an array")),
        }
    }
}

/// The texts of a list.
pub(super) fn texts(name: &str, items: Vec<Value>, most: usize) -> Result<Vec<String>, Reply> {
    if items.len() > most {
        return Err(bad_content(format!("'{name}' has {} items, at most {most}", items.len())));
    }
    let text = |item| match item {
        Value::String(text) => Ok(text),
        _ => Err(mistyped(name, "an array of strings")),
    };
    items.into_iter().map(text).collect()
}

/// Removes a member whose name is compared without regard to case.
pub(super) fn take(members: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = members.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()?;
    members.remove(&key)
}

fn has(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn unknown(name: &str, path: &str) -> Reply {
    let (name, path): (String, String) =
        (name.chars().take(100).collect(), path.chars().take(120).collect());
    bad_content(format!("Could not find member '{name}' on this object. Path '{path}'"))
}

fn missing(name: &str) -> Reply {
    bad_content(format!("the required member 'properties.{name}' is missing"))
}

pub(super) fn mistyped(name: &str, wanted: &str) -> Reply {
    bad_content(format!("'properties.{name}' is not {wanted}"))
}
