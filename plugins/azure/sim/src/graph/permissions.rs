//! Which permission each operation needs, and who has it.

use super::directory_roles;
use super::error::forbidden;
use crate::caller::Caller;
use crate::http::{Call, Reply};

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
pub(super) const READ_USERS: &[&str] =
    &["User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];
pub(super) const READ_GROUPS: &[&str] =
    &["Group.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// Whether the caller has one of these permissions.
pub(super) fn has(caller: &Caller, any_of: &[&str]) -> bool {
    let held = |wanted: &&str| match caller.person {
        None => caller.roles.iter().any(|role| role == wanted),
        Some(_) => directory_roles::allow(&caller.directory_roles, wanted),
    };
    any_of.iter().any(held)
}

/// The same, as a refusal.
pub(super) fn require(call: &Call, caller: &Caller, any_of: &[&str]) -> Result<(), Reply> {
    if has(caller, any_of) { Ok(()) } else { Err(forbidden(call)) }
}

/// Whether the caller may change something that this application made.
pub(super) fn require_write(
    call: &Call,
    caller: &Caller,
    made_by: Option<uuid::Uuid>,
) -> Result<(), Reply> {
    let own = made_by == Some(caller.app_id);
    if has(caller, WRITE_ALL) || (own && has(caller, WRITE_OWNED)) {
        return Ok(());
    }
    Err(forbidden(call))
}
