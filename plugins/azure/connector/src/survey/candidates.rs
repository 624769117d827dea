//! Which subscriptions the scope could mean.

use std::collections::BTreeSet;

use skybridge_azure_client::ClientError;
use skybridge_azure_client::arm::management_groups::{self, Descendant};
use skybridge_azure_client::arm::subscriptions::{self, Subscription};
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::{Error, Result, kind};

use super::reading::{self, Read, help_on, words_of};
use crate::errors::known_as;
use crate::session::Session;
use crate::settings::Watched;

/// A subscription that may be meant.
pub(super) struct Candidate {
    pub(super) id: String,
    /// What a list said of it.
    listed: Option<Subscription>,
}

/// The candidates by id, and the management groups that could not be read.
pub(super) async fn find(session: &Session<'_>) -> Result<(Vec<Candidate>, Vec<LeftOut>)> {
    let bare = |id: String| Candidate { id, listed: None };
    match &session.settings.scope.watched {
        Watched::Subscriptions(ids) => {
            let ids: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
            Ok((ids.into_iter().map(bare).collect(), Vec::new()))
        }
        Watched::ManagementGroups(groups) => {
            let (ids, left_out) = below(session, groups).await?;
            Ok((ids.into_iter().map(bare).collect(), left_out))
        }
        Watched::Tenant => Ok((visible(session).await?, Vec::new())),
    }
}

/// Every subscription the operator sees.
async fn visible(session: &Session<'_>) -> Result<Vec<Candidate>> {
    let mut all: Vec<Subscription> =
        match reading::list(session, subscriptions::list_request).await? {
            Read::There(all) => all,
            Read::Refused(error) => {
                let message = format!("the subscriptions cannot be listed: {}", words_of(&error));
                let refused = Error::new(kind::PERMISSION_DENIED, message).code("AZ-SCOPE-001");
                return Err(known_as(refused, &ClientError::Service(error)));
            }
        };
    all.sort_by(|a, b| a.subscription_id.cmp(&b.subscription_id));
    let named =
        |one: Subscription| Candidate { id: one.subscription_id.to_lowercase(), listed: Some(one) };
    Ok(all.into_iter().map(named).collect())
}

/// The subscriptions on every level below `groups`.
async fn below(
    session: &Session<'_>,
    groups: &[String],
) -> Result<(BTreeSet<String>, Vec<LeftOut>)> {
    let (mut ids, mut left_out) = (BTreeSet::new(), Vec::new());
    for group in groups {
        let request = || management_groups::descendants_request(group);
        match reading::list::<Descendant>(session, request).await? {
            Read::There(all) => {
                let subscriptions = all.into_iter().filter(Descendant::is_subscription);
                ids.extend(subscriptions.map(|one| one.name.to_lowercase()));
            }
            Read::Refused(error) => left_out.push(LeftOut {
                scope: management_groups::scope(group),
                name: Some(group.clone()),
                reason: format!("the management group cannot be read: {}", words_of(&error)),
                code: Some("AZ-SCOPE-007".into()),
                help: Some(help_on(
                    &error,
                    "check the group's id, and give the operator Management Group Reader there",
                )),
            }),
        }
    }
    Ok((ids, left_out))
}

/// The subscription itself, or why it cannot be had.
pub(super) async fn read(
    session: &Session<'_>,
    candidate: Candidate,
) -> Result<std::result::Result<Subscription, LeftOut>> {
    if let Some(listed) = candidate.listed {
        return Ok(Ok(listed));
    }
    let request = subscriptions::get_request(&candidate.id);
    Ok(match reading::read(session, &request).await? {
        Read::There(found) => Ok(found),
        Read::Refused(error) => Err(LeftOut {
            reason: format!("the operator cannot see it: {}", words_of(&error)),
            scope: candidate.id,
            name: None,
            code: Some("AZ-SCOPE-001".into()),
            help: Some(help_on(
                &error,
                "check the id and the tenant, and give the operator Owner, or User Access \
                 Administrator, in it",
            )),
        }),
    })
}
