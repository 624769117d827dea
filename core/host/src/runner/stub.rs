//! The host as a plugin in a process of its own sees it: questions go over the socket, and what can
//! be known here is answered here.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::std_types::{RArc, ROption, RResult, RSlice, RStr, RString, RVec};
use async_ffi::{FfiFuture, FutureExt as _};
use skybridge_plugin_api::{
    AbiError, AbiResult, HostServices, HostServices_TO, HostServicesBox, LogSite, LogValue,
    SecretFuture, kind,
};
use tokio::sync::{oneshot, watch};
use tracing_subscriber::filter::Targets;

use super::frame;
use super::log::Line;
use super::message::{Call, ErrorHead, Reply, SECRET_BYTES_MAX, Tell, Want, Wanted};
use crate::error::abi_error;

/// A secret's name is a word or two.
const NAME_BYTES_MAX: usize = 256;

/// A note is one line of a terminal.
const NOTE_CHARS_MAX: usize = 200;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The socket to the host. A plugin that says more than the host takes waits here.
pub(crate) struct Link(Mutex<UnixStream>);

impl Link {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self(Mutex::new(socket))
    }

    pub(crate) fn tell(&self, tell: &Tell, body: &[u8]) {
        // A host that is gone hears nothing; the reader finds that out and ends the process.
        drop(frame::write(&mut *lock(&self.0), tell, body));
    }

    pub(crate) fn failed(&self, call: Call, error: &AbiError) {
        self.tell(&Tell::Failed { call, error: ErrorHead::of(error) }, &error.detail);
    }
}

/// The host.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) link: Arc<Link>,
    inner: Arc<Inner>,
}

struct Inner {
    log: Targets,
    calls: Mutex<BTreeMap<Call, watch::Sender<bool>>>,
    wants: Mutex<BTreeMap<Want, Waiter>>,
    next: AtomicU64,
}

enum Waiter {
    Later(oneshot::Sender<(Reply, Vec<u8>)>),
    Now(std::sync::mpsc::Sender<Reply>),
}

impl Stub {
    /// `log` are the directives of the host's log; what cannot be read asks for nothing.
    pub(crate) fn new(link: Arc<Link>, log: &str) -> Self {
        let inner = Inner {
            log: Targets::from_str(log).unwrap_or_default(),
            calls: Mutex::default(),
            wants: Mutex::default(),
            next: AtomicU64::new(1),
        };
        Self { link, inner: Arc::new(inner) }
    }

    pub(crate) fn boxed(&self) -> HostServicesBox {
        HostServices_TO::from_ptr(RArc::new(self.clone()), TD_Opaque)
    }

    pub(crate) fn begin(&self, call: Call) {
        lock(&self.inner.calls).insert(call, watch::channel(false).0);
    }

    pub(crate) fn stop(&self, call: Call) {
        if let Some(stop) = lock(&self.inner.calls).get(&call) {
            stop.send_replace(true);
        }
    }

    pub(crate) fn end(&self, call: Call) {
        lock(&self.inner.calls).remove(&call);
    }

    /// An answer of the host's.
    pub(crate) fn hear(&self, want: Want, reply: Reply, body: Vec<u8>) {
        // Whoever has stopped waiting needs no answer.
        match lock(&self.inner.wants).remove(&want) {
            Some(Waiter::Later(sender)) => drop(sender.send((reply, body))),
            Some(Waiter::Now(sender)) => drop(sender.send(reply)),
            None => {}
        }
    }

    fn want(&self, what: Wanted, waiter: Waiter, body: &[u8]) {
        let want = self.inner.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.inner.wants).insert(want, waiter);
        self.link.tell(&Tell::Wants { want, what }, body);
    }

    /// Asks the host now, and makes of the answer what `read` says.
    fn ask<T: Send + 'static>(
        &self,
        what: Wanted,
        body: &[u8],
        read: impl Fn(Reply, Vec<u8>) -> Option<T> + Send + 'static,
    ) -> FfiFuture<AbiResult<T>> {
        let refused = match &what {
            Wanted::Get(name) | Wanted::Put(name) | Wanted::Remove(name) => {
                name.len() > NAME_BYTES_MAX || body.len() > SECRET_BYTES_MAX
            }
            Wanted::Now => false,
        };
        if refused {
            let text = "the secret or its name is longer than the vault takes";
            let error = abi_error(kind::CONTRACT_VIOLATION, text);
            return std::future::ready(RResult::RErr(error)).into_ffi();
        }
        let (sender, answer) = oneshot::channel();
        self.want(what, Waiter::Later(sender), body);
        async move {
            let Ok((reply, body)) = answer.await else {
                return RResult::RErr(abi_error(kind::UNAVAILABLE, "the host is stopping"));
            };
            if let Reply::Failed(head) = reply {
                return RResult::RErr(head.with(body));
            }
            let odd = || abi_error(kind::UNEXPECTED, "the host gave an odd answer");
            read(reply, body).map_or_else(|| RResult::RErr(odd()), RResult::ROk)
        }
        .into_ffi()
    }

    fn done(&self, what: Wanted, body: &[u8]) -> FfiFuture<AbiResult<()>> {
        self.ask(what, body, |reply, _| matches!(reply, Reply::Done).then_some(()))
    }
}

impl HostServices for Stub {
    fn log_enabled(&self, level: u8, target: RStr<'_>) -> bool {
        self.inner.log.would_enable(target.as_str(), &crate::relog::level(level))
    }

    fn log_event(&self, site: &LogSite<'_>, span: u64, values: RSlice<'_, LogValue<'_>>) {
        let line = Line::encode(Some(site), values.as_slice());
        self.link.tell(&Tell::Event { span }, &line);
    }

    fn span_open(
        &self,
        site: &LogSite<'_>,
        span: u64,
        parent: u64,
        call: u64,
        values: RSlice<'_, LogValue<'_>>,
    ) {
        let line = Line::encode(Some(site), values.as_slice());
        self.link.tell(&Tell::SpanOpen { span, parent, call }, &line);
    }

    fn span_record(&self, span: u64, values: RSlice<'_, LogValue<'_>>) {
        let line = Line::encode(None, values.as_slice());
        self.link.tell(&Tell::SpanRecord { span }, &line);
    }

    fn span_close(&self, span: u64) {
        self.link.tell(&Tell::SpanClose { span }, &[]);
    }

    fn progress(&self, call: u64, done: u64, total: u64, note: RStr<'_>) {
        let note = note.as_str().chars().take(NOTE_CHARS_MAX).collect();
        self.link.tell(&Tell::Progress { call, done, total, note }, &[]);
    }

    /// The host's clock is the host's: it is asked, and waited for.
    fn now_unix_ms(&self) -> u64 {
        let (sender, answer) = std::sync::mpsc::channel();
        self.want(Wanted::Now, Waiter::Now(sender), &[]);
        match answer.recv() {
            Ok(Reply::Now(now)) => now,
            _ => 0,
        }
    }

    fn is_cancelled(&self, call: u64) -> bool {
        // A call that is over is a call nobody waits for.
        lock(&self.inner.calls).get(&call).is_none_or(|stop| *stop.borrow())
    }

    fn cancelled(&self, call: u64) -> FfiFuture<()> {
        let watched = lock(&self.inner.calls).get(&call).map(watch::Sender::subscribe);
        async move {
            if let Some(mut watched) = watched {
                // An error means that the call has ended, which is as good.
                drop(watched.wait_for(|asked| *asked).await);
            }
        }
        .into_ffi()
    }

    fn secret_get(&self, name: RString) -> SecretFuture {
        self.ask(Wanted::Get(name.into()), &[], |reply, body| match reply {
            Reply::Found => Some(ROption::RSome(RVec::from(body))),
            Reply::Absent => Some(ROption::RNone),
            _ => None,
        })
    }

    fn secret_put(&self, name: RString, value: RVec<u8>) -> FfiFuture<AbiResult<()>> {
        let value = zeroize::Zeroizing::new(value.into_vec());
        self.done(Wanted::Put(name.into()), &value)
    }

    fn secret_remove(&self, name: RString) -> FfiFuture<AbiResult<()>> {
        self.done(Wanted::Remove(name.into()), &[])
    }

    fn record(&self, call: u64, what: u16, body: RSlice<'_, u8>) {
        self.link.tell(&Tell::Record { call, what }, body.as_slice());
    }
}
