//! Taking the custom role back: it goes, unless others use it. Then only our name and our scopes go,
//! and of these only those in which nobody else was given the role.

use std::collections::BTreeSet;

use serde_json::Value;
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_azure_client::arm::role_definitions::{self, NewRole, RoleDefinition};
use skybridge_plugin_sdk::protocol::onboard::{Remains, Undone};
use skybridge_plugin_sdk::{Error, Result, kind};

use super::lowered;
use super::used_by::UsedBy;
use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{gone, nothing_left, removed, still, undo_field};
use crate::session::Session;
use crate::steps::role_assignment;

/// Why the role stays.
const OTHERS: &str = "others use the custom role: it stays";

/// What an apply said it did.
struct Made<'a> {
    home: &'a str,
    id: &'a str,
    scopes: BTreeSet<String>,
}

/// What is left of the role for others.
struct Rest {
    scopes: Vec<String>,
    used_by: UsedBy,
}

impl<'a> Made<'a> {
    fn of(undo: &'a Value) -> Result<Self> {
        let scopes: Vec<String> = undo
            .get("scopes")
            .and_then(|scopes| serde_json::from_value(scopes.clone()).ok())
            .unwrap_or_default();
        Ok(Self {
            home: undo_field(undo, "home")?,
            id: undo_field(undo, "id")?,
            scopes: lowered(&scopes),
        })
    }

    async fn find(&self, session: &Session<'_>) -> Result<Option<RoleDefinition>> {
        let request = role_definitions::get_request(self.home, self.id);
        session.find(&request).await.map_err(|error| classify(error, Lag::Impossible))
    }

    fn is_ours(&self, scope: &str) -> bool {
        self.scopes.contains(&scope.to_lowercase())
    }

    /// Whether nobody else is known to use the role, as far as it says so itself.
    fn alone(&self, session: &Session<'_>, found: &RoleDefinition) -> bool {
        let all_ours = found.properties.assignable_scopes.iter().all(|scope| self.is_ours(scope));
        all_ours && UsedBy::of(found).without(session.connector).is_empty()
    }

    /// What others need: scopes that are not ours, or with the role given to somebody else.
    async fn rest(&self, session: &Session<'_>, found: &RoleDefinition) -> Result<Rest> {
        let all = &found.properties.assignable_scopes;
        let mut scopes = Vec::new();
        for scope in all {
            if !self.is_ours(scope) || self.is_given_to_others(session, scope).await? {
                scopes.push(scope.clone());
            }
        }
        let used_by = UsedBy::of(found).without(session.connector);
        // Others that have not assigned it as yet: where they will is not known.
        if scopes.is_empty() && !used_by.is_empty() {
            scopes.clone_from(all);
        }
        Ok(Rest { scopes, used_by })
    }

    /// Ours have names that follow from scope, principal and role, and say whose they are: those of
    /// another connector have such names as well.
    async fn is_given_to_others(&self, session: &Session<'_>, scope: &str) -> Result<bool> {
        let listed: Vec<RoleAssignment> = session
            .list(role_assignments::list_request(scope))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        let ours = role_assignment::description(session.connector);
        Ok(listed.iter().filter(|one| one.has_role(self.id)).any(|one| {
            let says = &one.properties;
            let at = says.scope.as_deref().unwrap_or_default();
            let name = names::role_assignment(at, &says.principal_id, self.id);
            name != one.name.to_lowercase() || says.description.as_ref() != Some(&ours)
        }))
    }
}

pub(super) async fn undo(session: &Session<'_>, undo: &Value) -> Result<Undone> {
    let made = Made::of(undo)?;
    let Some(found) = made.find(session).await? else { return Ok(gone()) };
    if made.alone(session, &found) {
        let request = role_definitions::delete_request(made.home, made.id);
        match session.send(&request).await {
            Ok(response) if response.status() == 204 => return Ok(gone()),
            Ok(_) => return Ok(removed("deleted the custom role")),
            Err(error) if error.is_status(404) => return Ok(gone()),
            Err(error) => {
                if made.rest(session, &found).await?.scopes.is_empty() {
                    // Its assignments were deleted moments ago and may still be counted.
                    return Err(classify(error, Lag::Possible));
                }
            }
        }
    }
    let rest = made.rest(session, &found).await?;
    leave(session, &made, &found, &rest).await
}

/// Leaves others what they need.
async fn leave(
    session: &Session<'_>,
    made: &Made<'_>,
    found: &RoleDefinition,
    rest: &Rest,
) -> Result<Undone> {
    if is_left(found, rest) {
        return Ok(Undone { detail: Some(OTHERS.into()), ..Undone::default() });
    }
    let [grant] = found.properties.permissions.as_slice() else {
        let message = "the custom role was edited and others use it, so it cannot be narrowed";
        return Err(Error::new(kind::PRECONDITION, message)
            .code("AZ-ROLE-006")
            .help("take our subscriptions out of its assignable scopes by hand"));
    };
    let role = NewRole {
        role_name: &found.properties.role_name,
        description: &rest.used_by.description(),
        actions: &grant.actions,
        assignable_scopes: &rest.scopes,
    };
    let home = rest.scopes.first().map_or(made.home, String::as_str);
    // Our assignments were deleted moments ago and may still be counted.
    session
        .send(&role_definitions::put_request(home, made.id, role))
        .await
        .map_err(|error| classify(error, Lag::Possible))?;
    Ok(removed("took our part out of the custom role; others use it"))
}

/// Whether the role is nothing but what others need.
fn is_left(found: &RoleDefinition, rest: &Rest) -> bool {
    rest.scopes.len() == found.properties.assignable_scopes.len()
        && rest.used_by == UsedBy::of(found)
}

pub(super) async fn remains(session: &Session<'_>, undo: &Value) -> Result<Remains> {
    let made = Made::of(undo)?;
    let Some(found) = made.find(session).await? else { return Ok(nothing_left()) };
    let rest = made.rest(session, &found).await?;
    if !rest.scopes.is_empty() && is_left(&found, &rest) {
        return Ok(Remains { detail: Some(OTHERS.into()), ..Remains::default() });
    }
    Ok(still("the custom role can still be assigned in our subscriptions"))
}
