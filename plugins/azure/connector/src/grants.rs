//! Which permissions the connection asks for, from the settings alone.
//!
//! `permissions = "seed"` asks for what the onboarding page asks for. `"least"` asks only for what
//! an enabled capability needs: [`catalogue`] says which needs which, and nothing else decides.

use skybridge_plugin_sdk::protocol::onboard::Permission;

use crate::roles::{
    CUSTOM, CUSTOM_ACTIONS, CustomAction, FOR_KUBERNETES, GRAPH_PERMISSIONS, GraphPermission,
    MANAGEMENT_GROUP_READER, ON_SUBSCRIPTION, Role,
};
use crate::settings::{Aks, Permissions, RootManagementGroup, Settings};

mod catalogue;

use catalogue::Where;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    /// Roles on every subscription, the custom one among them.
    pub(crate) on_subscription: Vec<Role>,
    /// Roles for Kubernetes, wherever `aks` puts them.
    pub(crate) for_kubernetes: Vec<Role>,
    /// Management Group Reader at the root group.
    pub(crate) root_group: bool,
    /// What the custom role allows; without any there is no such role.
    pub(crate) actions: Vec<CustomAction>,
    /// Permissions in Microsoft Graph.
    pub(crate) graph: Vec<GraphPermission>,
}

impl Grants {
    /// What `settings` ask for.
    pub(crate) fn of(settings: &Settings) -> Self {
        let asks = |permission: &str| asks(settings, permission);
        let actions: Vec<CustomAction> =
            CUSTOM_ACTIONS.into_iter().filter(|action| asks(action.action)).collect();
        let wanted =
            |role: &Role| if *role == CUSTOM { !actions.is_empty() } else { asks(role.title) };
        Self {
            on_subscription: ON_SUBSCRIPTION.into_iter().filter(wanted).collect(),
            for_kubernetes: FOR_KUBERNETES.into_iter().filter(wanted).collect(),
            root_group: wanted(&MANAGEMENT_GROUP_READER),
            graph: GRAPH_PERMISSIONS.into_iter().filter(|it| asks(it.value)).collect(),
            actions,
        }
    }

    /// The actions of the custom role, by name.
    pub(crate) fn action_names(&self) -> Vec<String> {
        self.actions.iter().map(|action| action.action.to_owned()).collect()
    }

    /// Whether Microsoft Graph's permission `value` is among them.
    pub(crate) fn has_graph(&self, value: &str) -> bool {
        self.graph.iter().any(|permission| permission.value == value)
    }
}

/// Whether `settings` ask for the permission of this name.
fn asks(settings: &Settings, permission: &str) -> bool {
    catalogue::ENTRIES.iter().find(|entry| entry.permission == permission).is_some_and(|entry| {
        let needed = entry.capabilities.iter().any(|it| settings.capabilities.contains(it));
        let possible = match entry.at {
            Where::Kubernetes => settings.aks != Aks::Off,
            Where::RootGroup => settings.root_management_group != RootManagementGroup::Skip,
            Where::Subscription | Where::CustomRole | Where::Directory => true,
        };
        possible && (needed || settings.permissions == Permissions::Seed)
    })
}

/// Every permission there is, asked for or not, with what it is for.
pub(crate) fn explained(settings: &Settings) -> Vec<Permission> {
    catalogue::ENTRIES
        .iter()
        .map(|entry| Permission {
            permission: entry.permission.to_owned(),
            sort: entry.sort().to_owned(),
            scope: entry.at.words(settings).to_owned(),
            why: entry.why.to_owned(),
            capabilities: entry.capabilities.iter().map(|it| it.word().to_owned()).collect(),
            without: entry.without.to_owned(),
            exposes: entry.exposes.map(str::to_owned),
            asked: asks(settings, entry.permission),
        })
        .collect()
}

#[cfg(test)]
mod tests;
