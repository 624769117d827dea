//! Access: the grants a caller holds, and whether they allow an action at a scope.

use serde_json::json;
use uuid::Uuid;

use super::{Answer, Scope, api_version, builtin_roles, error, reply};
use crate::caller::Caller;
use crate::chance::View;
use crate::clock::Millis;
use crate::http::{Call, Reply};
use crate::store::objects::Permission;
use crate::world::World;

/// A caller and the grants that are in effect for this call.
pub(super) struct Access {
    pub(super) caller: Caller,
    /// Scope key and role of each grant.
    grants: Vec<(String, Uuid)>,
}

impl Access {
    /// Collects the grants that hold for this token at this moment.
    ///
    /// A grant made after the token was issued is not in it, and a young one is known to some
    /// front ends only. It is rolled once per call: one call meets one front end.
    pub(super) fn of(world: &mut World, caller: &Caller, now: Millis) -> Self {
        let lag = world.scenario.lag.role_assignment_effect;
        let held: Vec<_> = world
            .store
            .role_assignments
            .values()
            .filter(|it| it.principal == caller.object_id && it.created <= caller.issued)
            .map(|it| (it.name, it.created, it.scope.to_lowercase(), it.role))
            .collect();
        let grants = held
            .into_iter()
            .filter(|(name, born, ..)| world.sees(View::Effect, *name, *born, lag, now))
            .map(|(_, _, scope, role)| (scope, role))
            .collect();
        Self { caller: caller.clone(), grants }
    }

    /// Whether the grants allow a control-plane action at a scope.
    pub(super) fn allows(&self, world: &World, action: &str, scope: &Scope) -> bool {
        let chain = scope.chain(&world.estate);
        self.permissions_in(world, &chain).iter().any(|permission| grants(permission, action))
    }

    /// The same, as a refusal that names the path the caller asked for.
    pub(super) fn require(
        &self,
        world: &World,
        action: &str,
        scope: &Scope,
        shown: &str,
    ) -> Result<(), Reply> {
        if self.allows(world, action, scope) {
            return Ok(());
        }
        Err(error::forbidden(&self.caller, action, shown))
    }

    /// Whether there is any grant at, above or below a scope.
    pub(super) fn touches(&self, world: &World, scope: &Scope) -> bool {
        let (chain, below) = (scope.chain(&world.estate), format!("{}/", scope.key()));
        let touches = |at: &String| chain.contains(at) || at.starts_with(&below);
        self.grants.iter().any(|(at, _)| touches(at))
    }

    /// `GET {scope}/providers/Microsoft.Authorization/permissions`.
    pub(super) fn permissions(&self, world: &World, call: &Call, scope: &Scope) -> Answer {
        if call.method != "GET" {
            return Err(error::wrong_method(&call.method, &call.path()));
        }
        api_version::require(call, "permissions", api_version::AUTHORIZATION)?;
        let chain = scope.chain(&world.estate);
        let held = self.permissions_in(world, &chain);
        if held.is_empty() {
            let action = "Microsoft.Authorization/permissions/read";
            let shown = scope.child("providers/Microsoft.Authorization");
            return Err(error::forbidden(&self.caller, action, &shown));
        }
        scope.require(&world.estate)?;
        let items = held
            .into_iter()
            .enumerate()
            .map(|(index, permission)| (format!("{index:06}"), json!(permission)));
        reply::list(world, call, items)
    }

    fn permissions_in(&self, world: &World, chain: &[String]) -> Vec<Permission> {
        let here = self.grants.iter().filter(|(at, _)| chain.contains(at));
        here.flat_map(|(_, role)| permissions_of(world, *role)).collect()
    }
}

/// What a role allows, built-in or custom.
pub(super) fn permissions_of(world: &World, role: Uuid) -> Vec<Permission> {
    match builtin_roles::with_id(role) {
        Some(builtin) => vec![builtin.permission()],
        None => {
            let custom = world.store.role_definitions.get(&role);
            custom.map(|role| role.permissions.clone()).unwrap_or_default()
        }
    }
}

/// Whether one permission allows an action.
fn grants(permission: &Permission, action: &str) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, action));
    any(&permission.actions) && !any(&permission.not_actions)
}

/// Whether a pattern with `*` covers an action; case does not matter, and `*` crosses slashes.
pub(super) fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| action.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_what_azure_says_they_cover() {
        let yes = [
            ("*", "Microsoft.Web/sites/read"),
            ("*/read", "Microsoft.Web/sites/read"),
            ("Microsoft.Authorization/*/read", "microsoft.authorization/roleAssignments/READ"),
            ("Microsoft.Web/sites/*", "Microsoft.Web/sites/config/list/action"),
            ("Microsoft.Web/sites/read", "microsoft.web/SITES/read"),
            ("a*b*c", "aXbYc"),
        ];
        let no = [
            ("*/read", "Microsoft.Web/sites/write"),
            ("Microsoft.Authorization/*/read", "Microsoft.Web/sites/read"),
            ("Microsoft.Web/sites", "Microsoft.Web/sites/read"),
            ("", "Microsoft.Web/sites/read"),
            ("a*b*c", "aXcYb"),
        ];
        for (pattern, action) in yes {
            assert!(matches(pattern, action), "{pattern} covers {action}");
        }
        for (pattern, action) in no {
            assert!(!matches(pattern, action), "{pattern} does not cover {action}");
        }
    }

    #[test]
    fn what_is_taken_off_is_not_granted() {
        let contributor = builtin_roles::named("Contributor").unwrap().permission();
        assert!(grants(&contributor, "Microsoft.Web/sites/write"));
        assert!(grants(&contributor, "Microsoft.Authorization/roleAssignments/read"));
        assert!(!grants(&contributor, "Microsoft.Authorization/roleAssignments/write"));
    }
}
