//! Taking the right and giving it back, one attempt each.

use jiff::SignedDuration;
use skybridge_azure_client::Service;
use skybridge_azure_client::arm::elevation::{self, ROLE, SCOPE};
use skybridge_azure_client::arm::role_assignments::{self, RoleAssignment};
use skybridge_plugin_sdk::{Error, Result, Retry, kind};

use super::marker::{self, Marker};
use crate::errors::{LATER, Lag, classify};
use crate::session::Session;

/// Until when an elevation that is not seen may only not be seen *yet*.
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Looks in a row that have to agree, because lists come from different replicas.
const LOOKS: usize = 5;

/// What a look for the operator's right at `/` found.
enum Seen {
    /// The lists were readable: the name of the assignment, if there is one.
    Listed(Option<String>),
    /// Nothing could be read.
    Refused,
}

/// What giving back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenBack {
    /// There was no marker.
    NothingOfOurs,
    /// The elevation is gone, and the marker with it.
    Removed,
}

/// Who the operator is. Only people can be elevated.
async fn operator(session: &Session<'_>) -> Result<(String, bool)> {
    let claims = session.operator().await.map_err(|error| classify(error, Lag::Impossible))?;
    let person = claims.idtyp.as_deref() != Some("app") && claims.scp.is_some();
    let id = claims.oid.ok_or_else(|| {
        Error::new(kind::PRECONDITION, "the operator's token does not say who the operator is")
            .code("AZ-ELEVATE-007")
            .help("sign in with an account of this tenant")
    })?;
    Ok((id, person))
}

/// Looks at `/`, and, for one who may not look there, from a subscription, whose lists hold what is
/// inherited from above.
async fn look(session: &Session<'_>, operator: &str) -> Result<Seen> {
    let mut requests = vec![elevation::list_request(operator)];
    let below = session.vantage().await.map_err(|error| classify(error, Lag::Impossible))?;
    if let Some(scope) = below {
        requests.push(role_assignments::list_for_principal_request(&scope, operator));
    }
    for request in requests {
        match session.list::<RoleAssignment>(request).await {
            Ok(listed) => {
                let found = listed.into_iter().find(|one| one.grants(SCOPE, operator, ROLE));
                return Ok(Seen::Listed(found.map(|one| one.name)));
            }
            Err(error) if error.is_status(403) => {}
            Err(error) => return Err(classify(error, Lag::Impossible)),
        }
    }
    Ok(Seen::Refused)
}

/// Whether the operator is User Access Administrator at `/`, whoever made it so.
pub(super) async fn holds_already(session: &Session<'_>) -> Result<bool> {
    let (id, _) = operator(session).await?;
    Ok(matches!(look(session, &id).await?, Seen::Listed(Some(_))))
}

/// Elevates the operator. The marker is in the vault before anything is asked for.
pub(crate) async fn take(session: &Session<'_>) -> Result<()> {
    let (id, person) = operator(session).await?;
    if !person {
        let message = "only a person can be elevated, and the operator is an application";
        return Err(Error::new(kind::PERMISSION_DENIED, message).code("AZ-ELEVATE-001").help(
            "sign in as a Global Administrator, or have one give the operator User Access \
             Administrator at the root management group, or set `root-management-group = \"skip\"`",
        ));
    }
    let earlier = marker::read(session).await?;
    if let Some(earlier) = earlier.as_ref().filter(|it| it.operator != id) {
        return Err(of_another(earlier, &id));
    }
    let at = session.host.now();
    if earlier.is_none() {
        marker::write(session, &Marker { operator: id, at, assignment: None }).await?;
    }
    match session.send(&elevation::elevate_request()).await {
        Ok(_) => {}
        Err(error) if error.is_status(403) => {
            // Refused for certain. A marker of an earlier attempt stays: that one may have worked.
            if earlier.is_none() {
                marker::drop(session).await?;
            }
            return Err(classify(error, Lag::Impossible).code("AZ-ELEVATE-002").help(
                "only a Global Administrator can be elevated; an eligible one has to activate the \
                 role first. Or set `root-management-group = \"skip\"`",
            ));
        }
        Err(error) => return Err(classify(error, Lag::Impossible)),
    }
    renew_token(session).await
}

/// A token shows the rights it was issued with.
async fn renew_token(session: &Session<'_>) -> Result<()> {
    let fresh = session.client.fresh_token(Service::ResourceManager).await;
    fresh.map(drop).map_err(|error| classify(error, Lag::Impossible))
}

fn of_another(marker: &Marker, operator: &str) -> Error {
    let message = format!(
        "{} was elevated on {} and the elevation was not removed yet; the operator now is {operator}",
        marker.operator, marker.at
    );
    Error::new(kind::PRECONDITION, message)
        .code("AZ-ELEVATE-003")
        .help("sign in as the one who was elevated and run again, which removes the elevation")
}

fn not_yet(message: &str) -> Error {
    Error::new(kind::NOT_REPLICATED, message)
        .code("AZ-ELEVATE-004")
        .operation("removing the elevation")
        .help(LATER)
}

/// Removes the elevation the marker tells of, and then the marker.
pub(crate) async fn give_back(session: &Session<'_>) -> Result<GivenBack> {
    let Some(mut marker) = marker::read(session).await? else {
        return Ok(GivenBack::NothingOfOurs);
    };
    let (id, _) = operator(session).await?;
    if marker.operator != id {
        return Err(of_another(&marker, &id));
    }
    let settled = session.host.now().duration_since(marker.at) > SETTLES_WITHIN;
    if let Seen::Listed(Some(name)) = look(session, &id).await?
        && marker.assignment.as_deref() != Some(&name)
    {
        marker.assignment = Some(name);
        marker::write(session, &marker).await?;
    }
    match &marker.assignment {
        // Removing by name does not depend on what a replica lists.
        Some(name) => remove(session, &id, name).await?,
        None if settled => {}
        None => {
            renew_token(session).await?;
            return Err(not_yet("the elevation may exist and is not listed yet"));
        }
    }
    marker::drop(session).await?;
    renew_token(session).await?;
    Ok(GivenBack::Removed)
}

async fn remove(session: &Session<'_>, operator: &str, name: &str) -> Result<()> {
    match session.send(&elevation::remove_request(name)).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_status(404) => Ok(()),
        // The right to remove the elevation comes with the elevation: either it went already, or
        // the token is older than it.
        Err(error) if error.is_status(403) => {
            renew_token(session).await?;
            for _ in 0..LOOKS {
                let Seen::Listed(None) = look(session, operator).await? else {
                    let error = classify(error, Lag::Impossible);
                    return Err(error.code("AZ-ELEVATE-005").retry(Retry::Eventual));
                };
            }
            Ok(())
        }
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}

/// Whether a removal began and was cut short: what the elevation was for is done.
pub(crate) async fn is_being_given_back(session: &Session<'_>) -> Result<bool> {
    Ok(marker::read(session).await?.is_some_and(|marker| marker.assignment.is_some()))
}
