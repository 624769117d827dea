//! Elevation: a Global Administrator takes User Access Administrator at the tenant's scope.

use super::access::Access;
use super::error::{forbidden, wrong_method};
use super::{Answer, api_version, role_assignments};
use crate::graph::directory_roles::GLOBAL_ADMINISTRATOR;
use crate::http::Call;
use crate::world::World;

/// `POST /providers/Microsoft.Authorization/elevateAccess`.
pub(super) fn answer(world: &mut World, call: &Call, access: &Access) -> Answer {
    if call.method != "POST" {
        return Err(wrong_method(&call.method, &call.path()));
    }
    api_version::require(call, "elevateAccess", api_version::ELEVATE)?;
    let admin = access.caller.directory_roles.iter().any(|role| role == GLOBAL_ADMINISTRATOR);
    if access.caller.person.is_none() || !admin {
        let action = "Microsoft.Authorization/elevateAccess/action";
        return Err(forbidden(&access.caller, action, "/"));
    }
    role_assignments::elevate(world, access, call.now)
}
