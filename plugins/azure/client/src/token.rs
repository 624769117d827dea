//! Bearer tokens: where they come from and how long they are kept.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use skybridge_plugin_http::{Kept, Perishable, Secret};

use crate::error::ClientError;

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

impl Perishable for AccessToken {
    fn expires(&self) -> Option<Timestamp> {
        Some(self.expires)
    }

    fn is(&self, other: &Self) -> bool {
        self.secret == other.secret
    }
}

/// Remembers tokens by scope.
pub(crate) struct TokenCache {
    source: Arc<dyn TokenSource>,
    tokens: Kept<AccessToken>,
}

impl TokenCache {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { source, tokens: Kept::default() }
    }

    /// A token that works for a while yet.
    pub(crate) async fn get(
        &self,
        scope: &str,
        now: Timestamp,
    ) -> Result<AccessToken, ClientError> {
        self.tokens.get(scope, now, self.source.token(scope)).await
    }

    /// A token issued now: grants made since the last one was issued are in it.
    pub(crate) async fn fresh(&self, scope: &str) -> Result<AccessToken, ClientError> {
        self.tokens.fresh(scope, self.source.token(scope)).await
    }

    /// A replacement for `stale`, unless somebody has replaced it already.
    pub(crate) async fn replace(
        &self,
        scope: &str,
        stale: &AccessToken,
    ) -> Result<AccessToken, ClientError> {
        self.tokens.replace(scope, stale, self.source.token(scope)).await
    }
}
