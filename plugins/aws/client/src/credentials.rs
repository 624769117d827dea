//! What requests are signed with.

use async_trait::async_trait;
use jiff::Timestamp;
use skybridge_plugin_http::{Perishable, Secret};

use crate::error::ClientError;

/// An access key, and the session it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Not secret: it is in every request, in clear.
    pub access_key_id: String,
    /// The key requests are signed with.
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
    /// When temporary ones end, if that is known.
    pub expires: Option<Timestamp>,
}

impl Perishable for Credentials {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    fn is(&self, other: &Self) -> bool {
        self == other
    }
}

/// Finds credentials: reads a file, asks a service.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// One set, as new as the source has them.
    ///
    /// # Errors
    /// When there are none, or none can be had now.
    async fn fetch(&self) -> Result<Credentials, ClientError>;
}

#[async_trait]
impl CredentialSource for Credentials {
    async fn fetch(&self) -> Result<Self, ClientError> {
        Ok(self.clone())
    }
}

/// Keeps what a source gave until shortly before it ends.
pub struct Kept {
    source: Box<dyn CredentialSource>,
    kept: skybridge_plugin_http::Kept<Credentials>,
}

/// A source has one identity.
const ONE: &str = "";

impl Kept {
    /// Keeps what `source` gives.
    #[must_use]
    pub fn new(source: impl CredentialSource + 'static) -> Self {
        Self { source: Box::new(source), kept: skybridge_plugin_http::Kept::default() }
    }

    /// Credentials that are good for a call.
    ///
    /// # Errors
    /// When the source has none.
    pub async fn get(&self) -> Result<Credentials, ClientError> {
        self.kept.get(ONE, Timestamp::now(), self.source.fetch()).await
    }

    /// Others than `refused`; somebody else may have fetched them by now.
    ///
    /// # Errors
    /// When the source has none.
    pub async fn replace(&self, refused: &Credentials) -> Result<Credentials, ClientError> {
        self.kept.replace(ONE, refused, self.source.fetch()).await
    }
}
