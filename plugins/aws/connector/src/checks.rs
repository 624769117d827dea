//! Proving the connection: as the trusted principal where its credentials are at hand, by looking
//! from outside where they are not.
//!
//! The same probes serve the verification steps, which wait for IAM to catch up, and `verify`, which
//! reports on all of them and waits for none.

use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use skybridge_aws_client::Secret;
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::verify::VerifyReport;
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::external_id;
use crate::session::Session;

mod becoming;
mod inspection;
mod principal;
mod probe;

pub(crate) use becoming::as_role;
pub(crate) use probe::{Probe, Verdict};

/// Accounts proved at the same time: enough to hide latency, far below what STS and IAM take.
const IN_FLIGHT: usize = 8;

/// What is proved in one account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) account: &'a str,
    pub(crate) external_id: &'a Secret,
    /// Some replicas may still trust whom the role trusted before.
    pub(crate) trusts_anew: bool,
}

/// Everything there is to prove in one account.
pub(crate) async fn prove(session: &Session<'_>, wanted: Wanted<'_>) -> Vec<Probe> {
    match &session.settings.trust.proof {
        Some(proof) => becoming::prove(session, wanted, proof).await,
        None => inspection::prove(session, wanted).await,
    }
}

/// Turns probes into what to tell of them, or into an error for a step that may be tried again: what is
/// refused for good comes first, then a service that is unwell, then what has not taken effect yet.
pub(crate) fn settle(probes: Vec<Probe>) -> Result<String> {
    let (mut passed, mut skipped) = (0_usize, 0_usize);
    let mut waiting = Vec::new();
    let (mut busy, mut refused) = (None, None);
    for probe in probes {
        match probe.verdict {
            Verdict::Refused(error) => return Err(*error),
            Verdict::Busy(error) => busy = busy.or(Some(error)),
            Verdict::NotYet(error) => {
                refused = refused.or(error);
                waiting.push(format!("{} ({})", probe.check.what, probe.check.detail));
            }
            Verdict::Works => passed += 1,
            Verdict::Skipped => skipped += 1,
        }
    }
    if let Some(error) = busy {
        return Err(*error);
    }
    if waiting.is_empty() {
        return Ok(match skipped {
            0 => format!("{passed} checks passed"),
            _ => format!("{passed} checks passed, {skipped} could not be tried"),
        });
    }
    let message = format!("not in effect yet: {}", waiting.join("; "));
    let mut error = Error::new(kind::NOT_REPLICATED, message)
        .code("AWS-VERIFY-001")
        .operation("verifying the connection")
        .help(
            "IAM takes some seconds to take effect everywhere; what stays refused was taken back",
        );
    // What the services know the first refusal by.
    error.detail.context.extend(refused.map(|error| error.detail.context).unwrap_or_default());
    Err(error)
}

/// Tries everything and reports all of it.
pub(crate) async fn report(session: &Session<'_>, connection: &Map) -> Result<VerifyReport> {
    let mut report = VerifyReport::default();
    let Some(external_id) = external_id::kept(session.host).await? else {
        let error = Error::new(kind::PRECONDITION, "the vault has no external id")
            .help("apply again: another is made, and the vendor has to be told");
        report.checks.push(Probe::refused("external id", "find the external id", error).check);
        return Ok(report);
    };
    let accounts = connected(session, connection);
    let (total, external_id) = (accounts.len() as u64, &external_id);
    let mut proofs = stream::iter(accounts)
        .map(|account| async move {
            let wanted = Wanted { account: &account, external_id, trusts_anew: false };
            prove(session, wanted).await
        })
        .buffered(IN_FLIGHT)
        .enumerate();
    while let Some((index, probes)) = proofs.next().await {
        report.checks.extend(probes.into_iter().map(|probe| probe.check));
        session.host.progress(index as u64 + 1, total, "accounts");
    }
    Ok(report)
}

/// The accounts that were handed over.
pub(crate) fn connected(session: &Session<'_>, connection: &Map) -> Vec<String> {
    let listed = connection.get("accounts").and_then(Value::as_str).unwrap_or_default();
    let handed_over: Vec<String> =
        listed.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if !handed_over.is_empty() {
        return handed_over;
    }
    let settings = session.settings;
    let own = settings.scope.listed(&settings.account).unwrap_or_default();
    own.into_iter().map(str::to_owned).collect()
}
