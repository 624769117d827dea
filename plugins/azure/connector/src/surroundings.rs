//! What steps need of the host, small enough to stand in for in a test.

use jiff::Timestamp;
use skybridge_plugin_sdk::protocol::audit::{Notice, Write};
use skybridge_plugin_sdk::{Ctx, Result, SecretBytes, async_trait};

/// The host, as far as steps are concerned.
#[async_trait]
pub(crate) trait Surroundings: Send + Sync {
    /// The host's clock.
    fn now(&self) -> Timestamp;
    /// A secret of this connector.
    async fn secret(&self, name: &str) -> Result<Option<SecretBytes>>;
    /// Seals a secret; it is on disk when this returns.
    async fn put_secret(&self, name: &str, value: &[u8]) -> Result<()>;
    /// Forgets a secret.
    async fn remove_secret(&self, name: &str) -> Result<()>;
    /// Puts a write on record.
    fn audit(&self, write: &Write);
    /// Tells how far a long call has come.
    fn progress(&self, done: u64, total: u64, note: &str);
    /// Tells the person at the host what only a person can do.
    fn notice(&self, notice: &Notice);
}

#[async_trait]
impl Surroundings for Ctx {
    fn now(&self) -> Timestamp {
        let ms = i64::try_from(self.host.now_unix_ms()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
    }

    async fn secret(&self, name: &str) -> Result<Option<SecretBytes>> {
        self.host.secret(name).await
    }

    async fn put_secret(&self, name: &str, value: &[u8]) -> Result<()> {
        self.host.put_secret(name, value).await
    }

    async fn remove_secret(&self, name: &str) -> Result<()> {
        self.host.remove_secret(name).await
    }

    fn audit(&self, write: &Write) {
        Self::audit(self, write);
    }

    fn progress(&self, done: u64, total: u64, note: &str) {
        Self::progress(self, done, total, note);
    }

    fn notice(&self, notice: &Notice) {
        Self::notice(self, notice);
    }
}
