//! Whose an application is.
//!
//! Ours has our unique name and our marks. One that somebody registered by hand, as the page says,
//! is used instead of making a second one of the same name; but never one whose credentials are
//! known elsewhere: whoever holds them would get all that the connector is about to get.

use skybridge_azure_client::encode::odata_literal;
use skybridge_azure_client::graph::applications::{self, Application, HeldCredentials};
use skybridge_azure_client::graph::federated_credentials::{self, FederatedCredential};
use skybridge_azure_client::{ClientError, Service};
use skybridge_plugin_sdk::{Error, Result, kind};

use super::{AUDIENCE, DESCRIPTION, tags};
use crate::errors::{Lag, classify};
use crate::names;
use crate::session::Session;

const MANAGED_BY: &str = "managed-by:";
const CONNECTOR: &str = "skybridge-connector:";

/// An application to use.
pub(super) struct Found {
    pub(super) app: Application,
    /// Whether it is of our making, and so to be kept as we want it.
    pub(super) ours: bool,
}

/// Whether the marks on `app` say that `connector` made it.
pub(crate) fn is_ours(connector: &str, app: &Application) -> bool {
    tags(connector).iter().all(|tag| app.tags.contains(tag))
}

/// Reads by the unique name. Reading by this key is documented for changes only, so a service that
/// does not know it is asked with a filter.
pub(super) async fn by_unique_name(
    session: &Session<'_>,
    unique_name: &str,
) -> Result<Option<Application>> {
    let plain = |error| classify(error, Lag::Impossible);
    match session.find(&applications::get_by_unique_name_request(unique_name)).await {
        Err(error) if is_unknown_key(&error) => {
            let filter = format!("uniqueName eq {}", odata_literal(unique_name));
            let found: Vec<Application> =
                session.list(applications::list_request(&filter)).await.map_err(plain)?;
            Ok(found.into_iter().find(|app| app.unique_name.as_deref() == Some(unique_name)))
        }
        outcome => outcome.map_err(plain),
    }
}

/// Whether Graph refused the question itself.
fn is_unknown_key(error: &ClientError) -> bool {
    error.is_status(400) && error.service().is_some_and(|error| error.service == Service::Graph)
}

/// The application to use, if there is one.
pub(super) async fn find(session: &Session<'_>, unique_name: &str) -> Result<Option<Found>> {
    let app = match by_unique_name(session, unique_name).await? {
        Some(app) => app,
        None => match by_display_name(session, unique_name).await? {
            Some(app) => app,
            None => return Ok(None),
        },
    };
    if is_ours(session.connector, &app) {
        return Ok(Some(Found { app, ours: true }));
    }
    refuse_managed(session, &app)?;
    // Marks that were taken off are put on again.
    let named = app.unique_name.as_deref() == Some(unique_name);
    if named && app.description.as_deref() == Some(DESCRIPTION) {
        return Ok(Some(Found { app, ours: true }));
    }
    refuse_unsafe(session, &app).await?;
    Ok(Some(Found { app, ours: false }))
}

/// The only application of our display name that no program gave another unique name.
async fn by_display_name(session: &Session<'_>, unique_name: &str) -> Result<Option<Application>> {
    let display_name = &session.settings.display_name;
    let filter = format!("displayName eq {}", odata_literal(display_name));
    let listed: Vec<Application> = session
        .list(applications::list_request(&filter))
        .await
        .map_err(|error| classify(error, Lag::Impossible))?;
    let mut candidates = listed.into_iter().filter(|app| {
        let named = app.unique_name.as_deref();
        named.is_none_or(|name| name == unique_name) && owner(session.connector, app).is_none()
    });
    let first = candidates.next();
    let others = candidates.count();
    if others > 0 {
        let message = format!("{} applications are called `{display_name}`", others + 1);
        return Err(Error::new(kind::PRECONDITION, message).code("AZ-APP-006").help(
            "which of them is meant cannot be told: delete or rename those nobody needs, or choose \
             another `display-name`",
        ));
    }
    Ok(first)
}

/// The tool or connector that marked `app` as its own, when that is not us.
fn owner(connector: &str, app: &Application) -> Option<String> {
    app.tags.iter().find_map(|tag| {
        let tool = tag.strip_prefix(MANAGED_BY).filter(|tool| *tool != "skybridge");
        let other = tag.strip_prefix(CONNECTOR).filter(|other| *other != connector);
        other.map(|other| format!("the connector `{other}`")).or_else(|| tool.map(str::to_owned))
    })
}

fn refuse_managed(session: &Session<'_>, app: &Application) -> Result<()> {
    let Some(owner) = owner(session.connector, app) else { return Ok(()) };
    let message = format!("the application {} is managed by {owner}", app.app_id);
    Err(Error::new(kind::ALREADY_EXISTS, message)
        .code("AZ-APP-004")
        .help("choose another `display-name`; what belongs to others is not touched"))
}

async fn refuse_unsafe(session: &Session<'_>, app: &Application) -> Result<()> {
    let refuse = |why: String| {
        let message = format!("the application {} exists and cannot be used: {why}", app.app_id);
        Err(Error::new(kind::ALREADY_EXISTS, message)
            .code("AZ-APP-005")
            .help("delete the application if nobody needs it, or choose another `display-name`"))
    };
    let audience = app.sign_in_audience.as_deref().unwrap_or(AUDIENCE);
    if audience != AUDIENCE {
        return refuse(format!("it is open to other tenants ({audience})"));
    }
    let held: HeldCredentials = session
        .json(&applications::get_credentials_request(&app.id))
        .await
        .map_err(|error| classify(error, Lag::Possible))?;
    let prefix = names::secret_prefix(session.connector);
    let foreign = held
        .password_credentials
        .iter()
        .chain(&held.key_credentials)
        .filter(|one| !one.display_name.as_deref().unwrap_or_default().starts_with(&prefix))
        .count();
    let ours = session.settings.credential.federation();
    let trusted: Vec<FederatedCredential> = session
        .list(federated_credentials::list_request(&app.id))
        .await
        .map_err(|error| classify(error, Lag::Possible))?;
    let is_ours = |one: &FederatedCredential| {
        ours.is_some_and(|ours| one.issuer == ours.issuer && one.subject == ours.subject)
    };
    let foreign = foreign + trusted.iter().filter(|one| !is_ours(one)).count();
    if foreign > 0 {
        return refuse(format!(
            "whoever holds one of its {foreign} credentials would get all that the connector gets"
        ));
    }
    Ok(())
}
