//! Deleted applications: they hold their unique name for 30 days.

use serde::Deserialize;
use skybridge_azure_client::graph::deleted_items;
use skybridge_plugin_sdk::protocol::onboard::{ApplyRequest, Remains, Undone};
use skybridge_plugin_sdk::{Error, Result, Retry, kind};

use super::{not_yet, tags, unique_name};
use crate::errors::{LATER, Lag, classify, known_as};
use crate::outcome::{nothing_left, removed, still};
use crate::session::Session;
use crate::settings::DeletedApplication;

/// A deleted application.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Deleted {
    id: String,
    pub(super) app_id: String,
    #[serde(default)]
    unique_name: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    deleted_date_time: Option<String>,
}

impl Deleted {
    /// When it was deleted, as the end of a sentence.
    pub(super) fn when(&self) -> String {
        self.deleted_date_time.as_deref().map(|at| format!(" on {at}")).unwrap_or_default()
    }
}

async fn find(session: &Session<'_>, name: &str) -> Result<Option<Deleted>> {
    let listed: Vec<Deleted> = session
        .list(deleted_items::list_applications_request())
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(listed.into_iter().find(|item| item.unique_name.as_deref() == Some(name)))
}

/// Looks for a plan; one who may not look is not kept from planning.
pub(super) async fn look(session: &Session<'_>, unique_name: &str) -> Result<Option<Deleted>> {
    match find(session, unique_name).await {
        Err(error) if error.kind == kind::PERMISSION_DENIED => Ok(None),
        outcome => outcome,
    }
}

/// Does what the settings say about the deleted application that holds `unique_name`, for which the
/// service gave `refusal`. The error it answers says whether another attempt will find the name
/// free or taken by us.
pub(super) async fn settle(
    session: &Session<'_>,
    unique_name: &str,
    request: &ApplyRequest,
    refusal: Error,
) -> Result<Error> {
    let plain = |error| classify(error, Lag::Impossible);
    let Some(item) = find(session, unique_name).await? else {
        // Purged by an earlier attempt, or the application exists and is not seen yet.
        let soon = request.attempt > 0;
        return Ok(if soon { refusal.retry(Retry::Eventual) } else { refusal });
    };
    if !item.tags.is_empty() && !tags(session.connector).iter().all(|tag| item.tags.contains(tag)) {
        let message = format!(
            "the deleted application {} holds the name and was not made by this connector",
            item.app_id
        );
        return Ok(Error::new(kind::ALREADY_EXISTS, message)
            .code("AZ-APP-004")
            .help("choose another `display-name`, or purge it under Deleted applications"));
    }
    match session.settings.deleted_application {
        DeletedApplication::Restore => {
            session.send(&deleted_items::restore_request(&item.id)).await.map_err(plain)?;
            Ok(not_yet("the deleted application is being restored"))
        }
        DeletedApplication::Purge => {
            match session.send(&deleted_items::purge_request(&item.id)).await {
                Ok(_) => {}
                Err(error) if error.is_status(404) => {}
                Err(error) => return Err(plain(error)),
            }
            Ok(not_yet("the deleted application was purged and its name is becoming free"))
        }
        DeletedApplication::Refuse => Ok(in_the_way(&item, unique_name)),
    }
}

fn in_the_way(item: &Deleted, unique_name: &str) -> Error {
    let message = format!(
        "the application {} was deleted{} and still holds the name {unique_name}",
        item.app_id,
        item.when()
    );
    Error::new(kind::PRECONDITION, message).code("AZ-APP-003").help(
        "set `deleted-application` to `restore` or `purge`, or decide under App registrations > \
         Deleted applications",
    )
}

/// What a run that may not touch a deleted application would end with.
pub(crate) async fn deleted_in_the_way(session: &Session<'_>) -> Result<Option<Error>> {
    let name = unique_name(session.connector, session.settings);
    Ok(find(session, &name).await?.map(|item| in_the_way(&item, &name)))
}

/// Removes for good what `undone` deleted a moment ago.
pub(crate) async fn purge(session: &Session<'_>, id: &str, undone: Undone) -> Result<Undone> {
    match session.send(&deleted_items::purge_request(id)).await {
        Ok(_) => Ok(removed("deleted it for good: it cannot be restored")),
        Err(error) if error.is_status(404) && undone.removed => {
            let soon = Error::new(kind::NOT_REPLICATED, "it was deleted and cannot be purged yet")
                .code("AZ-APP-007")
                .operation("removing deleted object for good")
                .help(LATER);
            Err(known_as(soon, &error))
        }
        Err(error) if error.is_status(404) => Ok(undone),
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}

/// Whether something purged could still be restored. Without a purge that is as wanted.
pub(crate) async fn remains_deleted(session: &Session<'_>, id: &str) -> Result<Remains> {
    if !session.purge {
        return Ok(nothing_left());
    }
    let found: Option<serde_json::Value> = session
        .find(&deleted_items::get_request(id))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    Ok(if found.is_some() { still("it can still be restored") } else { nothing_left() })
}
