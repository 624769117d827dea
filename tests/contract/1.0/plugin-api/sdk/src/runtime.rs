//! The plugin's own tokio runtime, and the guards that keep its panics on this side.
//!
//! A shared library has its own copy of tokio: the host's runtime is invisible to it, so work is
//! spawned here and what crosses is a future around the join handle.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

use crate::error::{Error, Result};

/// Threads of the runtime: a plugin waits for the network, and a call that blocks one thread leaves
/// another.
const WORKERS: usize = 2;

/// Never dropped: libraries are never unloaded, and dropping a runtime can block.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// The runtime's handle; made at the first call.
pub(crate) fn handle() -> Result<Handle> {
    let mut slot = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*slot {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("skybridge-plugin")
        .enable_all()
        .build()
        .map_err(|error| {
            let message = format!("starting the plugin's threads: {error}");
            Error::new(skybridge_plugin_api::kind::UNAVAILABLE, message)
        })?;
    let handle = runtime.handle().clone();
    *slot = Some(runtime);
    Ok(handle)
}

/// Runs `work`; a panic becomes an error with its text.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(Error::panicked(panic_text(payload))))
}

fn panic_text(payload: Box<dyn Any + Send>) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "the plugin panicked without a text".to_owned()
    };
    // The payload's own drop could panic, and nothing is left to catch that.
    std::mem::forget(payload);
    text
}

/// A task that is aborted when nobody waits for it any more: dropping is cancelling.
pub(crate) struct Task<T>(JoinHandle<Result<T>>);

impl<T: Send + 'static> Task<T> {
    /// Spawns `work` on the plugin's runtime.
    pub(crate) fn spawn(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<Self> {
        Ok(Self(handle()?.spawn(work)))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|joined| joined.unwrap_or_else(|e| Err(join_error(e))))
    }
}

fn join_error(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(payload) => Error::panicked(panic_text(payload)),
        Err(_) => Error::cancelled(),
    }
}
