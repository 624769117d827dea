//! Finding what is too much, and removing one such thing.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_azure_client::ClientError;
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::arm::{last_segment, management_groups};
use skybridge_azure_client::graph::app_role_assignments::{self, AppRoleAssignment};
use skybridge_azure_client::graph::applications::{
    self, Application, RequiredResourceAccess, ResourceAccess,
};
use skybridge_azure_client::graph::service_principals::{self, ServicePrincipal};
use skybridge_plugin_sdk::Result;

use super::{Planned, is_planned_permission};
use crate::errors::{Lag, classify};
use crate::roles::{self, MANAGEMENT_GROUP_READER};
use crate::session::Session;

/// Subscriptions looked at at the same time: enough to hide latency, far below the read limits.
const IN_FLIGHT: usize = 8;

/// Something that was given and not planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extra {
    /// For people: `Contributor on /subscriptions/…`.
    pub(super) text: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A role, by scope and name of the assignment.
    Role { scope: String, name: String },
    /// A consented permission, by the API's principal and the grant's id.
    Consent { resource: String, id: String },
    /// Permissions the application asks for: what its list is without them.
    Listed { application: String, rest: Vec<RequiredResourceAccess> },
}

/// Everything `principal` and its application were given and `planned` does not have.
pub(super) async fn extras(
    session: &Session<'_>,
    planned: &Planned,
    app: &Application,
    principal: &str,
    custom: Option<&str>,
) -> Result<Vec<Extra>> {
    let mut all: Vec<Extra> = listed(planned, app).into_iter().collect();
    all.extend(consents(session, planned, principal).await?);
    all.extend(assignments(session, planned, principal, custom).await?);
    Ok(all)
}

/// What the application asks for and nobody planned, as one change of its list.
fn listed(planned: &Planned, app: &Application) -> Option<Extra> {
    let is_extra = |api: &RequiredResourceAccess, access: &ResourceAccess| {
        access.access_type != "Role"
            || !is_planned_permission(planned, &api.resource_app_id, &access.id)
    };
    let mut names = Vec::new();
    let mut rest = app.required_resource_access.clone();
    for api in &mut rest {
        let (extra, kept): (Vec<_>, Vec<_>) = api.resource_access.drain(..).partition(|access| {
            let api = RequiredResourceAccess {
                resource_app_id: api.resource_app_id.clone(),
                resource_access: Vec::new(),
            };
            is_extra(&api, access)
        });
        api.resource_access = kept;
        names
            .extend(extra.iter().map(|access| format!("{} of {}", access.id, api.resource_app_id)));
    }
    rest.retain(|api| !api.resource_access.is_empty());
    (!names.is_empty()).then(|| Extra {
        text: format!("the application's list asks for {}", names.join(", ")),
        what: What::Listed { application: app.id.clone(), rest },
    })
}

async fn consents(session: &Session<'_>, planned: &Planned, principal: &str) -> Result<Vec<Extra>> {
    let plain = |error| classify(error, Lag::Possible);
    let held: Vec<AppRoleAssignment> =
        session.list(app_role_assignments::list_request(principal)).await.map_err(plain)?;
    let mut resources: BTreeMap<String, Option<ServicePrincipal>> = BTreeMap::new();
    let mut extras = Vec::new();
    for grant in held {
        if !resources.contains_key(&grant.resource_id) {
            let request = service_principals::get_with_app_roles_request(&grant.resource_id);
            let found = session.find(&request).await.map_err(plain)?;
            resources.insert(grant.resource_id.clone(), found);
        }
        let resource = resources.get(&grant.resource_id).and_then(Option::as_ref);
        let app_id = resource.map_or("", |resource| resource.app_id.as_str());
        if is_planned_permission(planned, app_id, &grant.app_role_id) {
            continue;
        }
        let role = resource
            .and_then(|it| it.app_roles.iter().find(|role| role.id == grant.app_role_id))
            .and_then(|role| role.value.clone())
            .unwrap_or_else(|| grant.app_role_id.clone());
        let of = resource.and_then(|it| it.display_name.clone());
        extras.push(Extra {
            text: format!("{role} of {}", of.unwrap_or_else(|| grant.resource_id.clone())),
            what: What::Consent { resource: grant.resource_id, id: grant.id },
        });
    }
    Ok(extras)
}

/// The roles of `principal` wherever the operator can look: seen from each subscription, with what
/// is above and below it.
async fn assignments(
    session: &Session<'_>,
    planned: &Planned,
    principal: &str,
    custom: Option<&str>,
) -> Result<Vec<Extra>> {
    let visible: Vec<Subscription> = session
        .list(subscriptions::list_request())
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    let ids: BTreeSet<String> =
        visible.into_iter().map(|one| one.subscription_id.to_lowercase()).collect();
    let lists: Vec<Vec<RoleAssignment>> = stream::iter(ids)
        .map(|id| async move {
            let scope = format!("/subscriptions/{id}");
            let request = role_assignments::list_for_principal_request(&scope, principal);
            match session.list::<RoleAssignment>(request).await {
                // A subscription in which nothing may be read is not ours to judge.
                Err(error) if is_closed(&error) => Ok(Vec::new()),
                outcome => outcome.map_err(|error| classify(error, Lag::Impossible)),
            }
        })
        .buffered(IN_FLIGHT)
        .try_collect()
        .await?;
    let wanted = wanted(session, planned, custom);
    let mut seen = BTreeSet::new();
    let mut extras = Vec::new();
    for found in lists.into_iter().flatten() {
        let scope = found.properties.scope.clone().unwrap_or_default();
        let role = last_segment(&found.properties.role_definition_id).to_lowercase();
        let key = (scope.trim_end_matches('/').to_lowercase(), role);
        // An inherited one shows in every subscription.
        let again = !seen.insert(found.name.to_lowercase());
        let other = !found.properties.principal_id.eq_ignore_ascii_case(principal);
        if again || other || wanted.contains(&key) || planned.leaves(&scope) {
            continue;
        }
        extras.push(Extra {
            text: format!("{} on {scope}", roles::title_of(&key.1)),
            what: What::Role { scope, name: found.name },
        });
    }
    Ok(extras)
}

fn is_closed(error: &ClientError) -> bool {
    error.is_status(403) || error.is_status(404)
}

/// Scope and role of every planned assignment, in small letters.
fn wanted(
    session: &Session<'_>,
    planned: &Planned,
    custom: Option<&str>,
) -> BTreeSet<(String, String)> {
    let mut wanted = BTreeSet::new();
    for (word, scopes) in &planned.roles {
        let Some(role) = roles::by_word(word) else { continue };
        let Some(id) = role.id.or_else(|| custom.map(last_segment)) else { continue };
        for at in scopes {
            let scope = if role == MANAGEMENT_GROUP_READER {
                management_groups::scope(&session.settings.tenant_id())
            } else if at.starts_with('/') {
                at.clone()
            } else {
                format!("/subscriptions/{at}")
            };
            wanted.insert((scope.to_lowercase(), id.to_lowercase()));
        }
    }
    wanted
}

/// Removes one thing; gone already is as good.
pub(super) async fn remove(session: &Session<'_>, extra: &Extra) -> Result<()> {
    let request = match &extra.what {
        What::Role { scope, name } => role_assignments::delete_request(scope, name),
        What::Consent { resource, id } => app_role_assignments::revoke_request(resource, id),
        What::Listed { application, rest } => {
            applications::set_required_access_request(application, rest)
        }
    };
    match session.send(&request).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_status(404) => Ok(()),
        Err(error) => {
            let error = classify(error, Lag::Impossible).code("AZ-GRANT-001");
            Err(error.context("extra", extra.text.clone()).help(
                "somebody gave the connector more than was planned, and the operator may not take \
                 it away; have it removed",
            ))
        }
    }
}
