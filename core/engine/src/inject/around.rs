//! Faults carried out: around the runner, and around the journal.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use skybridge_journal::{AppendError, Event, RetryClass, StepError, Store};

use super::parse::UNAVAILABLE;
use super::{Befalls, Faults, When};
use crate::runner::{Applied, ApplyCall, Ready, ReadyCall, Runner};

/// Ends the process as `kill -9` does: nothing is tidied up. Should it return all the same, as one
/// that only takes notes does, nothing that was under way goes on.
pub type Abort = Arc<dyn Fn() + Send + Sync>;

/// A runner whose steps meet what was asked for.
pub struct FaultyRunner {
    inner: Arc<dyn Runner>,
    faults: Arc<Faults>,
    abort: Abort,
}

impl FaultyRunner {
    /// Around `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Runner>, faults: Arc<Faults>, abort: Abort) -> Self {
        Self { inner, faults, abort }
    }
}

impl Runner for FaultyRunner {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let befalls = self.faults.of_attempt(&call.address, call.attempt);
        let (inner, abort) = (Arc::clone(&self.inner), Arc::clone(&self.abort));
        apply(inner, call, befalls, abort).boxed()
    }

    fn ready(&self, call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        self.inner.ready(call)
    }
}

async fn apply(
    inner: Arc<dyn Runner>,
    call: ApplyCall,
    befalls: Befalls,
    abort: Abort,
) -> Result<Applied, StepError> {
    let end = |when: When| {
        let abort = (befalls.crash == Some(when)).then(|| Arc::clone(&abort));
        async move {
            if let Some(abort) = abort {
                abort();
                std::future::pending::<()>().await;
            }
        }
    };
    end(When::Before).await;
    let answer = match befalls.error.clone() {
        Some(error) => Err(error),
        None => inner.apply(call).await,
    };
    end(When::After).await;
    if !befalls.delay.is_zero() {
        tokio::time::sleep(befalls.delay).await;
    }
    match answer {
        Ok(_) if befalls.lost => Err(lost()),
        answer => answer,
    }
}

fn lost() -> StepError {
    let message = "the answer was lost on purpose, and what came of it is not known";
    StepError::new(UNAVAILABLE, RetryClass::Transient, message)
}

/// A journal during whose records the process may end.
pub struct CrashingStore {
    inner: Box<dyn Store>,
    faults: Arc<Faults>,
    abort: Abort,
    /// Records that are durable.
    records: u64,
}

impl CrashingStore {
    /// Around `inner`, which holds `records` records already.
    #[must_use]
    pub fn new(inner: Box<dyn Store>, records: u64, faults: Arc<Faults>, abort: Abort) -> Self {
        Self { inner, faults, abort, records }
    }
}

impl Store for CrashingStore {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        let struck = (self.records + 1..).zip(1..=batch.len()).find_map(|(number, kept)| {
            let kept = match self.faults.of_record(number)? {
                When::Before => kept - 1,
                When::After => kept,
            };
            batch.get(..kept)
        });
        self.inner.append(struck.unwrap_or(batch))?;
        if struck.is_some() {
            (self.abort)();
            return Err(AppendError::Broken { path: PathBuf::from("(ended on purpose)") });
        }
        self.records += batch.len() as u64;
        Ok(())
    }
}
