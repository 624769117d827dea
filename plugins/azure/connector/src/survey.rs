//! Finding what the settings only mean, before anything is planned: which subscriptions a
//! management group or the tenant holds, which of them can be onboarded, and what stands in the way
//! of the others. One that cannot be does not stop the rest.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_azure_client::arm::managed_clusters::{self, ManagedCluster};
use skybridge_azure_client::arm::role_eligibility::{self, EligibleRole};
use skybridge_azure_client::arm::subscriptions::Subscription;
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::onboard::{LeftOut, purpose};
use skybridge_plugin_sdk::protocol::survey::{Finding, Survey, severity};

use crate::session::Session;

mod candidates;
mod clusters;
mod facts;
mod fitness;
mod reading;

pub(crate) use facts::{EACH, Facts, Found, covers};
pub(crate) use reading::{IN_FLIGHT, Read, list, named, read, words_of};

/// A subscription that is not meant after all.
pub(crate) const EXCLUDED: &str = "AZ-SCOPE-004";

/// A subscription that can be onboarded.
struct Eligible {
    found: Found,
    /// Its clusters, when somebody asked for roles in them; a refusal in words.
    clusters: Option<Read<Vec<ManagedCluster>>>,
}

/// Looks at everything the settings mean.
pub(crate) async fn survey(session: &Session<'_>, why: &str) -> Result<Survey> {
    let judge = &fitness::Judge::new(session, why).await?;
    let clusters = why != purpose::ROTATE && !session.settings.grants().for_kubernetes.is_empty();
    let (candidates, mut left_out) = candidates::find(session).await?;
    let total = candidates.len() as u64;
    let mut looks = stream::iter(candidates)
        .map(|candidate| look(session, candidate, judge, clusters))
        .buffered(IN_FLIGHT);
    let (mut eligible, mut done) = (Vec::new(), 0);
    while let Some(outcome) = looks.try_next().await? {
        done += 1;
        session.host.progress(done, total, "subscriptions");
        match outcome {
            Ok(found) => eligible.push(found),
            Err(left) => left_out.push(left),
        }
    }
    drop(looks);
    left_out.extend(clusters::left_out(session, &eligible));
    let mut findings: Vec<Finding> = nothing_left(&eligible, &left_out).into_iter().collect();
    findings.extend(clusters::findings(session, &eligible));
    let facts = Facts::of(eligible.into_iter().map(|one| one.found).collect(), left_out);
    Ok(Survey { facts: facts.to_value(), findings })
}

/// One subscription: eligible, or why not.
async fn look(
    session: &Session<'_>,
    candidate: candidates::Candidate,
    judge: &fitness::Judge,
    clusters: bool,
) -> Result<std::result::Result<Eligible, LeftOut>> {
    let id = candidate.id.clone();
    let subscription = match candidates::read(session, candidate).await? {
        Ok(subscription) => subscription,
        Err(left) => return Ok(Err(left)),
    };
    let name = subscription.display_name.clone().unwrap_or_default();
    let out = |code: &str, reason: String, help: &str| LeftOut {
        scope: id.clone(),
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        reason,
        code: Some(code.to_owned()),
        help: Some(help.to_owned()).filter(|help| !help.is_empty()),
    };
    if let Some((code, reason, help)) = unfit(session, &id, &subscription) {
        return Ok(Err(out(code, reason, help)));
    }
    let shown = Some(name.as_str()).filter(|name| !name.is_empty());
    if let Some(left) = judge.against(session, &id, shown).await? {
        return Ok(Err(left));
    }
    let clusters = if clusters {
        Some(list(session, || managed_clusters::list_request(&id)).await?)
    } else {
        None
    };
    let state = subscription.state.unwrap_or_default();
    Ok(Ok(Eligible { found: Found { id, name, state }, clusters }))
}

/// What speaks against a subscription by what it says of itself: code, reason, help.
fn unfit(
    session: &Session<'_>,
    id: &str,
    subscription: &Subscription,
) -> Option<(&'static str, String, &'static str)> {
    let name = subscription.display_name.as_deref().unwrap_or_default();
    if let Some(reason) = session.settings.scope.left_out(id, name) {
        return Some((EXCLUDED, reason, ""));
    }
    let tenant = session.settings.tenant_id();
    let other = subscription.tenant_id.as_deref().filter(|of| !of.eq_ignore_ascii_case(&tenant));
    if let Some(of) = other {
        let reason = format!("it belongs to tenant {of}, not to {tenant}");
        return Some(("AZ-SCOPE-002", reason, "onboard it with a connector of its own tenant"));
    }
    let state = subscription.state.as_deref().unwrap_or("in an unknown state");
    if state.eq_ignore_ascii_case("Enabled") {
        return None;
    }
    let reason = format!("it is {state}, and only Enabled subscriptions are onboarded");
    Some(("AZ-SCOPE-003", reason, "enable the subscription and plan again"))
}

/// The names of the roles the operator could activate at `scope`.
pub(crate) async fn eligible_roles(
    session: &Session<'_>,
    scope: &str,
) -> Result<Read<Vec<String>>> {
    let listed: Read<Vec<EligibleRole>> =
        list(session, || role_eligibility::list_own_request(scope)).await?;
    Ok(listed.map(|all| {
        let mut names: Vec<String> = all
            .iter()
            .filter(|role| covers(role.properties.scope.as_deref(), scope))
            .map(|role| role.role_name().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }))
}

/// The error that there is nothing to do, with the reasons met first.
fn nothing_left(eligible: &[Eligible], left_out: &[LeftOut]) -> Option<Finding> {
    if !eligible.is_empty() {
        return None;
    }
    let reasons: Vec<String> =
        left_out.iter().map(|left| format!("{}: {}", left.scope, left.reason)).collect();
    let summary = match left_out {
        [] => "the operator sees no subscription that the scope means".to_owned(),
        [one] => format!("no subscription can be onboarded: {}: {}", one.scope, one.reason),
        all => format!("none of {} subscriptions and groups can be onboarded", all.len()),
    };
    Some(Finding {
        severity: severity::ERROR.into(),
        code: "AZ-SCOPE-006".into(),
        summary,
        detail: (reasons.len() > 1).then(|| named(&reasons)),
        help: Some(left_out.iter().find_map(|left| left.help.clone()).unwrap_or_else(|| {
            "check `scope`, and that the operator can read the subscriptions meant".into()
        })),
        ..Finding::default()
    })
}

#[cfg(test)]
mod tests;
