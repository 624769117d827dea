//! Everything that would keep the planned writes from working, said before the first of them.
//!
//! Each check is one file. A check that is refused what it wants to look at says so and goes on: a
//! person who may not read a policy may still be allowed to do everything the plan does.

use skybridge_azure_client::{Claims, Service};
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::survey::{PlannedWrite, PreflightReport};

use crate::errors::{Lag, classify};
use crate::session::Session;

pub(crate) mod actions;
mod condition;
mod deleted;
mod deny;
mod directory;
mod findings;
mod policy;
mod rights;
mod seen;
mod writes;

pub(crate) use condition::Known;
use findings::Findings;
pub(crate) use findings::Problem;
pub(crate) use rights::{Met, look as rights_at};
pub(crate) use seen::RightsSeen;
pub(crate) use writes::At;

/// Whoever runs the onboarding, by the tokens.
pub(crate) struct Operator {
    /// The object id.
    id: String,
    /// A person, as opposed to an application.
    person: bool,
}

impl Operator {
    pub(crate) fn of(claims: &Claims) -> Self {
        Self {
            id: claims.oid.clone().unwrap_or_default(),
            person: claims.idtyp.as_deref() != Some("app") && claims.scp.is_some(),
        }
    }
}

/// Looks at everything `steps` need.
pub(crate) async fn preflight(
    session: &Session<'_>,
    steps: &[PlannedWrite],
) -> Result<PreflightReport> {
    let mut findings = Findings::default();
    let scopes = writes::of(session, steps);
    if !scopes.is_empty() {
        let claims = session.operator().await.map_err(|error| classify(error, Lag::Impossible))?;
        rights::check(session, &Operator::of(&claims), scopes, &mut findings).await?;
    }
    let needs = directory::Needs::of(steps);
    if !needs.is_empty() {
        let token = session.client.token(Service::Graph).await;
        let token = token.map_err(|error| classify(error, Lag::Impossible))?;
        let claims = Claims::of(&token.secret).unwrap_or_default();
        directory::check(session, &claims, &needs, &mut findings).await?;
    }
    deleted::check(session, steps, &mut findings).await?;
    policy::check(session, steps, &mut findings).await?;
    actions::check(session, steps, &mut findings).await?;
    Ok(findings.report())
}

#[cfg(test)]
mod tests;
