//! What a token says about its bearer.
//!
//! The signature is not checked, on purpose: these are tokens issued to us a moment ago over TLS,
//! read to learn what Entra put in, never to let anybody in. Only the service a token is for can
//! and does judge it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use skybridge_plugin_http::Secret;

/// The claims that are of interest here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claims {
    /// The tenant.
    pub tid: Option<String>,
    /// The object id of the bearer.
    pub oid: Option<String>,
    /// The client id of the bearer's application.
    pub appid: Option<String>,
    /// `user` or `app`.
    pub idtyp: Option<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// Delegated permissions, separated by spaces.
    pub scp: Option<String>,
    /// Directory roles, by template id.
    pub wids: Vec<String>,
}

impl Claims {
    /// Reads the claims of a token; nothing when it is not a JSON web token, as for some accounts.
    #[must_use]
    pub fn of(token: &Secret) -> Option<Self> {
        let payload = token.expose().split('.').nth(1)?;
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}
