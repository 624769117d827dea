//! The estate: management groups, subscriptions, resource groups and clusters of the scenario.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::scenario::{Cluster, Scenario, Subscription, SubscriptionState};

/// A management group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Key of the parent; the root group has none.
    pub(crate) parent: Option<String>,
}

/// The whole hierarchy, indexed.
#[derive(Debug)]
pub(crate) struct Estate {
    root: String,
    groups: BTreeMap<String, Group>,
    subscriptions: BTreeMap<Uuid, Subscription>,
    resource_groups: BTreeSet<(Uuid, String)>,
    pub(crate) clusters: Vec<Cluster>,
    cluster_keys: BTreeSet<String>,
    /// What lies directly below a group, by its key.
    inside: BTreeMap<String, Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    groups: Vec<String>,
    subscriptions: Vec<Uuid>,
}

impl Estate {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let root = scenario.root_group();
        let mut groups = BTreeMap::new();
        if scenario.tenant.root_management_group {
            let name = "Tenant Root Group".to_owned();
            groups.insert(root.clone(), Group { id: root.clone(), name, parent: None });
            for group in &scenario.management_groups {
                let parent = Some(group.parent.to_lowercase());
                let (id, name) = (group.id.clone(), group.name.clone());
                groups.insert(id.to_lowercase(), Group { id, name, parent });
            }
        }
        let mut resource_groups = BTreeSet::new();
        for subscription in &scenario.subscriptions {
            for group in &subscription.resource_groups {
                resource_groups.insert((subscription.id, group.to_lowercase()));
            }
        }
        for cluster in &scenario.clusters {
            resource_groups.insert((cluster.subscription, cluster.resource_group.to_lowercase()));
        }
        let subscriptions: BTreeMap<Uuid, Subscription> =
            scenario.subscriptions.iter().map(|it| (it.id, it.clone())).collect();
        let clusters = scenario.clusters.clone();
        let cluster_keys = clusters.iter().map(|it| cluster_id(it).to_lowercase()).collect();
        let inside = inside(&groups, &subscriptions);
        Self { root, groups, subscriptions, resource_groups, clusters, cluster_keys, inside }
    }

    pub(crate) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(&id.to_lowercase())
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    pub(crate) fn children(&self, id: &str) -> impl Iterator<Item = &Group> {
        let inside = self.inside.get(&id.to_lowercase());
        let keys = inside.into_iter().flat_map(|inside| &inside.groups);
        keys.filter_map(|key| self.groups.get(key))
    }

    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values()
    }

    pub(crate) fn subscriptions_of(&self, group: &str) -> impl Iterator<Item = &Subscription> {
        let inside = self.inside.get(&group.to_lowercase());
        let ids = inside.into_iter().flat_map(|inside| &inside.subscriptions);
        ids.filter_map(|id| self.subscriptions.get(id))
    }

    pub(crate) fn subscription(&self, id: Uuid) -> Option<&Subscription> {
        self.subscriptions.get(&id)
    }

    /// Whether there is such a subscription, which is in that state from now on.
    pub(crate) fn turn_into(&mut self, id: Uuid, state: SubscriptionState) -> bool {
        self.subscriptions.get_mut(&id).map(|it| it.state = state).is_some()
    }

    pub(crate) fn subscription_named(&self, id: &str) -> Option<&Subscription> {
        self.subscriptions.get(&Uuid::parse_str(id).ok()?)
    }

    pub(crate) fn has_resource_group(&self, subscription: &str, group: &str) -> bool {
        let id = Uuid::parse_str(subscription);
        id.is_ok_and(|id| self.resource_groups.contains(&(id, group.to_lowercase())))
    }

    /// The resource groups of a subscription.
    pub(crate) fn resource_groups_of(&self, subscription: Uuid) -> impl Iterator<Item = &str> {
        let all = self.resource_groups.iter();
        all.filter(move |(id, _)| *id == subscription).map(|(_, name)| name.as_str())
    }

    pub(crate) fn has_resource(&self, key: &str) -> bool {
        self.cluster_keys.contains(key)
    }

    /// Keys of a management group and the groups above it.
    pub(crate) fn group_chain(&self, id: &str) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = Some(id.to_lowercase());
        while let Some(key) = at {
            chain.push(group_key(&key));
            at = match self.groups.get(&key) {
                Some(group) => group.parent.clone(),
                // A group that does not exist would lie somewhere below the root.
                None if key != self.root => Some(self.root.clone()),
                None => None,
            };
        }
        chain
    }

    /// Keys of a subscription and the groups above it.
    pub(crate) fn subscription_chain(&self, id: &str) -> Vec<String> {
        let mut chain = vec![format!("/subscriptions/{}", id.to_lowercase())];
        let group = self.subscription_named(id).map(|it| it.management_group.as_str());
        chain.extend(self.group_chain(group.unwrap_or(&self.root)));
        chain
    }
}

fn inside(
    groups: &BTreeMap<String, Group>,
    subscriptions: &BTreeMap<Uuid, Subscription>,
) -> BTreeMap<String, Inside> {
    let mut inside: BTreeMap<String, Inside> = BTreeMap::new();
    for (key, group) in groups {
        if let Some(parent) = &group.parent {
            inside.entry(parent.clone()).or_default().groups.push(key.clone());
        }
    }
    for (id, it) in subscriptions {
        let parent = it.management_group.to_lowercase();
        inside.entry(parent).or_default().subscriptions.push(*id);
    }
    inside
}

/// The path of a management group.
pub(crate) fn group_path(id: &str) -> String {
    format!("/providers/Microsoft.Management/managementGroups/{id}")
}

fn group_key(id: &str) -> String {
    group_path(id).to_lowercase()
}

/// The path of a cluster.
pub(crate) fn cluster_id(cluster: &Cluster) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerService/managedClusters/{}",
        cluster.subscription, cluster.resource_group, cluster.name
    )
}
