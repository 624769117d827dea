//! How many calls there were, by what they were about: ids and names do not make a call another.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::Call;
use crate::limits::CALL_SHAPES_MAX;
use crate::scenario::Service;

/// Counts of calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    counts: BTreeMap<(Service, String, String, u16), u64>,
}

impl Calls {
    /// Counts one call.
    pub(crate) fn count(&mut self, call: &Call, status: u16) {
        let method = call.method.chars().take(16).collect();
        let mut key = (call.service, method, shape(call), status);
        if self.counts.len() >= CALL_SHAPES_MAX && !self.counts.contains_key(&key) {
            key = (call.service, "*".to_owned(), "/…".to_owned(), 0);
        }
        *self.counts.entry(key).or_default() += 1;
    }

    /// All counts, and their sums by service.
    pub(crate) fn to_json(&self) -> Value {
        let mut by_service: BTreeMap<Service, u64> = BTreeMap::new();
        for ((service, ..), count) in &self.counts {
            *by_service.entry(*service).or_default() += count;
        }
        let sums: BTreeMap<String, u64> = by_service
            .into_iter()
            .map(|(service, count)| (json!(service).as_str().unwrap_or_default().to_owned(), count))
            .collect();
        let calls = self.counts.iter().map(|((service, method, path, status), count)| {
            json!({
                "service": service, "method": method, "path": path, "status": status,
                "count": count,
            })
        });
        json!({
            "total": self.counts.values().sum::<u64>(),
            "byService": sums,
            "calls": calls.collect::<Vec<_>>(),
        })
    }
}

/// The path with a pair of braces for everything that names one thing of many.
fn shape(call: &Call) -> String {
    let mut shaped = String::new();
    for (index, part) in call.segments.iter().enumerate() {
        shaped.push('/');
        let before = index.checked_sub(1).and_then(|at| call.segments.get(at));
        let before = before.map(|part| part.to_lowercase()).unwrap_or_default();
        // What follows a provider's type is a name, and so is every second word after it.
        let provider =
            call.segments.iter().take(index).rposition(|it| it.eq_ignore_ascii_case("providers"));
        let named_by_type = provider.is_some_and(|at| index - at >= 3 && (index - at) % 2 == 1);
        let named = match call.service {
            Service::Login => index == 0,
            Service::ResourceManager => {
                part_of(
                    &before,
                    &["subscriptions", "resourcegroups", "managementgroups", "locations"],
                ) || named_by_type && !part.eq_ignore_ascii_case("providers")
            }
            Service::Graph | Service::Platform => false,
        };
        if named || Uuid::parse_str(part).is_ok() {
            shaped.push_str("{}");
        } else {
            shaped.push_str(&without_key(part));
        }
    }
    if shaped.is_empty() { "/".to_owned() } else { shaped.chars().take(300).collect() }
}

fn part_of(word: &str, words: &[&str]) -> bool {
    words.contains(&word)
}

/// `applications(appId='…')` without what stands between the quotes.
fn without_key(part: &str) -> String {
    let first = part.find('\'');
    let last = part.rfind('\'').filter(|last| Some(*last) != first);
    match (first.and_then(|at| part.get(..at)), last.and_then(|at| part.get(at + 1..))) {
        (Some(before), Some(after)) => format!("{before}{{}}{after}"),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(service: Service, target: &str) -> String {
        let call = Call::new(service, "GET", target, Vec::new(), Vec::new(), 0).ok().unwrap();
        shape(&call)
    }

    #[test]
    fn names_and_ids_make_no_difference() {
        let id = "33333333-4444-5555-6666-777777777777";
        for (target, expected) in [
            (format!("/subscriptions/{id}?api-version=1"), "/subscriptions/{}"),
            (
                format!(
                    "/subscriptions/{id}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks/providers/Microsoft.Authorization/roleAssignments/{id}"
                ),
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}/providers/Microsoft.Authorization/roleAssignments/{}",
            ),
            (
                "/providers/Microsoft.Management/managementGroups/platform/descendants".to_owned(),
                "/providers/Microsoft.Management/managementGroups/{}/descendants",
            ),
            (
                "/providers/Microsoft.Authorization/providerOperations/Microsoft.Web".to_owned(),
                "/providers/Microsoft.Authorization/providerOperations/{}",
            ),
            ("/".to_owned(), "/"),
        ] {
            assert_eq!(shaped(Service::ResourceManager, &target), expected);
        }
        assert_eq!(
            shaped(Service::Graph, "/v1.0/applications(appId='x')/addPassword"),
            "/v1.0/applications(appId={})/addPassword"
        );
        assert_eq!(
            shaped(Service::Graph, &format!("/v1.0/servicePrincipals/{id}/appRoleAssignedTo")),
            "/v1.0/servicePrincipals/{}/appRoleAssignedTo"
        );
        assert_eq!(
            shaped(Service::Login, "/contoso.example/oauth2/v2.0/token"),
            "/{}/oauth2/v2.0/token"
        );
    }

    #[test]
    fn kinds_without_end_are_counted_together() {
        let mut calls = Calls::default();
        for number in 0..5_000 {
            let target = format!("/v1.0/odd{number}");
            let call = Call::new(Service::Graph, "GET", &target, Vec::new(), Vec::new(), 0);
            calls.count(&call.ok().unwrap(), 404);
        }
        assert!(calls.counts.len() <= CALL_SHAPES_MAX + 1);
        assert_eq!(calls.to_json()["total"], 5_000);
        assert_eq!(calls.to_json()["byService"]["graph"], 5_000);
    }
}
