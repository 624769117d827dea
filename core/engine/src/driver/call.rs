//! One call of a runner: within a deadline, panics caught, answers of bearable size.

use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde::Serialize;
use skybridge_journal::limits::OUTCOME_BYTES_MAX;
use skybridge_journal::{RetryClass, StepError, kind};

use crate::machine::Input;
use crate::runner::{ApplyCall, ReadyCall, Runner};

/// Applies a step.
pub(super) async fn apply(runner: Arc<dyn Runner>, call: ApplyCall, deadline: Duration) -> Input {
    let (step, attempt) = (call.step, call.attempt);
    let answer = guard(async move { runner.apply(call).await }, deadline).await;
    let answer = answer.and_then(|applied| match bytes(&applied) {
        bytes if bytes > OUTCOME_BYTES_MAX => Err(too_large(bytes)),
        _ => Ok(applied),
    });
    Input::Applied { step, attempt, answer: answer.map_err(bearable) }
}

/// Looks once whether a step is ready.
pub(super) async fn probe(
    runner: Arc<dyn Runner>,
    call: ReadyCall,
    look: u32,
    deadline: Duration,
) -> Input {
    let step = call.step;
    let answer = guard(async move { runner.ready(call).await }, deadline).await;
    Input::Probed { step, look, answer: answer.map_err(bearable) }
}

async fn guard<T>(
    call: impl Future<Output = Result<T, StepError>>,
    deadline: Duration,
) -> Result<T, StepError> {
    // The call is dropped inside: a panic while it is taken down is caught as well.
    let limited = async move { tokio::time::timeout(deadline, call).await };
    match AssertUnwindSafe(limited).catch_unwind().await {
        Ok(Ok(answer)) => answer,
        // Whether it took effect is not known. It is applied again under the same key, as after a
        // crash.
        Ok(Err(_elapsed)) => {
            let message = format!("no answer within {} s", deadline.as_secs());
            Err(StepError::new(kind::TIMEOUT, RetryClass::Transient, message))
        }
        Err(panic) => {
            let message = format!("the code that runs the step panicked: {}", said(&*panic));
            Err(StepError::new(kind::PANICKED, RetryClass::Permanent, message))
        }
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// An error whose words are too many for a record keeps its kind and loses the words.
fn bearable(error: StepError) -> StepError {
    match bytes(&error) {
        bytes if bytes > OUTCOME_BYTES_MAX => {
            let message = format!("the error's text has {bytes} bytes and was left out");
            StepError {
                retry_after: error.retry_after,
                ..StepError::new(error.kind, error.class, message)
            }
        }
        _ => error,
    }
}

fn too_large(bytes: usize) -> StepError {
    StepError::new(
        kind::CONTRACT_VIOLATION,
        RetryClass::Permanent,
        format!(
            "the step was applied, but its answer of {bytes} bytes is larger than the {OUTCOME_BYTES_MAX} that can be recorded"
        ),
    )
}

/// How many bytes a value has as JSON.
fn bytes(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        // What cannot be written as JSON cannot be recorded at any size.
        Err(_) => usize::MAX,
    }
}
