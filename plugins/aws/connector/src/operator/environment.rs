//! `auth = "environment"`: keys in variables.

use skybridge_aws_client::{ClientError, Credentials, Secret};

use super::{Variables, none};

const NEEDED: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// What is missing for this way, as a sentence; nothing when it is there.
pub(super) fn lacks(variables: &Variables) -> Option<String> {
    let missing = variables.missing(&NEEDED);
    (!missing.is_empty()).then(|| format!("{} not set", missing.join(", ")))
}

pub(super) fn credentials(variables: &Variables) -> Result<Credentials, ClientError> {
    if let Some(lacks) = lacks(variables) {
        return Err(none(lacks));
    }
    let get = |name: &str| variables.get(name).map(Secret::new);
    Ok(Credentials {
        access_key_id: variables.get("AWS_ACCESS_KEY_ID").unwrap_or_default(),
        secret_access_key: get("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
        session_token: get("AWS_SESSION_TOKEN"),
        expires: variables.get("AWS_CREDENTIAL_EXPIRATION").and_then(|end| end.parse().ok()),
    })
}
