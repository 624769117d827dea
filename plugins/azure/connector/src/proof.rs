//! What the connector signs in with, by kind of credential.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use skybridge_azure_client::{Certificate, ClientError, Secret};
use skybridge_plugin_sdk::protocol::Map;
use skybridge_plugin_sdk::protocol::onboard::StepCall;
use skybridge_plugin_sdk::{Error, Result, kind};

use crate::outcome::{known, needed};
use crate::session::Session;
use crate::settings::{CredentialKind, Federation};

mod assertion;
mod file;

pub(crate) use assertion::read_assertion;
pub(crate) use file::{Access, read_file};

/// What shows that somebody is the application.
#[derive(Clone)]
pub(crate) enum Proof {
    /// It knows the secret.
    Secret(Secret),
    /// It holds the key.
    Certificate(Arc<Certificate>),
    /// It is somebody the application trusts; the file is read for each token anew.
    Assertion { file: PathBuf, issuer: String, subject: String, audience: String },
}

impl Proof {
    /// What `file` holds, for the federation of the settings.
    pub(crate) fn assertion(file: &Path, federation: Federation<'_>) -> Self {
        Self::Assertion {
            file: file.to_owned(),
            issuer: federation.issuer.to_owned(),
            subject: federation.subject.to_owned(),
            audience: federation.audience.to_owned(),
        }
    }

    /// Finds out without asking anybody what is wrong with it.
    pub(crate) fn check(&self, now: Timestamp) -> Result<()> {
        match self {
            Self::Secret(_) | Self::Certificate(_) => Ok(()),
            Self::Assertion { file, issuer, subject, audience } => {
                read_assertion(file, issuer, subject, audience, now).map(drop)
            }
        }
    }
}

/// Who signs in, and with what.
pub(crate) struct Identity {
    pub(crate) client_id: String,
    /// Nothing when only others can sign in this way.
    pub(crate) proof: Option<Proof>,
}

impl Identity {
    /// Of the credential a step needs. The step's inputs are [`inputs`].
    pub(crate) async fn of_step(session: &Session<'_>, step: &StepCall) -> Result<Self> {
        let kind = session.settings.credential.kind;
        let client_id = needed(step, &format!("{}.client-id", kind.step()))?;
        let vault_name = match kind {
            CredentialKind::Federated => None,
            _ => Some(needed(step, &format!("{}.vault-name", kind.step()))?),
        };
        Self::new(session, client_id, vault_name).await
    }

    /// Of what was handed over.
    pub(crate) async fn of_connection(session: &Session<'_>, connection: &Map) -> Result<Self> {
        let field = |name: &str| connection.get(name).and_then(serde_json::Value::as_str);
        let nothing = || {
            Error::new(kind::PRECONDITION, "nothing was handed over yet")
                .help("run `skybridge apply` first")
        };
        let client_id = field("client-id").ok_or_else(nothing)?;
        let vault_name = field("client-secret").or_else(|| field("certificate"));
        if vault_name.is_none() && field("issuer").is_none() {
            return Err(nothing());
        }
        Self::new(session, client_id, vault_name).await
    }

    async fn new(session: &Session<'_>, client_id: &str, vault_name: Option<&str>) -> Result<Self> {
        let credential = &session.settings.credential;
        let proof = match vault_name {
            Some(name) => Some(from_vault(session, name).await?),
            None => credential
                .assertion()
                .zip(credential.federation())
                .map(|(file, federation)| Proof::assertion(file, federation)),
        };
        Ok(Self { client_id: client_id.to_owned(), proof })
    }
}

/// What a step that uses the credential reads of the step that makes it.
pub(crate) fn inputs(kind: CredentialKind) -> Vec<String> {
    let outputs: &[&str] = match kind {
        CredentialKind::ClientSecret | CredentialKind::Certificate => &["vault-name", "client-id"],
        CredentialKind::Federated => &["client-id"],
    };
    outputs.iter().map(|output| format!("{}.{output}", kind.step())).collect()
}

/// Whether the credential's step has run.
pub(crate) fn is_known(session: &Session<'_>, step: &StepCall) -> bool {
    inputs(session.settings.credential.kind).iter().all(|input| known(step, input).is_some())
}

/// What the vault keeps as `name`: the name says which kind it is.
pub(crate) async fn from_vault(session: &Session<'_>, name: &str) -> Result<Proof> {
    let text = text_from_vault(session, name).await?;
    if !name.starts_with("certificate/") {
        return Ok(Proof::Secret(text));
    }
    let certificate = Certificate::from_pem(&text).map_err(|error| {
        let message = format!("the certificate `{name}` of the vault cannot be used: {error}");
        Error::new(kind::UNEXPECTED, message)
            .code("AZ-CRED-001")
            .help("the vault was changed by hand; `skybridge apply` makes a new certificate")
    })?;
    Ok(Proof::Certificate(Arc::new(certificate)))
}

async fn text_from_vault(session: &Session<'_>, name: &str) -> Result<Secret> {
    let found = session.host.secret(name).await?;
    let text = found.as_ref().and_then(|bytes| std::str::from_utf8(bytes.expose()).ok());
    text.map(Secret::new).ok_or_else(|| {
        let message = format!("the vault has no secret `{name}`");
        Error::new(kind::NOT_FOUND, message)
            .code("AZ-SECRET-003")
            .help("the state directory was moved or emptied; `skybridge apply` makes a new one")
    })
}

/// A refusal of our own, on the way to a token.
pub(crate) fn refused(error: &Error) -> ClientError {
    ClientError::Credential { message: error.detail.message.clone() }
}
