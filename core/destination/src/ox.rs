//! OX Security: credentials of exactly one connector, added once, proved, the old ones removed.

mod gateway;
mod words;

use serde_json::{Value, json};
use skybridge_model::Secret;
use skybridge_model::nearest::nearest;

pub(crate) use self::gateway::Gateway;
use self::gateway::{Connector, Credential};
use self::words::Words;
use crate::codes;
use crate::connection::{Connection, Opened, Secrets};
use crate::courier::{Delivered, Withdrawn};
use crate::error::{DeliveryError, Result, Retry, kind};
use crate::http::key_header;
use crate::quote::{Hidden, list};

const LISTING: &str = "looking for the platform's connector";
const ADDING: &str = "adding the credentials to the platform";
const PROVING: &str = "having the platform try the credentials";
const REMOVING: &str = "removing old credentials from the platform";

/// Complains about what can be seen before anything is sent.
pub(crate) fn check(key: &Secret<String>, connection: &Connection) -> Result<()> {
    key_header(key)?;
    Words::read(connection)?.credentials_name(connection)?;
    Ok(())
}

pub(crate) async fn deliver(
    mut gateway: Gateway<'_>,
    connection: &Connection,
    secrets: &dyn Secrets,
) -> Result<Delivered> {
    let words = Words::read(connection)?;
    let name = words.credentials_name(connection)?;
    let connectors = gateway.connectors(&words.credentials_object).await;
    let connectors = connectors.map_err(|error| error.during(LISTING))?;
    let connector = only(&connectors, &words).map_err(|error| error.during(LISTING))?;
    takes(connector, &words, connection).map_err(|error| error.during(LISTING))?;
    let (ours, added) = match connector.named(&name) {
        Some(credential) => (credential.id.clone(), None),
        None => {
            let added = add(&mut gateway, connector, &words, connection, &name, secrets).await;
            let (id, listed) = added.map_err(|error| error.during(ADDING))?;
            (id, Some(listed))
        }
    };
    let proved = prove(&mut gateway, &connector.id, &ours, &name).await;
    proved.map_err(|error| error.during(PROVING))?;
    let listed = added.as_ref().unwrap_or(&connector.credentials);
    let prefix = Words::prefix(connection);
    let old = listed.iter().filter(|one| one.name.starts_with(&prefix) && one.id != ours);
    let removed = remove(&mut gateway, &connector.id, old).await?;
    let (id, title) = (&connector.id, &connector.title);
    let verb = if added.is_some() { "added to" } else { "found at" };
    let also = match removed {
        0 => String::new(),
        count => format!(", {count} old removed"),
    };
    Ok(Delivered {
        reference: format!("{id}/{ours}"),
        changed: added.is_some() || removed > 0,
        detail: format!("credentials `{name}` {verb} connector `{title}` ({id}){also}"),
        undo: json!({
            "kind": "ox",
            "connector-id": id,
            "credentials-id": ours,
            "credentials-name": name,
        }),
    })
}

/// Removes all our credentials of the connector that `undo` names, or that fits.
pub(crate) async fn withdraw(
    mut gateway: Gateway<'_>,
    connection: &Connection,
    undo: &Value,
) -> Result<Withdrawn> {
    let words = Words::read(connection)?;
    let connectors = gateway.connectors(&words.credentials_object).await;
    let connectors = connectors.map_err(|error| error.during(LISTING))?;
    let known = undo.get("connector-id").and_then(Value::as_str);
    let by_id = known.and_then(|id| connectors.iter().find(|connector| connector.id == id));
    let connector = match by_id {
        Some(connector) => connector,
        None => only(&connectors, &words).map_err(|error| error.during(LISTING))?,
    };
    let prefix = Words::prefix(connection);
    let ours = connector.credentials.iter().filter(|one| one.name.starts_with(&prefix));
    let removed = remove(&mut gateway, &connector.id, ours).await?;
    let detail = format!("{removed} credentials removed from connector `{}`", connector.title);
    Ok(Withdrawn { detail })
}

/// The one connector that has one of the plugin's names for it.
fn only<'a>(connectors: &'a [Connector], words: &Words) -> Result<&'a Connector> {
    let fits = |connector: &&Connector| {
        words.connector_names.iter().any(|name| {
            let name = name.to_lowercase();
            connector.names().any(|own| own.to_lowercase() == name)
        })
    };
    let found: Vec<&Connector> = connectors.iter().filter(fits).collect();
    let wanted = list(words.connector_names.iter().map(String::as_str));
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let all = || connectors.iter().flat_map(Connector::names);
            let near = words.connector_names.iter().filter_map(|name| nearest(name, all()));
            let near: Vec<String> = near.map(|name| Hidden::default().quote(name)).collect();
            let message = format!(
                "none of the platform's {} connectors is called {wanted}",
                connectors.len()
            );
            let error = DeliveryError::permanent(codes::NO_CONNECTOR, kind::NOT_FOUND, message)
                .fact("connectors", list(connectors.iter().map(|c| c.title.as_str())));
            if near.is_empty() {
                return Err(error);
            }
            Err(error.fact("nearest", list(near.iter().map(String::as_str))))
        }
        several => {
            let seen: Vec<String> =
                several.iter().map(|one| format!("{} ({})", one.title, one.id)).collect();
            let message = format!("{} connectors are called {wanted}", several.len());
            let error =
                DeliveryError::permanent(codes::MANY_CONNECTORS, kind::PRECONDITION, message);
            Err(error.fact("connectors", list(seen.iter().map(String::as_str))))
        }
    }
}

/// Whether the connector takes what would be added.
fn takes(connector: &Connector, words: &Words, connection: &Connection) -> Result<()> {
    let title = &connector.title;
    if !connector.credentials_types.contains(&words.credentials_type) {
        let message =
            format!("connector `{title}` does not take credentials `{}`", words.credentials_type);
        let types = list(connector.credentials_types.iter().map(String::as_str));
        return Err(DeliveryError::permanent(codes::CREDENTIALS_TYPE, kind::PRECONDITION, message)
            .fact("types", types));
    }
    let prefix = Words::prefix(connection);
    let others = connector.credentials.iter().any(|one| !one.name.starts_with(&prefix));
    if connector.single(&words.credentials_type) && (others || connector.unreadable > 0) {
        let message = format!(
            "connector `{title}` takes one set of credentials and has one that is not of `{}`",
            connection.connector
        );
        return Err(DeliveryError::permanent(codes::OCCUPIED, kind::ALREADY_EXISTS, message));
    }
    Ok(())
}

/// Adds the credentials; their id, and all credentials the connector has since.
async fn add(
    gateway: &mut Gateway<'_>,
    connector: &Connector,
    words: &Words,
    connection: &Connection,
    name: &str,
    secrets: &dyn Secrets,
) -> Result<(String, Vec<Credential>)> {
    let fields = words.fields(connection)?;
    let input = Opened::open(fields, secrets, gateway.hidden()).await?;
    let mut listed = gateway.add(&connector.id, words, name, input).await?;
    if !listed.iter().any(|one| one.name == name) {
        // The answer may be older than what it answers to; the list is asked once more.
        let connectors = gateway.connectors(&words.credentials_object).await?;
        let same = connectors.into_iter().find(|one| one.id == connector.id);
        listed = same.map(|one| one.credentials).unwrap_or_default();
    }
    match gateway::first(&listed, name) {
        Some(one) => Ok((one.id.clone(), listed)),
        None => {
            let message = format!("the platform took `{name}` and does not list it yet");
            let kind = kind::NOT_REPLICATED;
            Err(DeliveryError::new(codes::NOT_LISTED, kind, Retry::Eventual, message))
        }
    }
}

async fn prove(gateway: &mut Gateway<'_>, connector: &str, id: &str, name: &str) -> Result<()> {
    let verdict = gateway.verify(connector, id).await?;
    if verdict.valid {
        return Ok(());
    }
    let said = verdict.message.unwrap_or_else(|| "it gave no reason".to_owned());
    let message = format!("the platform could not use the credentials `{name}`: {said}");
    Err(DeliveryError::new(codes::NOT_VALID, kind::NOT_REPLICATED, Retry::Eventual, message)
        .fact("credentials", id))
}

async fn remove<'a>(
    gateway: &mut Gateway<'_>,
    connector: &str,
    credentials: impl Iterator<Item = &'a Credential>,
) -> Result<usize> {
    let mut count = 0;
    for one in credentials {
        let removed = gateway.remove(connector, &one.id).await;
        removed.map_err(|error| error.during(REMOVING).fact("credentials", &one.id))?;
        count += 1;
    }
    Ok(count)
}
