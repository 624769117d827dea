//! Operations of resource providers: what a custom role may name, and the list clients check it with.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::matches;
use super::error::{refuse, wrong_method};
use super::{Answer, api_version};
use crate::http::{Call, Reply};

const TEXT: &str = include_str!("../../data/operations.txt");

/// One operation.
#[derive(Debug, Clone, Copy)]
struct Operation {
    name: &'static str,
    title: &'static str,
    data: bool,
}

fn all() -> impl Iterator<Item = Operation> {
    TEXT.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (name, title) = line.split_once('\t')?;
        let (title, data) = match title.strip_prefix('!') {
            Some(title) => (title, true),
            None => (title, false),
        };
        Some(Operation { name, title, data })
    })
}

fn namespace(name: &str) -> &str {
    name.split_once('/').map_or(name, |(namespace, _)| namespace)
}

/// The resource type inside the namespace: everything but the last word, and for an action of a
/// type that is one more word, as in `sites/config/list/Action`.
fn resource_type(name: &str) -> Option<&str> {
    let (_, inner) = name.split_once('/')?;
    let (kind, verb) = inner.rsplit_once('/')?;
    if verb.eq_ignore_ascii_case("action") {
        return kind.rsplit_once('/').map(|(kind, _)| kind);
    }
    Some(kind)
}

/// Why an action of a role definition is refused, if it is.
pub(super) fn unknown_action(pattern: &str, data: bool) -> Option<String> {
    if all().any(|operation| operation.data == data && matches(pattern, operation.name)) {
        return None;
    }
    let shown: String = pattern.chars().take(200).collect();
    let known =
        |operation: Operation| namespace(operation.name).eq_ignore_ascii_case(namespace(pattern));
    Some(if all().any(known) {
        format!("'{shown}' does not match any of the actions supported by the providers.")
    } else {
        format!(
            "'{shown}': the resource provider referenced in the action is not returned in the \
             list of providers from Azure Resource Manager."
        )
    })
}

/// `GET /providers/Microsoft.Authorization/providerOperations[/{namespace}]`.
pub(super) fn answer(call: &Call, name: Option<&str>) -> Answer {
    if call.method != "GET" {
        return Err(wrong_method(&call.method, &call.path()));
    }
    api_version::require(call, "providerOperations", api_version::AUTHORIZATION)?;
    let mut by_namespace: BTreeMap<&str, Vec<Operation>> = BTreeMap::new();
    for operation in all() {
        by_namespace.entry(namespace(operation.name)).or_default().push(operation);
    }
    // Without `$expand=resourceTypes` the service leaves the types out.
    let expand = call
        .parameter("$expand")
        .is_some_and(|expand| expand.eq_ignore_ascii_case("resourceTypes"));
    let Some(wanted) = name else {
        let value: Vec<Value> =
            by_namespace.iter().map(|(name, all)| provider(name, all, expand)).collect();
        return Ok(Reply::json(200, json!({ "value": value })));
    };
    match by_namespace.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)) {
        Some((name, all)) => Ok(Reply::json(200, provider(name, all, expand))),
        None => {
            let shown: String = wanted.chars().take(100).collect();
            let text = format!("The provider '{shown}' was not found.");
            Err(refuse(404, "ProviderNotFound", text))
        }
    }
}

fn provider(name: &str, operations: &[Operation], expand: bool) -> Value {
    let mut types: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut own = Vec::new();
    for operation in operations {
        match resource_type(operation.name) {
            Some(kind) => types.entry(kind).or_default().push(shown(*operation)),
            None => own.push(shown(*operation)),
        }
    }
    let types: Vec<Value> = types
        .into_iter()
        .filter(|_| expand)
        .map(|(kind, all)| json!({"name": kind, "displayName": kind, "operations": all}))
        .collect();
    json!({
        "id": format!("/providers/Microsoft.Authorization/providerOperations/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/providerOperations",
        "displayName": name,
        "resourceTypes": types,
        "operations": own,
    })
}

fn shown(operation: Operation) -> Value {
    json!({
        "name": operation.name,
        "displayName": operation.title,
        "description": operation.title,
        "origin": "user,system",
        "isDataAction": operation.data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::builtin_roles;

    #[test]
    fn the_table_is_whole_and_knows_the_two_actions() {
        assert_eq!(all().count(), TEXT.lines().count() - 1);
        for action in [
            "Microsoft.Web/sites/config/list/action",
            "microsoft.network/bastionhosts/getshareablelinks/action",
            "Microsoft.Web/*",
            "*/read",
        ] {
            assert_eq!(unknown_action(action, false), None);
        }
        let typo = unknown_action("Micandrosoft.Web/sites/config/list/action", false).unwrap();
        assert!(typo.contains("not returned in the list of providers"), "{typo}");
        let unknown = unknown_action("Microsoft.Web/sites/config/lists/action", false).unwrap();
        assert!(unknown.contains("does not match any of the actions"), "{unknown}");
        assert!(unknown_action("Microsoft.Web/sites/read", true).is_some(), "not a data action");
        assert_eq!(resource_type("Microsoft.Web/sites/config/list/Action"), Some("sites/config"));
        assert_eq!(resource_type("Microsoft.Web/register/action"), None);
        assert!(builtin_roles::named("reader").is_some());
    }
}
