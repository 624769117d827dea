//! What the plan does in Resource Manager, scope by scope.

use std::collections::BTreeMap;

use skybridge_azure_client::arm::management_groups;
use skybridge_plugin_sdk::protocol::survey::PlannedWrite;

use crate::names;
use crate::roles::{self, Role};
use crate::session::Session;
use crate::settings::RootManagementGroup;
use crate::steps::{role_assignment, role_definition};

/// What is done at one scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) scope: String,
    /// The addresses of the steps that need an action, by action.
    pub(super) actions: BTreeMap<String, Vec<String>>,
    /// The roles that are assigned.
    pub(super) roles: Vec<Assigned>,
}

/// A role that is assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) title: &'static str,
    /// Its GUID.
    pub(super) id: String,
    /// The step.
    pub(super) address: String,
}

/// Every scope that is written to, in order.
pub(super) fn of(session: &Session<'_>, steps: &[PlannedWrite]) -> Vec<At> {
    let mut all: BTreeMap<String, At> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.kind == role_assignment::KIND) {
        let Some((role, scope)) = assignment(session, step) else { continue };
        let at = all.entry(scope.to_lowercase()).or_default();
        at.scope = scope;
        note(at, step);
        at.roles.push(Assigned {
            title: role.title,
            id: role.id.map_or_else(|| custom_role_id(session), str::to_owned),
            address: step.address.clone(),
        });
    }
    // Writing the custom role takes the right in each of its scopes.
    for step in steps.iter().filter(|step| step.kind == role_definition::KIND) {
        let mut scopes: Vec<String> =
            all.keys().filter(|key| is_subscription(key)).cloned().collect();
        if scopes.is_empty() {
            scopes = session.settings.subscription_scopes();
        }
        for scope in scopes {
            let at = all.entry(scope.clone()).or_default();
            at.scope = scope;
            note(at, step);
        }
    }
    all.into_values().collect()
}

/// Which role a step assigns, and where. At the root, nothing is asked of an operator who takes the
/// right for that time.
fn assignment(session: &Session<'_>, step: &PlannedWrite) -> Option<(Role, String)> {
    let role = roles::by_word(step.name.as_deref()?)?;
    let at = step.scope.as_deref()?;
    let tenant = session.settings.tenant_id();
    if role == roles::MANAGEMENT_GROUP_READER {
        let elevated = session.settings.root_management_group == RootManagementGroup::Elevate;
        return (!elevated).then(|| (role, management_groups::scope(&tenant)));
    }
    let scope = if at.starts_with('/') { at.to_owned() } else { format!("/subscriptions/{at}") };
    Some((role, scope))
}

fn custom_role_id(session: &Session<'_>) -> String {
    let name = names::custom_role(&session.settings.display_name);
    names::custom_role_id(&session.settings.tenant_id(), &name)
}

fn is_subscription(scope: &str) -> bool {
    let parts: Vec<&str> = scope.split('/').collect();
    matches!(parts.as_slice(), ["", "subscriptions", _])
}

/// Notes the actions a step says it needs; what has no slash is a right in the directory.
fn note(at: &mut At, step: &PlannedWrite) {
    for action in step.permissions.iter().filter(|it| it.starts_with("Microsoft.")) {
        let steps = at.actions.entry(action.clone()).or_default();
        if steps.last() != Some(&step.address) {
            steps.push(step.address.clone());
        }
    }
}
