//! What the host offers its plugins: log, progress, clock, cancellation, the vault, the record.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RArc, ROption, RResult, RSlice, RStr, RString, RVec};
use async_ffi::{FfiFuture, FutureExt};
use skybridge_model::{Clock, Secret};
use skybridge_plugin_api::{
    AbiError, AbiResult, HostServices, HostServices_TO, HostServicesBox, LogSite, LogValue,
    SecretFuture, codes::record, kind, retry,
};
use skybridge_plugin_protocol::audit::{Notice, Write};
use skybridge_plugin_protocol::error::ErrorDetail;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing_core::span::Id;
use tracing_subscriber::filter::Targets;

use crate::bucket::{Bucket, PER_SECOND, Take};
use crate::relog::Relog;

/// What plugins' libraries log under these is the wire, headers and bodies: never more than warnings
/// of it is asked for.
pub const WIRE: [&str; 6] = ["h2", "hyper", "hyper_util", "rustls", "reqwest", "tower"];

/// Why the vault did not do it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct VaultError(pub String);

/// Where secrets are sealed. Calls block; the services run them where blocking is fine.
pub trait Vault: Send + Sync + 'static {
    /// A secret of a connector, or nothing.
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    fn get(&self, connector: &str, name: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError>;
    /// Seals a secret; it is on disk on return.
    ///
    /// # Errors
    /// When it cannot be written; nothing is kept then.
    fn put(&self, connector: &str, name: &str, value: Secret<Vec<u8>>) -> Result<(), VaultError>;
    /// Forgets a secret.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    fn remove(&self, connector: &str, name: &str) -> Result<(), VaultError>;
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The step or whatever else the call is about.
    pub subject: String,
    /// So much is done.
    pub done: u64,
    /// Of so much; 0: unknown.
    pub total: u64,
    /// What is being done.
    pub note: String,
}

/// Who is told what plugins tell.
pub trait Witness: Send + Sync + 'static {
    /// A call came further.
    fn progress(&self, _connector: &str, _progress: Progress) {}
    /// A plugin wrote to its cloud on behalf of `subject`.
    fn write(&self, _connector: &str, _subject: &str, _write: Write) {}
    /// A person has to do something before `subject` can go on.
    fn notice(&self, _connector: &str, _subject: &str, _notice: Notice) {}
}

/// A witness that forgets.
#[derive(Debug, Clone, Copy)]
pub struct NoWitness;

impl Witness for NoWitness {}

/// A vault for callers that must not need one: it holds nothing and takes nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoVault;

impl Vault for NoVault {
    fn get(&self, _: &str, _: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        Ok(None)
    }

    fn put(&self, _: &str, _: &str, _: Secret<Vec<u8>>) -> Result<(), VaultError> {
        Err(VaultError("no secrets are kept here".to_owned()))
    }

    fn remove(&self, _: &str, _: &str) -> Result<(), VaultError> {
        Ok(())
    }
}

/// What the services of one connector are made of.
#[derive(Clone)]
pub struct Services {
    inner: Arc<Inner>,
}

struct Inner {
    connector: String,
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    witness: Arc<dyn Witness>,
    log: Targets,
    relog: Relog,
    runtime: Handle,
    calls: Mutex<BTreeMap<u64, Call>>,
    words: Mutex<Bucket>,
}

struct Call {
    subject: String,
    /// How much it has put on record.
    records: u32,
    span: tracing::Span,
    cancel: watch::Sender<bool>,
}

/// Calls are numbered over all instances, so that a number is never another call's.
static NEXT_CALL: AtomicU64 = AtomicU64::new(1);

/// Records of one call: an attempt of a step makes a handful of writes, and each is a line on disk.
const RECORDS_MAX: u32 = 10_000;

/// A text of a notice longer than this is cut: an address of a consent page fits many times.
const NOTICE_CHARS_MAX: usize = 2000;

/// A note longer than this is cut: it is one line of a terminal.
const NOTE_CHARS_MAX: usize = 200;

impl Services {
    /// The services of `connector`. Must be called within a tokio runtime, which they keep.
    pub fn new(
        connector: &str,
        vault: Arc<dyn Vault>,
        clock: Arc<dyn Clock>,
        witness: Arc<dyn Witness>,
        log: Targets,
    ) -> Self {
        let inner = Inner {
            connector: connector.to_owned(),
            vault,
            clock,
            witness,
            log,
            relog: Relog::default(),
            runtime: Handle::current(),
            calls: Mutex::default(),
            words: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn boxed(&self) -> HostServicesBox {
        HostServices_TO::from_ptr(RArc::new(self.clone()), TD_Opaque)
    }

    /// Registers a call about `subject`; its spans hang below the present span.
    pub(crate) fn begin(&self, subject: &str) -> CallGuard {
        let number = NEXT_CALL.fetch_add(1, Ordering::Relaxed);
        let (cancel, _) = watch::channel(false);
        let span = tracing::Span::current();
        let call = Call { subject: subject.to_owned(), records: 0, span, cancel };
        self.calls().insert(number, call);
        CallGuard { services: self.clone(), number }
    }

    /// The number of the span of the call under way.
    pub(crate) fn root(&self, call: u64) -> Option<Id> {
        self.calls().get(&call).and_then(|call| call.span.id())
    }

    /// Whether the plugin may say one thing more; it is told about when it may not.
    pub(crate) fn may_speak(&self) -> bool {
        let mut words = self.inner.words.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = words.take(Instant::now());
        drop(words);
        if let Take::TakenAfter(refused) = taken {
            tracing::warn!(
                "the plugin of `{}` says more than {PER_SECOND} things a second; {refused} were left out",
                self.inner.connector
            );
        }
        taken != Take::Refused
    }

    /// The directives of the log, for another process.
    pub(crate) fn log_directives(&self) -> String {
        self.inner.log.to_string()
    }

    /// What replays the log of another process.
    pub(crate) fn fresh_relog(&self) -> Relog {
        self.inner.relog.fresh()
    }

    /// The connector's name.
    pub(crate) fn connector(&self) -> &str {
        &self.inner.connector
    }

    /// Runs `work` on the host's runtime.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.inner.runtime.spawn(work));
    }

    /// Seals a secret.
    pub(crate) fn put(&self, name: String, value: Secret<Vec<u8>>) -> FfiFuture<AbiResult<()>> {
        self.blocking(move |inner| inner.vault.put(&inner.connector, &name, value))
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<u64, Call>> {
        self.inner.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, VaultError> + Send + 'static,
    ) -> FfiFuture<AbiResult<T>> {
        let inner = Arc::clone(&self.inner);
        // A plugin's threads poll this future, and they have no runtime of ours.
        let task = self.inner.runtime.spawn_blocking(move || work(&inner));
        async move {
            match task.await {
                Ok(Ok(value)) => RResult::ROk(value),
                Ok(Err(error)) => RResult::RErr(vault_error(&error.0)),
                Err(_) => RResult::RErr(vault_error("the host is stopping")),
            }
        }
        .into_ffi()
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Services({})", self.inner.connector)
    }
}

/// Without what could play tricks on a terminal, and no longer than a person reads.
fn printable(notice: &Notice) -> Notice {
    let clean = |text: &String| -> String {
        text.chars().filter(|c| !c.is_control()).take(NOTICE_CHARS_MAX).collect()
    };
    Notice {
        text: clean(&notice.text),
        url: notice.url.as_ref().map(clean),
        code: notice.code.as_ref().map(clean),
    }
}

fn vault_error(message: &str) -> AbiError {
    let detail = ErrorDetail {
        message: message.to_owned(),
        operation: Some("using the vault".to_owned()),
        ..ErrorDetail::default()
    };
    AbiError {
        kind: kind::UNAVAILABLE,
        retry: retry::PERMANENT,
        retry_after_ms: 0,
        detail: serde_json::to_vec(&detail).unwrap_or_default().into(),
    }
}

/// A call under way; dropping it ends it.
pub(crate) struct CallGuard {
    services: Services,
    pub(crate) number: u64,
}

impl CallGuard {
    /// Asks the plugin to stop.
    pub(crate) fn cancel(&self) {
        if let Some(call) = self.services.calls().get(&self.number) {
            call.cancel.send_replace(true);
        }
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.services.calls().remove(&self.number);
    }
}

impl HostServices for Services {
    fn log_enabled(&self, level: u8, target: RStr<'_>) -> bool {
        self.inner.log.would_enable(target.as_str(), &crate::relog::level(level))
    }

    fn log_event(&self, site: &LogSite<'_>, span: u64, values: RSlice<'_, LogValue<'_>>) {
        if self.may_speak() {
            self.inner.relog.event(site, span, values.as_slice());
        }
    }

    fn span_open(
        &self,
        site: &LogSite<'_>,
        span: u64,
        parent: u64,
        call: u64,
        values: RSlice<'_, LogValue<'_>>,
    ) {
        if self.may_speak() {
            self.inner.relog.open(site, span, parent, self.root(call), values.as_slice());
        }
    }

    fn span_record(&self, span: u64, values: RSlice<'_, LogValue<'_>>) {
        self.inner.relog.record(span, values.as_slice());
    }

    fn span_close(&self, span: u64) {
        self.inner.relog.close(span);
    }

    fn progress(&self, call: u64, done: u64, total: u64, note: RStr<'_>) {
        let Some(subject) = self.calls().get(&call).map(|call| call.subject.clone()) else {
            return;
        };
        if !self.may_speak() {
            return;
        }
        let note = note.as_str().chars().filter(|c| !c.is_control()).take(NOTE_CHARS_MAX).collect();
        self.inner.witness.progress(&self.inner.connector, Progress { subject, done, total, note });
    }

    fn now_unix_ms(&self) -> u64 {
        u64::try_from(self.inner.clock.now().as_millisecond()).unwrap_or(0)
    }

    fn is_cancelled(&self, call: u64) -> bool {
        // A call that is over is a call nobody waits for.
        self.calls().get(&call).is_none_or(|call| *call.cancel.borrow())
    }

    fn cancelled(&self, call: u64) -> FfiFuture<()> {
        let watched = self.calls().get(&call).map(|call| call.cancel.subscribe());
        async move {
            if let Some(mut watched) = watched {
                // An error means that the call has ended, which is as good.
                drop(watched.wait_for(|asked| *asked).await);
            }
        }
        .into_ffi()
    }

    fn secret_get(&self, name: RString) -> SecretFuture {
        self.blocking(move |inner| {
            let found = inner.vault.get(&inner.connector, &name)?;
            Ok(match found {
                Some(secret) => ROption::RSome(RVec::from(secret.expose().as_slice())),
                None => ROption::RNone,
            })
        })
    }

    fn secret_put(&self, name: RString, value: RVec<u8>) -> FfiFuture<AbiResult<()>> {
        self.put(name.into(), Secret::new(value.into_vec()))
    }

    fn secret_remove(&self, name: RString) -> FfiFuture<AbiResult<()>> {
        self.blocking(move |inner| inner.vault.remove(&inner.connector, &name))
    }

    fn record(&self, call: u64, what: u16, body: RSlice<'_, u8>) {
        let Some((subject, records)) = self.calls().get_mut(&call).map(|call| {
            call.records = call.records.saturating_add(1);
            (call.subject.clone(), call.records)
        }) else {
            return;
        };
        if records > RECORDS_MAX {
            if records == RECORDS_MAX + 1 {
                tracing::warn!(
                    "{subject} puts more than {RECORDS_MAX} things on record; no more are kept"
                );
            }
            return;
        }
        let (witness, connector) = (&self.inner.witness, &self.inner.connector);
        let body = body.as_slice();
        // Records of kinds this host does not know are not for it.
        let read = match what {
            record::WRITE => {
                serde_json::from_slice(body).map(|write| witness.write(connector, &subject, write))
            }
            record::NOTICE => serde_json::from_slice(body)
                .map(|notice: Notice| witness.notice(connector, &subject, printable(&notice))),
            _ => Ok(()),
        };
        if let Err(error) = read {
            tracing::warn!(%error, what, "a plugin recorded something the host cannot read");
        }
    }
}
