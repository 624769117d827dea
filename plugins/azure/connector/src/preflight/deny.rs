//! Deny assignments: whether one stands in the way of an action of the operator.

use skybridge_azure_client::arm::deny_assignments::{DenyAssignment, Principal};

/// Whether it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    No,
    Yes,
    /// It depends on something that cannot be seen from here.
    Perhaps(&'static str),
}

/// Whether `deny` forbids `action` at `scope` to the principal `operator`.
pub(super) fn covers(deny: &DenyAssignment, scope: &str, operator: &str, action: &str) -> Verdict {
    let says = &deny.properties;
    let here = says.scope.as_deref().unwrap_or_default().trim_end_matches('/');
    let child = !here.eq_ignore_ascii_case(scope.trim_end_matches('/'));
    if says.do_not_apply_to_child_scopes && child {
        return Verdict::No;
    }
    if !says.permissions.iter().any(|denied| denied.allows(action)) {
        return Verdict::No;
    }
    let is_operator = |one: &Principal| one.id.eq_ignore_ascii_case(operator);
    if says.exclude_principals.iter().any(is_operator) {
        return Verdict::No;
    }
    let named = says.principals.iter().any(|one| is_operator(one) || is_everyone(one));
    if !named && !says.principals.iter().any(is_group) {
        return Verdict::No;
    }
    if !named {
        return Verdict::Perhaps(
            "it names a group, and whether the operator is in it is not known",
        );
    }
    if says.exclude_principals.iter().any(is_group) {
        return Verdict::Perhaps(
            "it spares a group, and whether the operator is in it is not known",
        );
    }
    if says.condition.as_deref().is_some_and(|text| !text.trim().is_empty()) {
        return Verdict::Perhaps("it has a condition");
    }
    Verdict::Yes
}

/// All principals together have an id of zeros.
fn is_everyone(one: &Principal) -> bool {
    !one.id.is_empty() && one.id.chars().all(|c| c == '0' || c == '-')
}

fn is_group(one: &Principal) -> bool {
    one.kind.eq_ignore_ascii_case("Group")
}
