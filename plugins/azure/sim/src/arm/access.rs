//! Access: the grants a caller holds, and whether they allow an action at a scope.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use super::condition::{Condition, Deed, Triple};
use super::deny_assignments::{self, Denial};
use super::{Answer, Scope, api_version, builtin_roles, error, reply};
use crate::caller::Caller;
use crate::chance::View;
use crate::clock::Millis;
use crate::http::{Call, Reply};
use crate::store::RoleAssignment;
use crate::store::objects::Permission;
use crate::world::World;

/// A caller, and which of its grants this call does not know yet.
pub(super) struct Access {
    pub(super) caller: Caller,
    hidden: BTreeSet<Uuid>,
}

/// Whether a caller may do something, and why not.
enum Verdict {
    Granted,
    NotGranted,
    /// It would be, if the condition of the grant were met.
    ConditionNotMet,
    Denied(Denial),
}

impl Access {
    /// Finds the grants that hold for this token at this moment.
    ///
    /// A grant made after the token was issued is not in it, and a young one is known to some
    /// front ends only. It is rolled once per call: one call meets one front end.
    pub(super) fn of(world: &mut World, caller: &Caller, now: Millis) -> Self {
        let lag = world.scenario.lag.role_assignment_effect;
        let young = world.store.role_assignments.held_since(caller.object_id, now - lag);
        let hidden = young
            .into_iter()
            .filter(|(born, name)| !world.sees(View::Effect, *name, *born, lag, now))
            .map(|(_, name)| name)
            .collect();
        Self { caller: caller.clone(), hidden }
    }

    /// Whether the caller may do this, whatever it is done to.
    pub(super) fn allows(&self, world: &World, action: &str, scope: &Scope) -> bool {
        let deed = Deed { action, request: None, resource: None };
        matches!(self.judge(world, &deed, scope), Verdict::Granted)
    }

    /// The same, as a refusal that names the path the caller asked for.
    pub(super) fn require(
        &self,
        world: &World,
        action: &str,
        scope: &Scope,
        shown: &str,
    ) -> Result<(), Reply> {
        self.refusal(
            self.judge(world, &Deed { action, request: None, resource: None }, scope),
            action,
            shown,
        )
    }

    /// The same, before it is known what it is done to: a condition may still stand against it.
    pub(super) fn require_in_principle(
        &self,
        world: &World,
        action: &str,
        scope: &Scope,
        shown: &str,
    ) -> Result<(), Reply> {
        let verdict = self.judge(world, &Deed { action, request: None, resource: None }, scope);
        match verdict {
            Verdict::ConditionNotMet => Ok(()),
            verdict => self.refusal(verdict, action, shown),
        }
    }

    /// Whether the caller may make (`request`) or take away (`resource`) this role assignment.
    pub(super) fn require_for(
        &self,
        world: &World,
        deed: &Deed<'_>,
        scope: &Scope,
        shown: &str,
    ) -> Result<(), Reply> {
        self.refusal(self.judge(world, deed, scope), deed.action, shown)
    }

    fn refusal(&self, verdict: Verdict, action: &str, shown: &str) -> Result<(), Reply> {
        match verdict {
            Verdict::Granted => Ok(()),
            Verdict::NotGranted => Err(error::forbidden(&self.caller, action, shown)),
            Verdict::ConditionNotMet => Err(error::condition_not_met(&self.caller, action, shown)),
            Verdict::Denied(denial) => Err(error::denied(&self.caller, action, shown, &denial)),
        }
    }

    fn judge(&self, world: &World, deed: &Deed<'_>, scope: &Scope) -> Verdict {
        let chain = scope.chain(&world.estate);
        let mut verdict = Verdict::NotGranted;
        for it in self.grants(world, &chain) {
            if !role_grants(world, it.role, deed.action) {
                continue;
            }
            if is_met(it, deed) {
                return match deny_assignments::against(world, &self.caller, deed.action, &chain) {
                    Some(denial) => Verdict::Denied(denial),
                    None => Verdict::Granted,
                };
            }
            verdict = Verdict::ConditionNotMet;
        }
        verdict
    }

    /// Whether there is any grant at, above or below a scope.
    pub(super) fn touches(&self, world: &World, scope: &Scope) -> bool {
        let chain = scope.chain(&world.estate);
        let below = world
            .store
            .role_assignments
            .held_below(self.caller.object_id, &scope.key())
            .any(|it| self.knows(it));
        below || self.grants(world, &chain).next().is_some()
    }

    /// `GET {scope}/providers/Microsoft.Authorization/permissions`.
    ///
    /// It tells what the roles say: neither conditions nor deny assignments are looked at.
    pub(super) fn permissions(&self, world: &World, call: &Call, scope: &Scope) -> Answer {
        if call.method != "GET" {
            return Err(error::wrong_method(&call.method, &call.path()));
        }
        api_version::require(call, "permissions", api_version::AUTHORIZATION)?;
        let chain = scope.chain(&world.estate);
        let held: Vec<Permission> =
            self.grants(world, &chain).flat_map(|it| permissions_of(world, it.role)).collect();
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

    fn grants<'a>(
        &'a self,
        world: &'a World,
        chain: &'a [String],
    ) -> impl Iterator<Item = &'a RoleAssignment> {
        let all = &world.store.role_assignments;
        let held = chain.iter().flat_map(|key| all.held_at(self.caller.object_id, key));
        held.filter(|it| self.knows(it))
    }

    fn knows(&self, it: &RoleAssignment) -> bool {
        it.created <= self.caller.issued && !self.hidden.contains(&it.name)
    }
}

/// A condition that cannot be read lets nothing through.
fn is_met(it: &RoleAssignment, deed: &Deed<'_>) -> bool {
    match &it.condition {
        None => true,
        Some(text) => Condition::parse(text).is_ok_and(|condition| condition.is_met(deed)),
    }
}

impl From<&RoleAssignment> for Triple {
    fn from(it: &RoleAssignment) -> Self {
        Self { role: it.role, principal: it.principal, principal_type: it.principal_type.clone() }
    }
}

fn role_grants(world: &World, role: Uuid, action: &str) -> bool {
    match builtin_roles::with_id(role) {
        Some(builtin) => builtin.grants(action),
        None => {
            let custom = world.store.role_definitions.get(&role);
            custom.is_some_and(|it| it.permissions.iter().any(|it| grants(it, action)))
        }
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
    covers(&permission.actions, action) && !covers(&permission.not_actions, action)
}

/// Whether one of the patterns covers an action.
pub(super) fn covers(patterns: &[impl AsRef<str>], action: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern.as_ref(), action))
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
