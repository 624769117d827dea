//! Proving the connection as the connector itself: a token alone proves nothing, because Entra
//! gives one to an application without a single right.
//!
//! The same probes serve the verification steps, which wait for grants to take effect, and
//! `verify`, which reports on all of them and waits for none.

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;
use skybridge_azure_client::{Client, Service};
use skybridge_plugin_http::patience::{self, Patience};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::verify::{Check, VerifyReport, check_status};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::proof::Identity;
use crate::session::Session;
use crate::steps::credential;

mod directory;
mod inspection;
mod probe;
mod subscription;

pub(crate) use probe::{Probe, Verdict};

/// Subscriptions proved at the same time: enough to hide latency, far below Azure's read limits.
const IN_FLIGHT: usize = 8;

/// Who is proved.
pub(crate) struct Prover<'a> {
    pub(crate) session: &'a Session<'a>,
    /// The cloud, asked as the connector, with tokens newer than this value; or as the operator
    /// where only others can sign in as the connector.
    pub(crate) client: Client,
    /// The connector's client id, when the operator looks in its place.
    seen_from_outside: Option<String>,
}

impl<'a> Prover<'a> {
    /// Signs in as the connector.
    pub(crate) async fn new(session: &'a Session<'a>, identity: Identity) -> Result<Self> {
        let Some(proof) = identity.proof else {
            let seen_from_outside = Some(identity.client_id);
            return Ok(Self { session, client: session.client.clone(), seen_from_outside });
        };
        proof.check(session.host.now())?;
        let client = session.connectors.connector(&identity.client_id, proof);
        Ok(Self { session, client, seen_from_outside: None })
    }

    /// What concerns the tenant.
    pub(crate) async fn directory(&self) -> Vec<Probe> {
        match &self.seen_from_outside {
            Some(client_id) => inspection::directory(self, client_id).await,
            None => directory::prove(self).await,
        }
    }

    /// What concerns one subscription.
    pub(crate) async fn subscription(&self, id: &str) -> Vec<Probe> {
        match &self.seen_from_outside {
            Some(client_id) => inspection::subscription(self, client_id, id).await,
            None => subscription::prove(self, id).await,
        }
    }
}

/// Turns probes into an outcome for a step that may be tried again: what is refused for good comes
/// first, then a service that is unwell, then what has not taken effect yet.
pub(crate) fn settle(probes: Vec<Probe>) -> Result<usize> {
    let count = probes.len();
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
            Verdict::Works | Verdict::Skipped => {}
        }
    }
    if let Some(error) = busy {
        return Err(*error);
    }
    if waiting.is_empty() {
        return Ok(count);
    }
    let message = format!("not in effect yet: {}", waiting.join("; "));
    let mut error = Error::new(kind::NOT_REPLICATED, message)
        .code("AZ-VERIFY-001")
        .operation("verifying the connection")
        .help("grants take up to ten minutes to take effect; what stays refused was taken back");
    // What the services know the first refusal by.
    error.detail.context.extend(refused.map(|error| error.detail.context).unwrap_or_default());
    Err(error)
}

/// Tries everything and reports all of it.
pub(crate) async fn report(session: &Session<'_>, connection: &Map) -> Result<VerifyReport> {
    let field = |name: &str| connection.get(name).and_then(Value::as_str);
    let expires = field("expires").and_then(|text| text.parse::<Timestamp>().ok());
    let warned = field("warn-from").and_then(|text| text.parse::<Timestamp>().ok());
    let warn_from = warned.or_else(|| credential::warn_from(session.settings, expires));
    let mut report = VerifyReport {
        checks: Vec::new(),
        credential_expires: expires.map(|at| at.to_string()),
        credential_warn_from: warn_from.map(|at| at.to_string()),
    };
    let prover = match Identity::of_connection(session, connection).await {
        Ok(identity) => Prover::new(session, identity).await,
        Err(error) => Err(error),
    };
    let prover = match prover {
        Ok(prover) => prover,
        Err(error) => {
            report.checks.push(no_credential(session, &error));
            return Ok(report);
        }
    };
    let ids = connected(session, field("subscriptions").unwrap_or_default());
    let total = ids.len() as u64 + 1;
    report
        .checks
        .extend(patiently(|| prover.directory()).await.into_iter().map(|probe| probe.check));
    session.host.progress(1, total, "directory");
    let prover = &prover;
    let mut proofs = stream::iter(ids)
        .map(|id| async move { patiently(|| prover.subscription(&id)).await })
        .buffered(IN_FLIGHT)
        .enumerate();
    while let Some((index, probes)) = proofs.next().await {
        report.checks.extend(probes.into_iter().map(|probe| probe.check));
        session.host.progress(index as u64 + 2, total, "subscriptions");
    }
    Ok(report)
}

/// The subscriptions that were handed over; a connection record without any is older than the list.
fn connected(session: &Session<'_>, listed: &str) -> Vec<String> {
    let handed_over: Vec<String> =
        listed.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if !handed_over.is_empty() {
        return handed_over;
    }
    session.settings.scope.listed().iter().map(ToString::to_string).collect()
}

fn no_credential(session: &Session<'_>, error: &Error) -> Check {
    Check {
        scope: session.settings.tenant_id(),
        what: "sign in as the connector".into(),
        status: check_status::FAILED.into(),
        detail: error.detail.message.clone(),
        help: error.detail.help.clone(),
        code: error.detail.code.clone(),
        context: error.detail.context.clone(),
    }
}

/// Tries again what a service had no time for: a report is made in one call, and nobody repeats it.
async fn patiently<F: Future<Output = Vec<Probe>>>(probe: impl Fn() -> F) -> Vec<Probe> {
    let judge = |probes: &Vec<Probe>| {
        let busy = probes.iter().filter_map(|probe| match &probe.verdict {
            Verdict::Busy(error) => Some(error.retry_after),
            _ => None,
        });
        busy.max().map_or(patience::Verdict::Stands, patience::Verdict::Busy)
    };
    Patience::default().ask(probe, judge).await
}

/// The scope word of probes about a service as a whole.
pub(crate) fn token_probe_name(service: Service) -> String {
    format!("get a token for {service}")
}
