//! The directory's conventions: addresses with alternate keys, `$filter`, `$select`, pages.

use serde_json::{Map, Value, json};

use super::Answer;
use super::error::{bad_request, refuse};
use crate::http::filter::{argument_pair, equals, split_and};
use crate::http::paging::{next_link, page};
use crate::http::{Call, Reply};
use crate::limits::PAGE_SIZE_MAX;
use crate::world::World;

/// How an object of a collection is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Id(String),
    /// Property (in lower case) and value.
    Alternate(String, String),
}

/// `collection[/id | (key='value')][/rest…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// In lower case.
    pub(super) collection: String,
    pub(super) key: Option<Key>,
    pub(super) rest: Vec<String>,
}

impl Address {
    pub(super) fn parse(segments: &[String]) -> Option<Self> {
        let (first, rest) = segments.split_first()?;
        if let Some((collection, key)) = first.split_once('(') {
            let key = Self::parse_key(key.strip_suffix(')')?)?;
            let collection = collection.to_lowercase();
            return Some(Self { collection, key: Some(key), rest: rest.to_vec() });
        }
        let collection = first.to_lowercase();
        let keyed = matches!(
            collection.as_str(),
            "applications" | "serviceprincipals" | "users" | "groups" | "organization"
        );
        match rest.split_first() {
            Some((id, rest)) if keyed && !id.starts_with('$') => {
                let key = Some(Key::Id(id.clone()));
                Some(Self { collection, key, rest: rest.to_vec() })
            }
            _ => Some(Self { collection, key: None, rest: rest.to_vec() }),
        }
    }

    fn parse_key(text: &str) -> Option<Key> {
        let unquote = |text: &str| {
            let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
            Some(inner.replace("''", "'"))
        };
        match text.split_once('=') {
            Some((name, value)) if !text.starts_with('\'') => {
                Some(Key::Alternate(name.trim().to_lowercase(), unquote(value.trim())?))
            }
            _ => unquote(text).map(Key::Id),
        }
    }

    /// The rest in lower case, for matching.
    pub(super) fn rest_lower(&self) -> Vec<String> {
        self.rest.iter().map(|part| part.to_lowercase()).collect()
    }
}

/// One term of a filter.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    Equals(String, String),
    StartsWith(String, String),
    AnyEquals(String, String),
}

/// A filter all of whose terms must hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter(Vec<Term>);

impl Filter {
    /// Reads `$filter`; only these properties may be asked for.
    pub(super) fn read(call: &Call, allowed: &[&str]) -> Result<Self, Reply> {
        let text = call.parameter("$filter").unwrap_or_default();
        let mut terms = Vec::new();
        for term in split_and(text) {
            let Some(term) = read_term(&term, allowed) else {
                let shown: String = text.chars().take(200).collect();
                let text =
                    format!("Unsupported or invalid query filter clause specified: '{shown}'.");
                return Err(refuse(call, 400, "Request_UnsupportedQuery", text));
            };
            terms.push(term);
        }
        Ok(Self(terms))
    }

    /// Whether an object (as it is shown) passes.
    pub(super) fn passes(&self, object: &Value) -> bool {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        self.0.iter().all(|term| match term {
            Term::Equals(name, wanted) => same(text(name), wanted),
            Term::StartsWith(name, wanted) => {
                text(name).to_lowercase().starts_with(&wanted.to_lowercase())
            }
            Term::AnyEquals(name, wanted) => {
                let items = object.get(name).and_then(Value::as_array);
                items.into_iter().flatten().filter_map(Value::as_str).any(|it| same(it, wanted))
            }
        })
    }
}

/// The directory compares without regard to case.
fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

fn read_term(term: &str, allowed: &[&str]) -> Option<Term> {
    let known = |name: &str| {
        allowed.iter().find(|it| it.eq_ignore_ascii_case(name)).map(|it| (*it).to_owned())
    };
    if let Some((left, inner)) = term.split_once("/any(") {
        let (_, condition) = inner.strip_suffix(')')?.split_once(':')?;
        let (variable, _) = condition.trim().split_once(' ')?;
        return Some(Term::AnyEquals(known(left)?, equals(condition.trim(), variable)?));
    }
    if let Some((name, value)) = argument_pair(term, "startswith") {
        return Some(Term::StartsWith(known(&name)?, value));
    }
    let (name, rest) = term.split_once(' ')?;
    let value = equals(term, name).or_else(|| {
        // Ids may come without quotes.
        let (operator, id) = rest.trim().split_once(' ')?;
        let id = uuid::Uuid::parse_str(id.trim()).ok()?;
        operator.eq_ignore_ascii_case("eq").then(|| id.to_string())
    })?;
    Some(Term::Equals(known(name)?, value))
}

/// One object, narrowed to what was asked for.
pub(super) fn entity(
    world: &World,
    call: &Call,
    status: u16,
    context: &str,
    object: Value,
) -> Reply {
    let mut body = Map::new();
    let context = format!("{}/v1.0/$metadata#{context}", world.endpoints.graph);
    body.insert("@odata.context".to_owned(), Value::String(context));
    if let Value::Object(members) = select(call, object) {
        body.extend(members);
    }
    Reply::json(status, Value::Object(body))
}

/// A list, page by page.
pub(super) fn list(
    world: &World,
    call: &Call,
    context: &str,
    items: impl IntoIterator<Item = (String, Value)>,
) -> Answer {
    let size = match call.parameter("$top").map(str::parse::<usize>) {
        None => world.scenario.page_size.graph,
        // More than the scenario's page is not given: paging is the point.
        Some(Ok(top)) if (1..=PAGE_SIZE_MAX).contains(&top) => {
            top.min(world.scenario.page_size.graph)
        }
        Some(_) => return Err(bad_request(call, "Invalid page size specified.")),
    };
    let page = page(items, size, call.parameter("$skiptoken")).map_err(|_| {
        refuse(call, 400, "Directory_ExpiredPageToken", "The page token is not valid.")
    })?;
    let origin = &world.endpoints.graph;
    let items: Vec<Value> = page.items.into_iter().map(|item| select(call, item)).collect();
    let mut body = json!({
        "@odata.context": format!("{origin}/v1.0/$metadata#{context}"),
        "value": items,
    });
    if let Some(token) = page.next {
        body["@odata.nextLink"] = Value::String(next_link(origin, call, "$skiptoken", &token));
    }
    Ok(Reply::json(200, body))
}

fn select(call: &Call, object: Value) -> Value {
    let wanted: Vec<String> = call
        .parameter("$select")
        .map(|text| text.split(',').map(|name| name.trim().to_lowercase()).collect())
        .unwrap_or_default();
    match object {
        Value::Object(members) if !wanted.is_empty() => Value::Object(
            members
                .into_iter()
                .filter(|(name, _)| name.starts_with('@') || wanted.contains(&name.to_lowercase()))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(path: &str) -> Option<Address> {
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        Address::parse(&segments)
    }

    #[test]
    fn addresses_have_ids_or_alternate_keys() {
        let by_id = address("applications/x/addPassword").unwrap();
        assert_eq!(by_id.key, Some(Key::Id("x".to_owned())));
        assert_eq!(by_id.rest, ["addPassword"]);
        let by_name = address("applications(uniqueName='it''s=1')").unwrap();
        let key = Key::Alternate("uniquename".to_owned(), "it's=1".to_owned());
        assert_eq!(by_name.key, Some(key));
        assert_eq!(address("applications").unwrap().key, None);
        assert_eq!(address("applications(x"), None);
        assert_eq!(address("applications()"), None);
    }

    #[test]
    fn filters_are_read_or_refused() {
        let names = ["displayName", "tags", "appId"];
        let object = json!({"displayName": "Ab", "tags": ["x"], "appId": "1"});
        let check = |text: &str| {
            let mut filter = Filter::default();
            for term in split_and(text) {
                filter.0.push(read_term(&term, &names)?);
            }
            Some(filter.passes(&object))
        };
        assert_eq!(check("displayName eq 'ab'"), Some(true));
        assert_eq!(check("startswith(displayName,'a') and appId eq '2'"), Some(false));
        assert_eq!(check("tags/any(t:t eq 'x')"), Some(true));
        assert_eq!(check("displayName ne 'ab'"), None);
        assert_eq!(check("colour eq 'red'"), None);
    }
}
