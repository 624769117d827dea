//! Completing a scenario (parents, generated subscriptions) and refusing one that cannot be.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lag, Scenario, Subscription, SubscriptionState};
use crate::chance::seeded_id;
use crate::clock::{DAY, Millis};
use crate::graph::{directory_roles, microsoft_graph};
use crate::limits::{
    MANAGEMENT_GROUP_DEPTH_MAX, MANAGEMENT_GROUPS_MAX, PAGE_SIZE_MAX, SCENARIO_ENTRIES_MAX,
    SUBSCRIPTIONS_MAX,
};

/// Fills what may be left out.
pub(super) fn complete(scenario: &mut Scenario) {
    let root = scenario.root_group();
    for group in &mut scenario.management_groups {
        if group.parent.is_empty() {
            group.parent.clone_from(&root);
        }
    }
    for subscription in &mut scenario.subscriptions {
        if subscription.management_group.is_empty() {
            subscription.management_group.clone_from(&root);
        }
    }
    let count = scenario.generate.subscriptions.min(SUBSCRIPTIONS_MAX + 1);
    for number in 1..=count {
        scenario.subscriptions.push(Subscription {
            id: seeded_id(scenario.seed, "subscription", number as u64),
            name: format!("Generated {number:05}"),
            state: SubscriptionState::Enabled,
            management_group: root.clone(),
            tenant: None,
            resource_groups: Vec::new(),
        });
    }
}

/// The estate is one picture: a scenario that draws a part of it draws all of it.
pub(super) fn forget_default_estate(scenario: &mut Scenario, given: &toml::Table) {
    const PARTS: [&str; 3] = ["management-groups", "subscriptions", "clusters"];
    if !PARTS.iter().any(|part| given.contains_key(*part)) {
        return;
    }
    if !given.contains_key(PARTS[0]) {
        scenario.management_groups.clear();
    }
    if !given.contains_key(PARTS[1]) {
        scenario.subscriptions.clear();
    }
    if !given.contains_key(PARTS[2]) {
        scenario.clusters.clear();
    }
}

/// The first thing that is wrong, in words.
pub(super) fn check(scenario: &Scenario) -> Result<(), String> {
    check_counts(scenario)?;
    check_groups(scenario)?;
    check_subscriptions(scenario)?;
    check_lags(&scenario.lag)?;
    check_operator(scenario)?;
    super::access::check(scenario)?;
    super::sign_in::check(scenario)?;
    super::clients::check(scenario)?;
    super::fault_rules::check(&scenario.faults)
}

fn check_counts(scenario: &Scenario) -> Result<(), String> {
    let most = |what: &str, count: usize, max: usize| {
        if count > max { Err(format!("{what}: {count} given, at most {max} are")) } else { Ok(()) }
    };
    most("subscriptions", scenario.subscriptions.len(), SUBSCRIPTIONS_MAX)?;
    most("management-groups", scenario.management_groups.len(), MANAGEMENT_GROUPS_MAX)?;
    most("clusters", scenario.clusters.len(), SCENARIO_ENTRIES_MAX)?;
    most("users", scenario.users.len(), SCENARIO_ENTRIES_MAX)?;
    let sizes = [scenario.page_size.resource_manager, scenario.page_size.graph];
    if sizes.iter().any(|size| !(1..=PAGE_SIZE_MAX).contains(size)) {
        return Err(format!("page-size: sizes are from 1 to {PAGE_SIZE_MAX}"));
    }
    Ok(())
}

fn check_groups(scenario: &Scenario) -> Result<(), String> {
    let mut parents = BTreeMap::new();
    for group in &scenario.management_groups {
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "-_.()".contains(c));
        if group.id.is_empty() || group.id.len() > 90 || group.id.contains(odd) {
            return Err(format!("management group id {:?}: letters, digits and -_.()", group.id));
        }
        if parents.insert(group.id.to_lowercase(), group.parent.to_lowercase()).is_some() {
            return Err(format!("management group {:?} is given twice", group.id));
        }
    }
    let root = scenario.root_group();
    for start in parents.keys() {
        let mut at = start;
        let mut depth = 0;
        while *at != root {
            depth += 1;
            if depth > MANAGEMENT_GROUP_DEPTH_MAX {
                return Err(format!(
                    "management group {start:?}: more than {MANAGEMENT_GROUP_DEPTH_MAX} levels, or a circle"
                ));
            }
            at = parents
                .get(at)
                .ok_or_else(|| format!("management group {start:?}: no parent {at:?}"))?;
        }
    }
    Ok(())
}

fn check_subscriptions(scenario: &Scenario) -> Result<(), String> {
    let mut groups: BTreeSet<String> =
        scenario.management_groups.iter().map(|group| group.id.to_lowercase()).collect();
    groups.insert(scenario.root_group());
    let mut seen = BTreeSet::new();
    for subscription in &scenario.subscriptions {
        if !seen.insert(subscription.id) {
            return Err(format!("subscription {} is given twice", subscription.id));
        }
        if !groups.contains(&subscription.management_group.to_lowercase()) {
            let (id, group) = (subscription.id, &subscription.management_group);
            return Err(format!("subscription {id}: no management group {group:?}"));
        }
    }
    match scenario.clusters.iter().find(|cluster| !seen.contains(&cluster.subscription)) {
        Some(cluster) => {
            Err(format!("cluster {:?}: no subscription {}", cluster.name, cluster.subscription))
        }
        None => Ok(()),
    }
}

fn check_lags(lag: &Lag) -> Result<(), String> {
    let all: [Millis; 18] = [
        lag.application,
        lag.application_reference,
        lag.service_principal,
        lag.principal,
        lag.principal_untyped,
        lag.app_role_assignment,
        lag.app_role_effect,
        lag.role_definition,
        lag.role_definition_deletion,
        lag.role_assignment,
        lag.role_assignment_deletion,
        lag.role_assignment_effect,
        lag.secret,
        lag.credential_list,
        lag.certificate,
        lag.federated_credential,
        lag.application_deletion,
        lag.service_principal_deletion,
    ];
    match all.iter().find(|lag| !(0..=DAY).contains(*lag)) {
        Some(wrong) => Err(format!("lag: {wrong} is not between 0 and a day of milliseconds")),
        None => Ok(()),
    }
}

fn check_operator(scenario: &Scenario) -> Result<(), String> {
    for role in scenario.users.iter().flat_map(|user| &user.directory_roles) {
        if !directory_roles::exists(role) {
            return Err(format!("users.directory-roles: no directory role {role:?}"));
        }
    }
    for role in &scenario.operator.graph_roles {
        if microsoft_graph::app_role_named(role).is_none() {
            return Err(format!("operator.graph-roles: Microsoft Graph has no app role {role:?}"));
        }
    }
    Ok(())
}
