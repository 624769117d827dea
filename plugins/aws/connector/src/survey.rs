//! Finding what the settings only mean, before anything is planned: which accounts there are, which
//! of them can be onboarded, and what stands in the way of the others. One that cannot be does not
//! stop the rest.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use skybridge_aws_client::organizations::{self, Accounts};
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::onboard::LeftOut;
use skybridge_plugin_sdk::protocol::survey::{Finding, Survey, severity};

use crate::errors::plain;
use crate::session::Session;
use crate::steps::account::other_account;

mod facts;

pub(crate) use facts::{EACH, Facts, Found};

/// Accounts entered at the same time: enough to hide latency; STS takes some hundred a second.
const IN_FLIGHT: usize = 16;

/// How many of many things a sentence names.
const NAMED_MAX: usize = 5;

/// An account that may be meant.
struct Candidate {
    id: String,
    name: String,
    /// What the organization says of it.
    state: Option<String>,
}

/// Looks at everything the settings mean.
///
/// Accounts that were entered stay entered while the instance lives, so that an attempt that was
/// told to wait does not begin at the beginning.
pub(crate) async fn survey(session: &Session<'_>) -> Result<Survey> {
    let own = session.settings.account.as_str();
    let identity = session.identity(own).await.map_err(plain)?;
    if identity.account != own {
        return Err(other_account(&identity.account, own));
    }
    let candidates = candidates(session).await?;
    let total = candidates.len() as u64;
    let mut looks =
        stream::iter(candidates).map(|candidate| look(session, candidate)).buffered(IN_FLIGHT);
    let (mut accounts, mut left_out, mut done) = (Vec::new(), Vec::new(), 0);
    while let Some(outcome) = looks.try_next().await? {
        done += 1;
        session.host.progress(done, total, "accounts");
        match outcome {
            Ok(found) => accounts.push(found),
            Err(left) => left_out.push(left),
        }
    }
    drop(looks);
    let mut findings: Vec<Finding> = nothing_left(&accounts, &left_out).into_iter().collect();
    findings.extend(root(&identity.arn));
    let facts = Facts::of(accounts, left_out);
    Ok(Survey { facts: facts.to_value(), findings })
}

/// Every account that may be meant, in order.
async fn candidates(session: &Session<'_>) -> Result<Vec<Candidate>> {
    let settings = session.settings;
    if let Some(listed) = settings.scope.listed(&settings.account) {
        let bare = |id: &str| Candidate { id: id.to_owned(), name: String::new(), state: None };
        let mut all: Vec<Candidate> = listed.into_iter().map(bare).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        return Ok(all);
    }
    let request = organizations::list_accounts_request();
    let listed = session.list::<Accounts>(&settings.account, &request).await.map_err(|error| {
        let denied = error.is_denied();
        let error = plain(error);
        let help = "accounts are listed for the management account and delegated administrators \
                    that may do organizations:ListAccounts";
        if denied { error.code("AWS-SCOPE-001").help(help) } else { error }
    })?;
    let mut all: Vec<Candidate> = listed
        .into_iter()
        .map(|it| Candidate { state: Some(it.state().to_owned()), id: it.id, name: it.name })
        .collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// One account: to be onboarded, or why not.
async fn look(
    session: &Session<'_>,
    candidate: Candidate,
) -> Result<std::result::Result<Found, LeftOut>> {
    let Candidate { id, name, state } = candidate;
    let out = |code: &str, reason: String, help: Option<String>| LeftOut {
        scope: id.clone(),
        name: Some(name.clone()).filter(|name| !name.is_empty()),
        reason,
        code: Some(code.to_owned()),
        help,
    };
    if let Some(reason) = session.settings.scope.left_out(&id, &name) {
        return Ok(Err(out("AWS-SCOPE-002", reason, None)));
    }
    if let Some(state) = state.filter(|state| state != "ACTIVE") {
        let reason = format!("it is {state}, so nothing can be made in it");
        let help = "reopen the account and plan again, or exclude it".to_owned();
        return Ok(Err(out("AWS-SCOPE-003", reason, Some(help))));
    }
    match session.client(&id).sign_in().await {
        Ok(()) => Ok(Ok(Found { id, name })),
        Err(error) if error.is_denied() && id != session.settings.account => {
            let role = &session.settings.member_role;
            let reason = format!("the operator cannot enter it by the role {role}");
            let error = plain(error);
            Ok(Err(out("AWS-SCOPE-004", reason, error.detail.help)))
        }
        Err(error) => Err(plain(error)),
    }
}

/// A warning that the operator is the one nobody should be.
fn root(arn: &str) -> Option<Finding> {
    arn.ends_with(":root").then(|| Finding {
        severity: severity::WARNING.into(),
        code: "AWS-OPERATOR-001".into(),
        summary: "the operator is the account's root user".into(),
        help: Some("use a role that may manage roles; the root user has no limits at all".into()),
        ..Finding::default()
    })
}

/// The error that there is nothing to do, with the reasons met first.
fn nothing_left(accounts: &[Found], left_out: &[LeftOut]) -> Option<Finding> {
    if !accounts.is_empty() {
        return None;
    }
    let reasons: Vec<String> =
        left_out.iter().map(|left| format!("{}: {}", left.scope, left.reason)).collect();
    let summary = match left_out {
        [] => "the organization lists no account".to_owned(),
        [one] => format!("no account can be onboarded: {}: {}", one.scope, one.reason),
        all => format!("none of {} accounts can be onboarded", all.len()),
    };
    Some(Finding {
        severity: severity::ERROR.into(),
        code: "AWS-SCOPE-005".into(),
        summary,
        detail: (reasons.len() > 1).then(|| named(&reasons)),
        help: Some(left_out.iter().find_map(|left| left.help.clone()).unwrap_or_else(|| {
            "check `scope`, and that the operator can enter the accounts meant".into()
        })),
        ..Finding::default()
    })
}

/// The first of many, and how many more there are.
pub(crate) fn named(all: &[String]) -> String {
    let first = all.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
