//! Finding the custom role: at home, in the tenant, and where nobody would look first.
//!
//! A role is seen where it can be assigned. One that another connector made for its own subscriptions
//! is not seen from ours, and its name is taken all the same.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_azure_client::arm::role_definitions::{self, RoleDefinition};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_azure_client::{ClientError, Request};
use skybridge_plugin_sdk::Result;

use super::{Wanted, lowered, used_by};
use crate::errors::{Lag, classify};
use crate::session::Session;

/// Subscriptions looked at at the same time: enough to hide latency, far below the read limits.
const IN_FLIGHT: usize = 8;

/// A role of our name.
pub(super) struct Found {
    pub(super) role: RoleDefinition,
    /// Made by Skybridge, for this connector or another one.
    pub(super) ours: bool,
}

impl Found {
    pub(super) fn new(wanted: &Wanted<'_>, role: RoleDefinition) -> Self {
        let known =
            [&wanted.id, &wanted.id_once].iter().any(|id| role.name.eq_ignore_ascii_case(id));
        Self { ours: known || used_by::is_marked(&role), role }
    }

    /// Where requests about it go: Azure knows it where it can be assigned, at best in a subscription
    /// that passed.
    pub(super) fn at<'a>(&'a self, wanted: &'a Wanted<'_>) -> &'a str {
        let scopes = &self.role.properties.assignable_scopes;
        let has = lowered(scopes);
        let well = wanted.scopes.iter().find(|scope| has.contains(&scope.to_lowercase()));
        well.or(scopes.first()).map_or(&wanted.home, String::as_str)
    }
}

/// The role as it is seen from our first subscription or from the tenant.
pub(super) async fn find(session: &Session<'_>, wanted: &Wanted<'_>) -> Result<Option<Found>> {
    let plain = |error| classify(error, Lag::Impossible);
    let request = role_definitions::get_request(&wanted.home, &wanted.id);
    if let Some(role) = session.find::<RoleDefinition>(&request).await.map_err(plain)? {
        return Ok(Some(Found::new(wanted, role)));
    }
    let at_home = role_definitions::list_by_name_request(&wanted.home, &wanted.role_name);
    if let Some(found) = named(session, wanted, at_home).await.map_err(plain)? {
        return Ok(Some(found));
    }
    let everywhere = role_definitions::list_by_name_everywhere_request(&wanted.role_name);
    if_allowed(named(session, wanted, everywhere).await).map_err(plain)
}

/// The role as it is seen from any subscription the operator sees. Asked only when Azure says that
/// there is one: a tenant may have thousands.
pub(super) async fn elsewhere(session: &Session<'_>, wanted: &Wanted<'_>) -> Result<Option<Found>> {
    let plain = |error| classify(error, Lag::Impossible);
    let visible: Vec<Subscription> =
        session.list(subscriptions::list_request()).await.map_err(plain)?;
    let mut looks = stream::iter(visible)
        .map(|one| async move {
            let scope = format!("/subscriptions/{}", one.subscription_id);
            let request = role_definitions::list_by_name_request(&scope, &wanted.role_name);
            if_allowed(named(session, wanted, request).await)
        })
        .buffered(IN_FLIGHT);
    while let Some(found) = looks.try_next().await.map_err(plain)? {
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The custom role that `request` lists.
async fn named(
    session: &Session<'_>,
    wanted: &Wanted<'_>,
    request: Request,
) -> std::result::Result<Option<Found>, ClientError> {
    let listed: Vec<RoleDefinition> = session.list(request).await?;
    let role = listed.into_iter().find(|role| role.properties.role_type != "BuiltInRole");
    Ok(role.map(|role| Found::new(wanted, role)))
}

/// Where the operator may not look there is nothing to be seen.
fn if_allowed(
    found: std::result::Result<Option<Found>, ClientError>,
) -> std::result::Result<Option<Found>, ClientError> {
    match found {
        Err(error) if [400, 403, 404].iter().any(|status| error.is_status(*status)) => Ok(None),
        found => found,
    }
}
