//! Least privilege over every set of capabilities.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Grants, catalogue, explained};
use crate::describe::describe;
use crate::roles;
use crate::settings::{Capability, Settings};

fn settings(capabilities: &[Capability], permissions: &str) -> Settings {
    let words: Vec<&str> = capabilities.iter().map(|it| it.word()).collect();
    Settings::read(json!({
        "tenant": "11111111-2222-3333-4444-555555555555",
        "scope": { "subscriptions": ["33333333-4444-5555-6666-777777777777"] },
        "permissions": permissions,
        "capabilities": words,
    }))
    .unwrap()
}

/// The sets of capabilities that are not empty.
fn every_set() -> impl Iterator<Item = Vec<Capability>> {
    (1_u32..256).map(|bits| {
        let chosen = |(index, _): &(u32, Capability)| bits & (1 << index) != 0;
        (0..).zip(Capability::ALL).filter(chosen).map(|(_, it)| it).collect()
    })
}

/// The names in the catalogue that a step of the plan grants.
fn granted(settings: &Settings) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for template in describe("contoso", settings, None).templates {
        let name = template.name.as_deref().unwrap_or_default();
        match template.kind.as_str() {
            "role-assignment" if name == "custom" => {}
            "role-assignment" => {
                all.insert(roles::by_word(name).unwrap().title.to_owned());
            }
            "admin-consent" => {
                all.insert(roles::graph_permission(name).unwrap().value.to_owned());
            }
            "role-definition" => {
                let actions = template.desired["actions"].as_array().unwrap();
                assert!(!actions.is_empty(), "a custom role that allows nothing");
                all.extend(actions.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    all
}

/// Goal: for every set of capabilities each grant is needed by one of them, and nothing one of
/// them needs is missing.
#[test]
fn least_is_exactly_what_is_needed() {
    for set in every_set() {
        let settings = settings(&set, "least");
        let needed: BTreeSet<String> = catalogue::ENTRIES
            .iter()
            .filter(|entry| entry.capabilities.iter().any(|it| set.contains(it)))
            .map(|entry| entry.permission.to_owned())
            .collect();
        assert_eq!(granted(&settings), needed, "{set:?}");
        let asked: BTreeSet<String> = explained(&settings)
            .into_iter()
            .filter(|it| it.asked)
            .map(|it| it.permission)
            .collect();
        assert_eq!(asked, needed, "{set:?}");
    }
}

/// Goal: steps that serve a permission disappear with it.
#[test]
fn nothing_is_left_of_what_is_not_asked_for() {
    for set in every_set() {
        let settings = settings(&set, "least");
        let grants = Grants::of(&settings);
        let description = describe("contoso", &settings, None);
        let has = |kind: &str| description.templates.iter().any(|it| it.kind == kind);
        assert_eq!(has("role-definition"), !grants.actions.is_empty(), "{set:?}");
        assert_eq!(has("role-actions"), !grants.actions.is_empty(), "{set:?}");
        assert_eq!(has("api-permissions"), !grants.graph.is_empty(), "{set:?}");
        assert!(has("verification") && has("application"), "{set:?}");
    }
}

/// Goal: the page's grants do not depend on what the connection is for.
#[test]
fn the_seed_is_the_seed() {
    let all = granted(&settings(&Capability::ALL, "seed"));
    assert_eq!(all.len(), catalogue::ENTRIES.len());
    assert_eq!(granted(&settings(&[Capability::Kubernetes], "seed")), all);
}

#[test]
fn what_is_left_out_is_explained_too() {
    let settings = settings(&[Capability::InternetExposure], "least");
    let all = explained(&settings);
    assert_eq!(all.len(), catalogue::ENTRIES.len());
    let asked = |name: &str| all.iter().find(|it| it.permission == name).unwrap().asked;
    assert!(asked("Reader") && asked("Microsoft.Web/sites/config/list/Action"));
    assert!(!asked("Directory.Read.All") && !asked("Storage Blob Data Reader"));
    for action in roles::CUSTOM_ACTIONS {
        let entry = all.iter().find(|it| it.permission == action.action).unwrap();
        let exposes = entry.exposes.as_deref().unwrap();
        assert!(exposes.starts_with("live secrets") || exposes.starts_with("working links"));
    }
}
