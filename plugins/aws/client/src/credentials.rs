//! What requests are signed with.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::error::ClientError;
use crate::secret::Secret;

/// Credentials this close to their end are fetched anew: a call may take two minutes, and clocks
/// differ.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);

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

impl Credentials {
    fn is_good(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| end.duration_since(now) > RENEWED_BEFORE)
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
    kept: Mutex<Option<Credentials>>,
}

impl Kept {
    /// Keeps what `source` gives.
    #[must_use]
    pub fn new(source: impl CredentialSource + 'static) -> Self {
        Self { source: Box::new(source), kept: Mutex::new(None) }
    }

    /// Credentials that are good for a call.
    ///
    /// # Errors
    /// When the source has none.
    pub async fn get(&self) -> Result<Credentials, ClientError> {
        let mut kept = self.kept.lock().await;
        if let Some(good) = kept.as_ref().filter(|it| it.is_good(Timestamp::now())) {
            return Ok(good.clone());
        }
        let fresh = self.source.fetch().await?;
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    /// Forgets `refused`, so that the next call gets others; somebody else may have by now.
    pub async fn forget(&self, refused: &Credentials) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref() == Some(refused) {
            *kept = None;
        }
    }
}
