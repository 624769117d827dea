//! Where the key comes from: a file, an earlier attempt, or nowhere yet.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use skybridge_azure_client::certificate::{PEM_BYTES_MAX, generate};
use skybridge_azure_client::{Certificate, CertificateError, Secret};
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::names;
use crate::proof::{Access, read_file};
use crate::session::Session;
use crate::steps::credential::CLOCK_SLACK;

const POINTER: &str = "/credential/certificate";

/// Where the vault keeps a key that is under way to the application. It is not in use while it is
/// there, so any run may go on with it.
const UNDER_WAY: &str = "certificate-under-way";

/// A key that has been under way for longer lost too much of its lifetime.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// A certificate with the text it was read from.
pub(crate) struct Pem {
    pub(super) certificate: Certificate,
    text: Secret,
}

fn read(text: Secret) -> std::result::Result<Pem, CertificateError> {
    Ok(Pem { certificate: Certificate::from_pem(&text)?, text })
}

/// The certificate of the manifest's file.
pub(super) fn from_settings(session: &Session<'_>) -> Result<Pem> {
    let Some(path) = session.settings.credential.certificate() else {
        return Err(Error::new(
            kind::CONTRACT_VIOLATION,
            "internal error: no certificate is named",
        ));
    };
    let shown = path.display();
    let wrong = |message: String| {
        Error::new(kind::INVALID_CONFIG, message).code("AZ-CRED-002").pointer(POINTER)
    };
    let text = read_file(path, Access::OwnerOnly, PEM_BYTES_MAX, POINTER)?;
    let pem = read(text).map_err(|error| {
        wrong(format!("`{shown}` cannot be used: {error}"))
            .help("it needs a certificate and its RSA key, both as PEM")
    })?;
    let now = session.host.now();
    if pem.certificate.expires() <= now {
        let message =
            format!("the certificate in `{shown}` expired on {}", pem.certificate.expires());
        return Err(wrong(message).help("put a new certificate and its key into the file"));
    }
    if pem.certificate.starts() > now {
        let message =
            format!("the certificate in `{shown}` is valid from {} only", pem.certificate.starts());
        return Err(wrong(message));
    }
    Ok(pem)
}

/// The manifest's file still holds what is in use.
pub(super) fn already_in_use(session: &Session<'_>, thumbprint: &str) -> Error {
    let path = session.settings.credential.certificate();
    let shown = path.map(|path| path.display().to_string()).unwrap_or_default();
    let message = format!("`{shown}` still holds the certificate in use ({thumbprint})");
    Error::new(kind::PRECONDITION, message)
        .code("AZ-ROTATE-003")
        .pointer(POINTER)
        .help("put the new certificate and its key into the file, then rotate again")
}

/// The key an earlier attempt did not bring to its end, or a new one; it is in the vault.
pub(super) async fn under_way(session: &Session<'_>) -> Result<Pem> {
    let now = session.host.now();
    let expires = expires(session, now);
    let kept = session.host.secret(UNDER_WAY).await?;
    let kept = kept.as_ref().and_then(|bytes| std::str::from_utf8(bytes.expose()).ok());
    if let Some(Ok(pem)) = kept.map(|text| read(Secret::new(text))) {
        let age = expires.duration_since(pem.certificate.expires());
        if age.abs() < STALE_AFTER {
            return Ok(pem);
        }
    }
    let name = format!("skybridge {}", session.connector);
    let start = now.checked_sub(CLOCK_SLACK).unwrap_or(now);
    let pem = made(make(name, start, expires).await)?;
    session.host.put_secret(UNDER_WAY, pem.text.expose().as_bytes()).await?;
    Ok(pem)
}

/// What came of making a key and a certificate for it.
pub(crate) fn made(outcome: std::result::Result<Secret, CertificateError>) -> Result<Pem> {
    let failed = |message: String| {
        let error = Error::new(kind::UNEXPECTED, message).code("AZ-CRED-006");
        error.help("try again, and report it if it stays")
    };
    let text = outcome.map_err(|error| failed(format!("no certificate could be made: {error}")))?;
    read(text).map_err(|error| failed(format!("the certificate made just now is no good: {error}")))
}

fn expires(session: &Session<'_>, now: Timestamp) -> Timestamp {
    let lifetime = 24 * u64::from(session.settings.credential.lifetime.0) * 3_600;
    let start = now.checked_sub(CLOCK_SLACK).unwrap_or(now);
    start.checked_add(Duration::from_secs(lifetime)).unwrap_or(Timestamp::MAX)
}

/// Making a key is seconds of arithmetic: other calls go on meanwhile.
async fn make(
    name: String,
    start: Timestamp,
    end: Timestamp,
) -> std::result::Result<Secret, CertificateError> {
    tokio::task::spawn_blocking(move || generate(&name, start, end))
        .await
        .map_err(|_| CertificateError::Make("the work was stopped".to_owned()))?
}

/// Seals the key under its thumbprint; it is on disk when this returns.
pub(super) async fn seal(session: &Session<'_>, pem: &Pem) -> Result<()> {
    let name = names::certificate_vault_name(&pem.certificate.thumbprint());
    session.host.put_secret(&name, pem.text.expose().as_bytes()).await
}

/// Nothing is under way any more.
pub(super) async fn finished(session: &Session<'_>) -> Result<()> {
    session.host.remove_secret(UNDER_WAY).await
}
