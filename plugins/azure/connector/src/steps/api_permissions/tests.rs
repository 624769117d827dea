//! Merging never loses what somebody else put on the list.

use super::*;

fn api(resource: &str, access: &[(&str, &str)]) -> RequiredResourceAccess {
    RequiredResourceAccess {
        resource_app_id: resource.into(),
        resource_access: access
            .iter()
            .map(|(id, kind)| ResourceAccess { id: (*id).into(), access_type: (*kind).into() })
            .collect(),
    }
}

#[test]
fn others_are_kept_and_taking_back_restores_the_list() {
    let before = vec![
        api("some-other-api", &[("a", "Role")]),
        api(GRAPH_APP_ID, &[("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "Scope"), ("b", "Role")]),
    ];
    let missing = missing(&before, &GRAPH_PERMISSIONS);
    assert_eq!(missing.len(), 2, "a delegated permission of the same id does not count");
    let after = merged(&before, &missing);
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1].resource_access.len(), 4);
    assert!(super::missing(&after, &GRAPH_PERMISSIONS).is_empty());
    let added: Vec<String> = missing.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(without(&after, &added), before);
}

#[test]
fn an_empty_list_gets_one_entry_and_loses_it_again() {
    let after = merged(&[], &missing(&[], &GRAPH_PERMISSIONS));
    assert_eq!(after.len(), 1);
    let added: Vec<String> = GRAPH_PERMISSIONS.iter().map(|p| p.id.to_owned()).collect();
    assert!(without(&after, &added).is_empty());
}
