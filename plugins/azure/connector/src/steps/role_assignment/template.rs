//! How role assignments look in a plan.

use serde_json::json;
use skybridge_plugin_sdk::protocol::onboard::{StepTemplate, effect};

use super::KIND;
use crate::roles::{MANAGEMENT_GROUP_READER, Role};
use crate::template::{ASSIGN, MINUTE_MS, UNASSIGN, call, undo, wait, words};

/// Where assignments of one template are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// The address's scope is a subscription's id.
    Subscription,
    /// The address's scope is a cluster's resource id; its subscription is in the variable
    /// `subscription`.
    Cluster,
    /// The address's scope is the tenant's id, which is also the root management group's name.
    Root,
}

impl At {
    const fn scope(self) -> &'static str {
        match self {
            Self::Subscription => "/subscriptions/{scope}",
            Self::Cluster => "{scope}",
            Self::Root => "/providers/Microsoft.Management/managementGroups/{scope}",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Subscription => "subscription {scope}",
            Self::Cluster => "cluster {scope}",
            Self::Root => "the root management group",
        }
    }

    const fn group(self) -> &'static str {
        match self {
            Self::Subscription => "Subscription {scope}",
            Self::Cluster => "Subscription {subscription}",
            Self::Root => "Tenant",
        }
    }

    const fn throttle(self) -> &'static str {
        match self {
            Self::Subscription => "arm/{scope}",
            Self::Cluster => "arm/{subscription}",
            Self::Root => "arm/tenant",
        }
    }
}

/// The role at the root management group. `seen_from` is a subscription from which it can be seen
/// by an operator without rights above.
pub(crate) fn root_template(arm: &str, elevated: bool, seen_from: Option<&str>) -> StepTemplate {
    let mut template = template(MANAGEMENT_GROUP_READER, At::Root, arm);
    if elevated {
        template.desired["seen-from"] = json!(seen_from);
        template.inputs.push("elevation.elevated".into());
        // Longer than elsewhere: an elevation takes up to ten minutes to be known.
        template.readiness = wait("the assignment can be read back", 3, 10 * MINUTE_MS);
    }
    template
}

pub(crate) fn template(role: Role, at: At, arm: &str) -> StepTemplate {
    let scope = at.scope();
    let below = match at {
        At::Subscription => "/subscriptions/{scope}",
        At::Cluster => "/subscriptions/{subscription}",
        At::Root => "",
    };
    let role_id = role.id.map_or_else(
        || "<role-definition.custom.role-definition-id>".to_owned(),
        |id| format!("{below}/providers/Microsoft.Authorization/roleDefinitions/{id}"),
    );
    let one = format!(
        "{arm}{scope}/providers/Microsoft.Authorization/roleAssignments/<<assignment-name>\
         ?api-version=2022-04-01"
    );
    let mut calls = vec![
        call("GET", one.clone(), "Microsoft.Authorization/roleAssignments/read"),
        call("PUT", one.clone(), ASSIGN),
    ];
    if role == MANAGEMENT_GROUP_READER {
        let url = format!("{arm}{scope}?api-version=2023-04-01");
        calls.insert(0, call("GET", url, "Microsoft.Management/managementGroups/read"));
    }
    let mut inputs = words(["service-principal.object-id", "service-principal.fresh"]);
    if role.id.is_none() {
        inputs.extend(words([
            "role-definition.custom.role-definition-id",
            "role-definition.custom.fresh",
        ]));
    }
    StepTemplate {
        kind: KIND.into(),
        name: Some(role.word.into()),
        title: format!("assign {} on {}", role.title, at.title()),
        group: at.group().into(),
        reference: Some(role.reference.into()),
        effect: effect::ENSURE.into(),
        desired: json!({
            "scope": scope,
            "role": role.title,
            "role-definition-id": role_id,
            "principal-id": "<service-principal.object-id>",
            "principal-type": "ServicePrincipal",
        }),
        inputs,
        outputs: words(["id"]),
        calls,
        undo: undo("delete the role assignment", vec![call("DELETE", one, UNASSIGN)]),
        readiness: wait("the assignment can be read back", 3, 5 * MINUTE_MS),
        throttle: at.throttle().into(),
        notes: role.note.map(str::to_owned).into_iter().collect(),
        ..StepTemplate::default()
    }
}
