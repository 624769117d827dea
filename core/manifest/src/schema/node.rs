//! Reading a schema: what a node knows, through references and combinations.

use serde_json::{Map, Value};

use crate::places::{join, segments};

/// References and combinations followed from one node: a schema that refers to itself ends here.
const STEPS_MAX: usize = 16;

/// The node at a JSON pointer, with references followed on the way.
pub(crate) fn at<'s>(schema: &'s Value, pointer: &str) -> Option<&'s Value> {
    let mut node = schema;
    for key in segments(pointer) {
        node = step(node, &key).or_else(|| step(resolve(schema, node), &key))?;
    }
    Some(node)
}

fn step<'s>(node: &'s Value, key: &str) -> Option<&'s Value> {
    match node {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => node.get(key),
    }
}

/// What a node's `$ref` within the same document leads to.
pub(crate) fn resolve<'s>(schema: &'s Value, mut node: &'s Value) -> &'s Value {
    for _ in 0..STEPS_MAX {
        let reference = node.get("$ref").and_then(Value::as_str);
        let target =
            reference.and_then(|text| text.strip_prefix('#')).and_then(|p| schema.pointer(p));
        match target {
            Some(target) => node = target,
            None => break,
        }
    }
    node
}

/// The parent of a keyword: the schema it belongs to.
pub(crate) fn owner(keyword: &str) -> &str {
    keyword.rsplit_once('/').map_or("", |(owner, _)| owner)
}

/// The schemas that speak about the same value as `node`: itself, and through `$ref` and `allOf`;
/// with `forms`, through `oneOf`, `anyOf`, `then` and `else` as well.
pub(crate) fn same_value<'s>(schema: &'s Value, node: &'s Value, forms: bool) -> Vec<&'s Value> {
    let mut found = Vec::new();
    gather(schema, node, forms, STEPS_MAX, &mut found);
    found
}

fn gather<'s>(
    schema: &'s Value,
    node: &'s Value,
    forms: bool,
    steps: usize,
    found: &mut Vec<&'s Value>,
) {
    // Many forms within forms would grow without end; what a person can be told is far less.
    const FOUND_MAX: usize = 256;
    if steps == 0 || found.len() >= FOUND_MAX {
        return;
    }
    found.push(node);
    let target = resolve(schema, node);
    if !std::ptr::eq(target, node) {
        gather(schema, target, forms, steps - 1, found);
    }
    let lists: &[&str] = if forms { &["allOf", "oneOf", "anyOf"] } else { &["allOf"] };
    let parts = lists.iter().filter_map(|key| node.get(key)?.as_array()).flatten();
    let singles: &[&str] = if forms { &["then", "else"] } else { &[] };
    for part in parts.chain(singles.iter().filter_map(|key| node.get(key))) {
        gather(schema, part, forms, steps - 1, found);
    }
}

/// The keys a node knows, sorted; with `forms`, those of every form.
pub(crate) fn known_keys<'s>(schema: &'s Value, node: &'s Value, forms: bool) -> Vec<&'s str> {
    let nodes = same_value(schema, node, forms);
    let maps = nodes.iter().filter_map(|node| node.get("properties")?.as_object());
    let mut keys: Vec<&str> = maps.flat_map(Map::keys).map(String::as_str).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys a node demands.
pub(crate) fn required_keys<'s>(schema: &'s Value, node: &'s Value) -> Vec<&'s str> {
    let nodes = same_value(schema, node, false);
    let lists = nodes.iter().filter_map(|node| node.get("required")?.as_array());
    lists.flatten().filter_map(Value::as_str).collect()
}

/// The schema of one key of a node.
pub(crate) fn property<'s>(schema: &'s Value, node: &'s Value, key: &str) -> Option<&'s Value> {
    let nodes = same_value(schema, node, true);
    nodes.into_iter().find_map(|node| node.get("properties")?.get(key))
}

/// The values a node allows when it lists them (`const`, `enum`), through its forms with `forms`.
pub(crate) fn listed_values(schema: &Value, node: &Value, forms: bool) -> Vec<Value> {
    let mut values = Vec::new();
    for node in same_value(schema, node, forms) {
        let list = node.get("enum").and_then(Value::as_array).into_iter().flatten();
        for value in node.get("const").into_iter().chain(list) {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    values
}

/// An annotation of a node or of what it refers to.
pub(crate) fn annotation<'s>(schema: &'s Value, node: &'s Value, name: &str) -> Option<&'s str> {
    same_value(schema, node, false).into_iter().find_map(|node| node.get(name)?.as_str())
}

/// A pointer to one element of a list keyword.
pub(crate) fn element(keyword: &str, number: usize) -> String {
    join(keyword, &number.to_string())
}
