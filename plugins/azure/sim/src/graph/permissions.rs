//! Which permission each operation needs, and who has it.

use super::directory_roles;
use super::error::forbidden;
use crate::caller::Caller;
use crate::http::{Call, Reply};
use crate::world::World;

pub(super) const READ_APPLICATIONS: &[&str] = &[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Changing what anybody made.
pub(super) const WRITE_ALL: &[&str] = &["Application.ReadWrite.All", "Directory.ReadWrite.All"];
/// Changing what the caller made itself.
pub(super) const WRITE_OWNED: &[&str] = &["Application.ReadWrite.OwnedBy"];
/// Granting app roles, those of Microsoft Graph included: no write permission comes close.
pub(super) const GRANT: &[&str] = &["AppRoleAssignment.ReadWrite.All"];
pub(super) const READ_ORGANIZATION: &[&str] =
    &["Organization.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(super) const READ_POLICIES: &[&str] = &["Policy.Read.All"];
/// Reading what is allowed to applications.
const READ_APPLICATION_POLICIES: &[&str] =
    &["Policy.Read.All", "Policy.Read.ApplicationConfiguration"];
/// Reading one's own profile and memberships.
const READ_ONESELF: &[&str] = &[
    "User.Read",
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
pub(super) const READ_USERS: &[&str] =
    &["User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(super) const READ_GROUPS: &[&str] =
    &["Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(super) const READ_ROLES: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// Reading who could activate a role: nothing wider includes it.
pub(super) const READ_ELIGIBILITY: &[&str] = &[
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
];
/// What a person's client needs to do whatever the person may.
const AS_USER: &str = "Directory.AccessAsUser.All";

/// Whether the caller has one of these permissions.
pub(super) fn has(caller: &Caller, any_of: &[&str]) -> bool {
    let held = |wanted: &&str| match caller.person {
        None => caller.roles.iter().any(|role| role == wanted),
        Some(_) => {
            delegated(caller, any_of)
                && directory_roles::allow(&caller.directory_roles, caller.guest, wanted)
        }
    };
    any_of.iter().any(held)
}

/// Whether a person let the client do this at all.
fn delegated(caller: &Caller, any_of: &[&str]) -> bool {
    caller.scopes.iter().any(|scope| {
        scope == AS_USER
            || any_of.contains(&scope.as_str())
            // What changes everything changes what is owned, too.
            || (any_of == WRITE_OWNED && WRITE_ALL.contains(&scope.as_str()))
    })
}

/// The same, as a refusal.
pub(super) fn require(call: &Call, caller: &Caller, any_of: &[&str]) -> Result<(), Reply> {
    if has(caller, any_of) { Ok(()) } else { Err(forbidden(call)) }
}

/// Whether a person's client may read who that person is. For an application there is nobody to
/// read, which is another refusal.
pub(super) fn require_oneself(call: &Call, caller: &Caller) -> Result<(), Reply> {
    match caller.person {
        Some(_) if !delegated(caller, READ_ONESELF) => Err(forbidden(call)),
        _ => Ok(()),
    }
}

/// Whether the caller may read what is allowed to applications; a person needs a role for it that
/// reading other policies does not take.
pub(super) fn require_application_policies(call: &Call, caller: &Caller) -> Result<(), Reply> {
    if caller.person.is_none() {
        return require(call, caller, READ_APPLICATION_POLICIES);
    }
    let wanted = "Policy.Read.ApplicationConfiguration";
    let allowed = delegated(caller, READ_APPLICATION_POLICIES)
        && directory_roles::allow(&caller.directory_roles, caller.guest, wanted);
    if allowed { Ok(()) } else { Err(forbidden(call)) }
}

/// Whether the caller may register an application, which it then owns.
pub(super) fn require_register(world: &World, call: &Call, caller: &Caller) -> Result<(), Reply> {
    let own = has(caller, WRITE_OWNED);
    let allowed = match caller.person {
        None => own,
        // Guests are never meant when a tenant lets its users register applications.
        Some(_) => {
            let members = world.scenario.policy.users_may_register_applications && !caller.guest;
            own && (members || directory_roles::may_register(&caller.directory_roles))
        }
    };
    if allowed || has(caller, WRITE_ALL) { Ok(()) } else { Err(forbidden(call)) }
}

/// Whether the caller may change something that this application or person made.
pub(super) fn require_write(
    call: &Call,
    caller: &Caller,
    made_by: Option<uuid::Uuid>,
) -> Result<(), Reply> {
    let own = made_by == Some(caller.maker());
    if has(caller, WRITE_ALL) || (own && has(caller, WRITE_OWNED)) {
        return Ok(());
    }
    Err(forbidden(call))
}

/// Whether the caller may read who is eligible for directory roles; the scope is checked first, and
/// its absence has a refusal of its own.
pub(super) fn require_eligibility(call: &Call, caller: &Caller) -> Result<(), Reply> {
    let scoped = |held: &[String]| held.iter().any(|it| READ_ELIGIBILITY.contains(&it.as_str()));
    let granted = match caller.person {
        None => scoped(&caller.roles),
        Some(_) => scoped(&caller.scopes),
    };
    if !granted {
        return Err(super::error::scope_not_granted(call, READ_ELIGIBILITY));
    }
    match caller.person {
        None => Ok(()),
        Some(_) => {
            let wanted = "RoleEligibilitySchedule.Read.Directory";
            let allowed = directory_roles::allow(&caller.directory_roles, caller.guest, wanted);
            let own = call
                .parameter("$filter")
                .is_some_and(|filter| filter.contains(&caller.object_id.to_string()));
            if allowed || own { Ok(()) } else { Err(forbidden(call)) }
        }
    }
}
