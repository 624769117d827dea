//! The spans of a run: the run, its steps, and their attempts and looks. What a plugin is called for
//! hangs below those, and so do the plugin's own spans.
//!
//! Whoever listens decides what becomes of them: log lines show them as context, a collector draws
//! them. When nobody listens they cost a look at a flag.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use skybridge_engine::{
    Applied, ApplyCall, Observer, Ready, ReadyCall, RunEvent, RunOutcome, StepError,
};
use skybridge_model::Address;
use tracing::field::Empty;
use tracing::{Span, debug_span, info_span};

/// The open spans of one run.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    run: Span,
    steps: Arc<Mutex<BTreeMap<Address, Span>>>,
}

impl Spans {
    /// Of a run that begins or goes on, below the present span.
    pub(crate) fn begin(run: &str, kind: &'static str, steps: usize) -> Self {
        let run = info_span!("run", run, kind, steps, outcome = Empty);
        Self { run, steps: Arc::default() }
    }

    fn steps(&self) -> MutexGuard<'_, BTreeMap<Address, Span>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The span of a step, opened when it was not yet.
    fn step(&self, address: &Address) -> Span {
        if self.run.is_disabled() {
            return Span::none();
        }
        let open = || {
            let connector = address.connector();
            info_span!(
                parent: &self.run, "step", %address, connector, outcome = Empty,
                otel.status_code = Empty, otel.status_description = Empty,
            )
        };
        self.steps().entry(address.clone()).or_insert_with(open).clone()
    }

    /// Of an attempt to apply a step.
    pub(crate) fn attempt(&self, call: &ApplyCall) -> Span {
        let (address, attempt) = (&call.address, call.attempt);
        info_span!(
            parent: &self.step(address), "attempt", %address, attempt, outcome = Empty,
            class = Empty, code = Empty, request_id = Empty,
            otel.status_code = Empty, otel.status_description = Empty,
        )
    }

    /// Of a look whether a step is ready.
    pub(crate) fn look(&self, call: &ReadyCall) -> Span {
        let address = &call.address;
        debug_span!(
            parent: &self.step(address), "look", %address, outcome = Empty,
            class = Empty, code = Empty, request_id = Empty,
            otel.status_code = Empty, otel.status_description = Empty,
        )
    }

    fn ended(&self, address: &Address, outcome: &str, error: Option<&str>) {
        let Some(span) = self.steps().remove(address) else { return };
        span.record("outcome", outcome);
        if let Some(error) = error {
            span.record("otel.status_code", "ERROR");
            span.record("otel.status_description", error);
        }
    }
}

/// Writes down what came of an attempt.
pub(crate) fn applied(span: &Span, answer: &Result<Applied, StepError>) {
    match answer {
        Ok(applied) => drop(span.record("outcome", applied.action.as_str())),
        Err(error) => refused(span, error),
    }
}

/// Writes down what came of a look.
pub(crate) fn looked(span: &Span, answer: &Result<Ready, StepError>) {
    match answer {
        Ok(Ready { ready, .. }) => {
            span.record("outcome", if *ready { "ready" } else { "not ready" });
        }
        Err(error) => refused(span, error),
    }
}

fn refused(span: &Span, error: &StepError) {
    span.record("outcome", "failed");
    span.record("class", tracing::field::debug(error.class));
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", error.detail.message.as_str());
    if let Some(code) = &error.detail.code {
        span.record("code", code.as_str());
    }
    let id = error.detail.context.iter().find(|(key, _)| key == "request-id");
    if let Some((_, id)) = id {
        span.record("request_id", id.as_str());
    }
}

/// An observer that closes spans as what they stand for ends, and passes everything on.
#[derive(Debug)]
pub(crate) struct Closing<O>(pub(crate) Spans, pub(crate) O);

impl<O: Observer> Observer for Closing<O> {
    fn tell(&mut self, event: RunEvent) {
        match &event {
            RunEvent::StepFinished { address, action, .. } => self.0.ended(address, action, None),
            RunEvent::StepFailed { address, error, .. } => {
                self.0.ended(address, "failed", Some(&error.message));
            }
            RunEvent::RunFinished { outcome, .. } => {
                let outcome = match outcome {
                    RunOutcome::Done => "done",
                    RunOutcome::Failed { .. } => "failed",
                    RunOutcome::Interrupted => "interrupted",
                    RunOutcome::Stuck { .. } => "stuck",
                };
                self.0.run.record("outcome", outcome);
            }
            _ => {}
        }
        self.1.tell(event);
    }
}
