//! The external id: what the vendor has to say, so that nobody can have the vendor act for them in
//! an account that is not theirs. Not a secret to AWS, which shows it to whoever may read the role;
//! kept like one here, because nobody else has a use for it.

use ring::rand::{SecureRandom as _, SystemRandom};
use skybridge_aws_client::Secret;
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::operator::Variables;
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// What the vault calls it.
pub(crate) const VAULT_NAME: &str = "external-id";

/// 192 bits: more than can be guessed, and short enough for every dialog it is pasted into.
const RANDOM_BYTES: usize = 24;

/// STS's bounds.
const CHARS_MIN: usize = 2;
const CHARS_MAX: usize = 1224;

/// The one the manifest refers to.
pub(crate) fn given(settings: &Settings, variables: &Variables) -> Result<Option<Secret>> {
    let Some(reference) = &settings.external_id else { return Ok(None) };
    let id = reference.read(variables, "/external-id")?;
    let fits = (CHARS_MIN..=CHARS_MAX).contains(&id.expose().len())
        && id.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b));
    if fits {
        return Ok(Some(id));
    }
    Err(Error::new(
        kind::INVALID_CONFIG,
        "the external id the manifest refers to is none: it has 2 to 1224 letters, digits and any \
         of _+=,.@:/-",
    )
    .code("AWS-TRUST-001")
    .pointer("/external-id")
    .help("copy it from the vendor once more"))
}

/// The one in the vault.
pub(crate) async fn kept(host: &dyn Surroundings) -> Result<Option<Secret>> {
    let Some(bytes) = host.secret(VAULT_NAME).await? else { return Ok(None) };
    match std::str::from_utf8(bytes.expose()) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(_) => Err(Error::new(kind::UNEXPECTED, "the external id in the vault is no text")
            .code("AWS-TRUST-002")
            .help("restore the vault, or remove the file and apply again: another id is made")),
    }
}

/// A new one.
pub(crate) fn made() -> Result<Secret> {
    let mut bytes = [0_u8; RANDOM_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Error::new(kind::UNAVAILABLE, "the system gives no random numbers").code("AWS-TRUST-003")
    })?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Secret::new(format!("skybridge-{text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_sts_takes_it() {
        let (one, other) = (made().unwrap(), made().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), "skybridge-".len() + 2 * RANDOM_BYTES);
        assert!(one.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    }
}
