//! The same onboarding through the real driver, a journal in a file, and real waiting.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use skybridge_engine::{
    Applied, ApplyCall, Context, Limits, RateLimit, Ready, ReadyCall, RunOutcome, RunState, Runner,
    StepError, run as run_work,
};
use skybridge_journal::FileStore;
use tokio_util::sync::CancellationToken;

use super::Ran;
use super::cloud::{Call, Cloud, REFUSAL_MS};
use super::onboarding::Onboarding;
use crate::chains::WallClock;

struct Waits {
    began: Instant,
    calls: Vec<super::onboarding::Calls>,
    cloud: Mutex<Cloud>,
}

#[derive(Clone)]
struct Waiting(Arc<Waits>);

pub(crate) fn run(onboarding: Onboarding, places: u32) -> Result<Ran, Box<dyn Error>> {
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let Onboarding { work, calls, buckets } = onboarding;
    let context = Context {
        store: Box::new(FileStore::create(&scratch.path().join("run/journal"))?),
        clock: Arc::new(WallClock),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits { in_flight: places, ..Limits::default() },
    };
    let began = Instant::now();
    let waits = Arc::new(Waits { began, calls, cloud: Mutex::new(Cloud::new(buckets)) });
    let runner = Arc::new(Waiting(Arc::clone(&waits)));
    let report = runtime.block_on(run_work(work, RunState::default(), runner, context))?;
    if report.outcome != RunOutcome::Done {
        return Err(format!("the run ended as {:?}", report.outcome).into());
    }
    let ran = waits.cloud.lock().unwrap_or_else(PoisonError::into_inner).ran;
    Ok(Ran { took: began.elapsed(), ..ran })
}

impl Waiting {
    async fn make(self, calls: Vec<Call>) -> Result<Vec<RateLimit>, StepError> {
        let mut told = Vec::new();
        for call in calls {
            let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let taken = {
                let mut cloud = self.0.cloud.lock().unwrap_or_else(PoisonError::into_inner);
                cloud.take(call, now, &mut told)
            };
            if let Err(mut refused) = taken {
                tokio::time::sleep(Duration::from_millis(REFUSAL_MS)).await;
                refused.detail.rate_limits = told;
                return Err(refused);
            }
            tokio::time::sleep(Duration::from_millis(call.ms)).await;
        }
        Ok(told)
    }
}

impl Runner for Waiting {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let calls = self.0.calls[call.step as usize].apply.clone();
        let made = self.clone().make(calls);
        async move {
            let rate_limits = made.await?;
            Ok(Applied { action: "created".to_owned(), rate_limits, ..Applied::default() })
        }
        .boxed()
    }

    fn ready(&self, call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        let calls = self.0.calls[call.step as usize].look.clone();
        let made = self.clone().make(calls);
        async move {
            let rate_limits = made.await?;
            Ok(Ready { ready: true, reason: None, rate_limits })
        }
        .boxed()
    }
}
