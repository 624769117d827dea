//! Taking the custom role back: it goes, unless others use it. Then only our scopes go, and only
//! those in which nobody else was given the role.

use std::collections::BTreeSet;

use serde_json::Value;
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_azure_client::arm::role_definitions::{self, NewRole, RoleDefinition};
use skybridge_plugin_sdk::protocol::onboard::{Remains, Undone};
use skybridge_plugin_sdk::{Error, Result, kind};

use super::{DESCRIPTION, lowered};
use crate::errors::{Lag, classify};
use crate::names;
use crate::outcome::{gone, nothing_left, removed, still, undo_field};
use crate::session::Session;

/// Why the role stays.
const OTHERS: &str = "others use the custom role: it stays";

/// What an apply said it did.
struct Made<'a> {
    home: &'a str,
    id: &'a str,
    scopes: BTreeSet<String>,
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

    /// The scopes that are others' business: not ours, or with the role given to somebody else.
    async fn of_others(
        &self,
        session: &Session<'_>,
        found: &RoleDefinition,
    ) -> Result<Vec<String>> {
        let mut others = Vec::new();
        for scope in &found.properties.assignable_scopes {
            let ours = self.scopes.contains(&scope.to_lowercase());
            if !ours || self.is_given_to_others(session, scope).await? {
                others.push(scope.clone());
            }
        }
        Ok(others)
    }

    /// Ours have names that follow from scope, principal and role.
    async fn is_given_to_others(&self, session: &Session<'_>, scope: &str) -> Result<bool> {
        let listed: Vec<RoleAssignment> = session
            .list(role_assignments::list_request(scope))
            .await
            .map_err(|error| classify(error, Lag::Impossible))?;
        Ok(listed.iter().filter(|one| one.has_role(self.id)).any(|one| {
            let says = &one.properties;
            let at = says.scope.as_deref().unwrap_or_default();
            names::role_assignment(at, &says.principal_id, self.id) != one.name.to_lowercase()
        }))
    }
}

pub(super) async fn undo(session: &Session<'_>, undo: &Value) -> Result<Undone> {
    let made = Made::of(undo)?;
    let Some(found) = made.find(session).await? else { return Ok(gone()) };
    let outside = outside(&made, &found);
    if outside.is_empty() {
        let request = role_definitions::delete_request(made.home, made.id);
        match session.send(&request).await {
            Ok(response) if response.status() == 204 => return Ok(gone()),
            Ok(_) => return Ok(removed("deleted the custom role")),
            Err(error) if error.is_status(404) => return Ok(gone()),
            Err(error) => {
                let others = made.of_others(session, &found).await?;
                if others.is_empty() {
                    // Its assignments were deleted moments ago and may still be counted.
                    return Err(classify(error, Lag::Possible));
                }
            }
        }
    }
    let others = made.of_others(session, &found).await?;
    shrink(session, &made, &found, &others).await
}

/// The scopes the role can be assigned in that are not ours.
fn outside(made: &Made<'_>, found: &RoleDefinition) -> Vec<String> {
    let scopes = found.properties.assignable_scopes.iter();
    scopes.filter(|scope| !made.scopes.contains(&scope.to_lowercase())).cloned().collect()
}

async fn shrink(
    session: &Session<'_>,
    made: &Made<'_>,
    found: &RoleDefinition,
    scopes: &[String],
) -> Result<Undone> {
    if scopes.len() == found.properties.assignable_scopes.len() {
        return Ok(Undone { removed: false, detail: Some(OTHERS.into()) });
    }
    let [grant] = found.properties.permissions.as_slice() else {
        let message = "the custom role was edited and others use it, so it cannot be narrowed";
        return Err(Error::new(kind::PRECONDITION, message)
            .code("AZ-ROLE-006")
            .help("take our subscriptions out of its assignable scopes by hand"));
    };
    let role = NewRole {
        role_name: &found.properties.role_name,
        description: DESCRIPTION,
        actions: &grant.actions,
        assignable_scopes: scopes,
    };
    let home = scopes.first().map_or(made.home, String::as_str);
    session
        .send(&role_definitions::put_request(home, made.id, role))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(removed("took our subscriptions out of the custom role; others use it"))
}

pub(super) async fn remains(session: &Session<'_>, undo: &Value) -> Result<Remains> {
    let made = Made::of(undo)?;
    let Some(found) = made.find(session).await? else { return Ok(nothing_left()) };
    let others = made.of_others(session, &found).await?;
    if others.len() == found.properties.assignable_scopes.len() {
        return Ok(Remains { remains: false, detail: Some(OTHERS.into()) });
    }
    Ok(still("the custom role can still be assigned in our subscriptions"))
}
