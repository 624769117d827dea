//! Bearer tokens: where they come from and how long they are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::error::ClientError;
use crate::secret::Secret;

/// A token is replaced this long before it expires, so that none expires on its way.
const REFRESH_BEFORE: SignedDuration = SignedDuration::from_mins(5);

/// A bearer token.
#[derive(Clone)]
pub struct AccessToken {
    /// What goes into the header.
    pub secret: Secret,
    /// When it stops working.
    pub expires: Timestamp,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// Something that gives tokens for an OAuth scope. It need not remember them.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Asks for a new token.
    async fn token(&self, scope: &str) -> Result<AccessToken, ClientError>;
}

/// Remembers tokens by scope.
pub(crate) struct TokenCache {
    source: Arc<dyn TokenSource>,
    // One lock for all scopes, held while asking: many steps that start together then cause one
    // request and not one each.
    tokens: Mutex<BTreeMap<String, AccessToken>>,
}

impl TokenCache {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, tokens: Mutex::new(BTreeMap::new()) }
    }

    /// A token that works for a while yet.
    pub(crate) async fn get(
        &self,
        scope: &str,
        now: Timestamp,
    ) -> Result<AccessToken, ClientError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(scope)
            && token.expires.duration_since(now) > REFRESH_BEFORE
        {
            return Ok(token.clone());
        }
        let token = self.source.token(scope).await?;
        tokens.insert(scope.to_owned(), token.clone());
        Ok(token)
    }

    /// A token issued now: grants made since the last one was issued are in it.
    pub(crate) async fn fresh(&self, scope: &str) -> Result<AccessToken, ClientError> {
        let mut tokens = self.tokens.lock().await;
        let token = self.source.token(scope).await?;
        tokens.insert(scope.to_owned(), token.clone());
        Ok(token)
    }

    /// A replacement for `stale`, unless somebody has replaced it already.
    pub(crate) async fn replace(
        &self,
        scope: &str,
        stale: &AccessToken,
    ) -> Result<AccessToken, ClientError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(scope)
            && token.secret != stale.secret
        {
            return Ok(token.clone());
        }
        let token = self.source.token(scope).await?;
        tokens.insert(scope.to_owned(), token.clone());
        Ok(token)
    }
}
