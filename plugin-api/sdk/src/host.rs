//! The host as a plugin sees it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use skybridge_plugin_api::reexport::abi_stable::std_types::{RResult, RSlice};
use skybridge_plugin_api::{HostServicesBox, codes::record};
use skybridge_plugin_protocol::audit::{Notice, Write};
use skybridge_plugin_protocol::rate_limit::RateLimit;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// A secret's bytes: wiped on drop, never printed.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// The bytes, for the one place that must have them in clear.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The host's services.
#[derive(Clone)]
pub struct Host {
    raw: HostServicesBox,
}

impl Host {
    pub(crate) fn new(raw: HostServicesBox) -> Self {
        Self { raw }
    }

    /// Milliseconds since 1970 UTC, by the host's clock.
    #[must_use]
    pub fn now_unix_ms(&self) -> u64 {
        self.raw.now_unix_ms()
    }

    /// A secret of this connector from the host's vault.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub async fn secret(&self, name: &str) -> Result<Option<SecretBytes>> {
        match self.raw.secret_get(name.into()).await {
            RResult::ROk(found) => {
                Ok(found.into_option().map(|bytes| SecretBytes::from(bytes.into_vec())))
            }
            RResult::RErr(error) => Err(error.into()),
        }
    }

    /// Seals a secret in the host's vault; it is on disk when this returns.
    ///
    /// # Errors
    /// When the vault cannot be written; the secret is then not kept.
    pub async fn put_secret(&self, name: &str, value: &[u8]) -> Result<()> {
        self.raw.secret_put(name.into(), value.into()).await.into_result().map_err(Error::from)
    }

    /// Forgets a secret; forgetting one that is not there is fine.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub async fn remove_secret(&self, name: &str) -> Result<()> {
        self.raw.secret_remove(name.into()).await.into_result().map_err(Error::from)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host")
    }
}

/// One call of the host: its services, and the call's own progress and cancellation.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The host's services.
    pub host: Host,
    call: u64,
    /// What the cloud said about further calls; goes out with the answer.
    limits: Arc<Mutex<Vec<RateLimit>>>,
}

impl Ctx {
    pub(crate) fn new(host: Host, call: u64) -> Self {
        Self { host, call, limits: Arc::default() }
    }

    /// Tells how far the call has come; a `total` of 0 means unknown.
    pub fn progress(&self, done: u64, total: u64, note: &str) {
        self.host.raw.progress(self.call, done, total, note.into());
    }

    /// Passes on what the cloud said about how many more calls it will take. It goes out with the
    /// call's answer or error; the host then calls no oftener than that.
    pub fn rate_limit(&self, limit: RateLimit) {
        limit.add_to(&mut self.limits.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn take_rate_limits(&self) -> Vec<RateLimit> {
        std::mem::take(&mut self.limits.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the host has asked the call to stop. Finish the write under way, then answer.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.host.raw.is_cancelled(self.call)
    }

    /// Completes when the host asks the call to stop.
    pub async fn cancelled(&self) {
        self.host.raw.cancelled(self.call).await;
    }

    /// Puts a write to the cloud on record.
    pub fn audit(&self, write: &Write) {
        if let Ok(body) = serde_json::to_vec(write) {
            self.host.raw.record(self.call, record::WRITE, RSlice::from_slice(&body));
        }
    }

    /// Tells the person at the host what only a person can do.
    pub fn notice(&self, notice: &Notice) {
        if let Ok(body) = serde_json::to_vec(notice) {
            self.host.raw.record(self.call, record::NOTICE, RSlice::from_slice(&body));
        }
    }
}
