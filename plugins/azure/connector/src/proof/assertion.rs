//! A token of an issuer the application trusts.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use skybridge_azure_client::Secret;
use skybridge_plugin_sdk::{Error, Result, kind};

use super::file::{Access, read_file};

/// Tokens are a few kilobytes.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

const POINTER: &str = "/credential/assertion";

/// What is compared with the settings before the token is shown to anybody: Entra's own refusals
/// of a wrong one look like those of a credential it does not know yet.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    aud: Audience,
    exp: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Default for Audience {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Audience {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::One(one) => one.clone(),
            Self::Many(many) => many.join(", "),
        }
    }
}

/// Reads the token in `file`, which must be of this issuer, about this subject, for this audience
/// and not expired.
pub(crate) fn read_assertion(
    file: &Path,
    issuer: &str,
    subject: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Secret> {
    let text = read_file(file, Access::Any, TOKEN_BYTES_MAX, POINTER)?;
    let token = Secret::new(text.expose().trim());
    let shown = file.display();
    let wrong = |code: &str, message: String| {
        Error::new(kind::PRECONDITION, message).code(code).pointer(POINTER)
    };
    let claims = claims(&token)
        .ok_or_else(|| wrong("AZ-CRED-003", format!("`{shown}` holds no JSON web token")))?;
    let pairs = [("issuer", &claims.iss, issuer), ("subject", &claims.sub, subject)];
    for (what, found, wanted) in pairs {
        if found != wanted {
            let message =
                format!("the token in `{shown}` has the {what} `{found}` and not `{wanted}`");
            return Err(wrong("AZ-CRED-004", message)
                .help("issuer, subject and audience are compared exactly"));
        }
    }
    if !claims.aud.has(audience) {
        let found = claims.aud.shown();
        let message = format!("the token in `{shown}` is for `{found}` and not for `{audience}`");
        return Err(wrong("AZ-CRED-004", message)
            .help("ask the issuer for a token with the audience of the manifest"));
    }
    if claims.exp.is_some_and(|end| end <= now.as_second()) {
        let message = format!("the token in `{shown}` has expired");
        return Err(wrong("AZ-CRED-005", message).help("have the issuer write a new one"));
    }
    Ok(token)
}

fn claims(token: &Secret) -> Option<Claims> {
    let mut parts = token.expose().split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(claims: &Value) -> Result<Secret> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        fs_err::write(&file, format!("e30.{payload}.c2ln\n")).unwrap();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        read_assertion(&file, "https://i", "s", "a", now)
    }

    #[test]
    fn only_the_token_that_was_agreed_on_is_shown() {
        let good = json!({ "iss": "https://i", "sub": "s", "aud": "a", "exp": 4_000_000_000_i64 });
        let text = read(&good).unwrap();
        assert!(!text.expose().ends_with('\n'));
        let cases = [
            ("iss", json!("https://i/"), "AZ-CRED-004"),
            ("sub", json!("S"), "AZ-CRED-004"),
            ("aud", json!(["b", "c"]), "AZ-CRED-004"),
            ("exp", json!(1), "AZ-CRED-005"),
            ("exp", json!("never"), "AZ-CRED-003"),
        ];
        for (claim, value, code) in cases {
            let mut claims = good.clone();
            claims[claim] = value;
            let error = read(&claims).unwrap_err();
            assert_eq!(error.detail.code.as_deref(), Some(code), "{claim}: {error}");
            assert!(!error.to_string().contains("c2ln"), "{error}");
        }
        let mut several = good;
        several["aud"] = json!(["b", "a"]);
        read(&several).unwrap();
    }
}
