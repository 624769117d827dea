//! What all kinds of credentials have in common: an end, a warning before it, and being accepted.

use jiff::{SignedDuration, Timestamp};
use skybridge_plugin_sdk::Result;
use skybridge_plugin_sdk::protocol::onboard::{Ready, StepCall};

use crate::errors::{Lag, classify, is_credential_lag};
use crate::outcome::{not_ready, ready};
use crate::proof::Proof;
use crate::session::Session;
use crate::settings::Settings;

/// The word of `desired` that makes a step mint although there is something that works.
pub(crate) const ALWAYS_NEW: &str = "always-new";

/// A credential starts this long before now, so that it works although our clock runs ahead of
/// Entra's. Its end is counted from that start, because policies limit the difference.
pub(crate) const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(5);

/// Whether the step is one of a rotation.
pub(crate) fn is_always_new(step: &StepCall) -> bool {
    step.desired.get(ALWAYS_NEW).and_then(serde_json::Value::as_bool).unwrap_or(false)
}

/// A time as Graph wants it.
pub(crate) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A time as outputs have it.
pub(crate) fn shown(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// From when on the end of a credential is warned about.
pub(crate) fn warn_from(settings: &Settings, expires: Option<Timestamp>) -> Option<Timestamp> {
    let window = SignedDuration::from_hours(24 * i64::from(settings.credential.warn.0));
    expires?.checked_sub(window).ok()
}

/// A sentence once the credential is inside its warning window. Applying does not replace one that
/// works: that is for `skybridge rotate`, which keeps both working until the new one is in use.
pub(crate) fn warning(
    settings: &Settings,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    if warn_from(settings, expires)? > now {
        return None;
    }
    let hours = expires?.duration_since(now).as_hours().max(0);
    let left = match hours / 24 {
        0 => format!("{hours} hours"),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    };
    Some(format!("expires in {left}; `skybridge rotate` replaces it"))
}

/// One probe: whether the login service takes `proof` for `client_id`.
pub(crate) async fn accepted(
    session: &Session<'_>,
    client_id: &str,
    proof: Proof,
) -> Result<Ready> {
    proof.check(session.host.now())?;
    // A client of its own for each probe: its first token is asked for now.
    let connector = session.connectors.connector(client_id, proof);
    match connector.fresh_token(skybridge_azure_client::Service::ResourceManager).await {
        Ok(_) => Ok(ready()),
        Err(error) if is_credential_lag(&error) => {
            let code = error.service().and_then(|e| e.login_codes.first().copied());
            let code = code.map_or_else(|| "no code".to_owned(), |c| format!("AADSTS{c}"));
            Ok(not_ready(format!("the login service does not accept the credential yet ({code})")))
        }
        Err(error) => Err(classify(error, Lag::Impossible)),
    }
}
