//! Facts and patterns.

use serde_json::{Value, json};
use skybridge_plugin_sdk::protocol::onboard::LeftOut;

use super::{Facts, Found, covers};
use crate::settings::Settings;

fn found(id: &str) -> Found {
    Found { id: id.into(), name: "n".into(), state: "Enabled".into() }
}

fn left(scope: &str, code: &str) -> LeftOut {
    LeftOut { scope: scope.into(), code: Some(code.into()), ..LeftOut::default() }
}

#[test]
fn facts_come_back_as_they_went() {
    let facts = Facts::of(vec![found("b"), found("a")], vec![left("c", "AZ-SCOPE-003")]);
    assert_eq!(facts.subscriptions[0].id, "a");
    let value = facts.to_value();
    assert_eq!(Facts::read(&value).unwrap(), Some(facts));
    assert_eq!(Facts::read(&Value::Null).unwrap(), None);
    let mut other = value;
    other["version"] = json!(2);
    for wrong in [other, json!({}), json!("x")] {
        let error = Facts::read(&wrong).unwrap_err();
        assert!(error.detail.help.is_some(), "{error:?}");
    }
}

/// What a pattern excludes is not meant; what only cannot be reached now keeps its grants.
#[test]
fn what_is_left_alone() {
    let cluster = "/subscriptions/d/resourceGroups/g/providers/x/y/z";
    let all =
        vec![left("a", "AZ-SCOPE-004"), left("b", "AZ-SCOPE-003"), left(cluster, "AZ-SCOPE-009")];
    let alone = Facts::of(Vec::new(), all).left_alone();
    assert_eq!(alone, [cluster, "/subscriptions/b"]);
}

#[test]
fn what_holds_where() {
    let group = "/providers/Microsoft.Management/managementGroups/g";
    for (at, scope, holds) in [
        ("/", "/subscriptions/a", true),
        ("/subscriptions/A", "/subscriptions/a", true),
        ("/subscriptions/a", "/subscriptions/ab", false),
        ("/subscriptions/a", "/subscriptions/a/resourceGroups/g", true),
        ("/subscriptions/a/resourceGroups/g", "/subscriptions/a", false),
        (group, "/subscriptions/a", true),
        (group, group, true),
        (group, "/providers/Microsoft.Management/managementGroups/h", false),
    ] {
        assert_eq!(covers(Some(at), scope), holds, "{at} {scope}");
    }
}

#[test]
fn patterns() {
    let left_out = |scope: Value, id: &str, name: &str| {
        let settings = json!({ "tenant": "11111111-2222-3333-4444-555555555555", "scope": scope });
        Settings::read(settings).unwrap().scope.left_out(id, name)
    };
    let both = json!({ "tenant": true, "include": ["Prod-*", "ID-1"], "exclude": ["*-lab"] });
    assert_eq!(left_out(both.clone(), "x", "prod-shop"), None);
    assert_eq!(left_out(both.clone(), "id-1", "whatever"), None);
    assert!(left_out(both.clone(), "x", "prod-lab").unwrap().contains("`*-lab`"));
    assert!(left_out(both, "x", "test").unwrap().contains("include"));
    assert_eq!(left_out(json!({ "tenant": true }), "x", "test"), None);
}
