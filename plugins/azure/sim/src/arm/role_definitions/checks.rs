//! What a custom role may say, and what it may no longer say.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Scope, ScopeKind, Wanted, builtin_roles, operations, refuse};
use crate::clock::Millis;
use crate::http::{Call, Reply};
use crate::store::RoleDefinition;
use crate::store::objects::Permission;
use crate::world::World;

/// A scope in which the role is still given to somebody stays a scope of the role. As with deleting
/// it, assignments deleted a moment ago still count.
pub(super) fn require_no_orphans(
    world: &mut World,
    known: &RoleDefinition,
    kept: &[String],
    lag: Millis,
    now: Millis,
) -> Result<(), Reply> {
    let keys = |texts: &[String]| -> BTreeSet<String> {
        texts.iter().map(|text| text.to_lowercase()).collect()
    };
    let (kept, had) = (keys(kept), keys(&known.assignable_scopes));
    if had.is_subset(&kept) {
        return Ok(());
    }
    let lately: Vec<_> = world.departed.assignments(lag, now).map(|gone| gone.it.clone()).collect();
    let given = world.store.role_assignments.values().chain(&lately);
    for at in given.filter(|it| it.role == known.name).filter_map(|it| Scope::of_text(&it.scope)) {
        let chain: BTreeSet<String> = at.chain(&world.estate).into_iter().collect();
        let lost = had.intersection(&chain).next().filter(|_| kept.is_disjoint(&chain));
        if let Some(scope) = lost {
            let text = format!(
                "Role assignments found under scope '{scope}' which is being removed. Removing this \
                 scope from the role will orphan these assignments. Delete these assignments before \
                 removing the scope."
            );
            return Err(refuse(400, "RoleScopeBeingRemovedContainsAssignments", text));
        }
    }
    Ok(())
}

/// Where a role may be assignable: real scopes, one management group at most.
pub(super) fn check_scopes(wanted: &Wanted) -> Result<(), Reply> {
    let wrong = |text: String| refuse(400, "InvalidAssignableScopes", text);
    if wanted.assignable_scopes.is_empty() {
        return Err(wrong("A role definition needs at least one assignable scope.".to_owned()));
    }
    let mut groups = BTreeSet::new();
    for text in &wanted.assignable_scopes {
        match Scope::of_text(text).map(|scope| scope.kind) {
            Some(ScopeKind::ManagementGroup(id)) => drop(groups.insert(id)),
            Some(ScopeKind::Subscription(_) | ScopeKind::ResourceGroup(..)) => {}
            _ => {
                let shown: String = text.chars().take(200).collect();
                return Err(wrong(format!("'{shown}' is not a scope a custom role may have.")));
            }
        }
    }
    if groups.len() > 1 {
        return Err(wrong("Only one management group may be an assignable scope.".to_owned()));
    }
    let data = |it: &Permission| !it.data_actions.is_empty() || !it.not_data_actions.is_empty();
    if !groups.is_empty() && wanted.permissions.iter().any(data) {
        let text = "A role with data actions cannot be assignable at a management group.";
        return Err(wrong(text.to_owned()));
    }
    Ok(())
}

/// One unknown action refuses the whole role.
pub(super) fn check_actions(permissions: &[Permission]) -> Result<(), Reply> {
    for it in permissions {
        let control = it.actions.iter().chain(&it.not_actions).map(|action| (action, false));
        let data = it.data_actions.iter().chain(&it.not_data_actions).map(|it| (it, true));
        for (action, is_data) in control.chain(data) {
            if let Some(reason) = operations::unknown_action(action, is_data) {
                let code = if is_data {
                    "InvalidDataActionOrNotDataAction"
                } else {
                    "InvalidActionOrNotAction"
                };
                return Err(refuse(400, code, reason));
            }
        }
    }
    Ok(())
}

/// A name is taken by built-in roles and by custom roles of any scope, visible or not.
///
/// That of a role deleted a moment ago is not free yet.
pub(super) fn check_name(
    world: &mut World,
    call: &Call,
    role_name: &str,
    name: Uuid,
) -> Result<(), Reply> {
    let wanted = role_name.to_lowercase();
    let other = |it: &RoleDefinition| it.name != name && it.role_name.to_lowercase() == wanted;
    let lag = world.scenario.lag.role_definition_deletion;
    let taken = builtin_roles::named(role_name).is_some()
        || world.store.role_definitions.values().any(other)
        || world.departed.definitions(lag, call.now).any(|gone| other(&gone.it));
    if taken {
        let text = "A role definition cannot be updated with a name that already exists.";
        return Err(refuse(409, "RoleDefinitionWithSameNameExists", text));
    }
    Ok(())
}
