//! Looking before planning, and before the first write: what plugins find and what they say of it.
//!
//! The engine asks, as it does everything else, so that a service that is busy or unwell is waited
//! for by the same rules.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use skybridge_engine::{
    Applied, ApplyCall, Direction, Limits, Ready, ReadyCall, RunId, Runner, StepError, Work,
    WorkStep,
};
use skybridge_host::{Instance, PluginError};
use skybridge_journal::{MemoryStore, RunState};
use skybridge_model::{Address, Diagnostic, Diagnostics};
use skybridge_plan::Plan;
use skybridge_plugin_protocol::survey::{
    Finding, PlannedWrite, PreflightRequest, SurveyRequest, severity,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::app::App;
use crate::connect::Instances;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::perform::step_error;
use crate::render::failures::diagnose;
use crate::session::engine_failure;

/// One whole survey: a plugin asks thousands of scopes in it.
const SURVEY_DEADLINE: Duration = Duration::from_secs(11 * 60);

/// Scopes a finding blocks that are named.
const BLOCKED_NAMED: usize = 3;

/// What surveys found: the facts of each connector, for its description, and what they say.
#[derive(Debug, Default)]
pub(crate) struct Surveyed {
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) findings: Diagnostics,
}

/// Asks every connector what the world has of what its settings mean.
pub(crate) async fn survey(
    app: &App,
    instances: &Instances,
    purpose: &'static str,
) -> Outcome<Surveyed> {
    let request = SurveyRequest { purpose: purpose.to_owned() };
    let ask = move |instance: Arc<Instance>, _: u32| {
        let request = request.clone();
        async move { instance.survey(&request).await }.boxed()
    };
    let mut surveyed = Surveyed::default();
    for (name, survey) in ask_all(app, instances, "survey", ask).await? {
        surveyed.findings.extend(diagnostics(&survey.findings));
        surveyed.facts.insert(name, survey.facts);
    }
    Ok(surveyed)
}

/// Asks every connector what would keep the writes of `plan` from working.
pub(crate) async fn preflight(
    app: &App,
    instances: &Instances,
    plan: &Plan,
) -> Outcome<Diagnostics> {
    let mut writes = writes(plan);
    let concerned: Instances = instances
        .iter()
        .filter(|(name, _)| writes.contains_key(*name))
        .map(|(name, instance)| (name.clone(), Arc::clone(instance)))
        .collect();
    let requests: Vec<PreflightRequest> = concerned
        .keys()
        .map(|name| PreflightRequest { steps: writes.remove(name).unwrap_or_default() })
        .collect();
    let requests = Arc::new(requests);
    let ask = move |instance: Arc<Instance>, at: u32| {
        let requests = Arc::clone(&requests);
        async move {
            let none = PreflightRequest::default();
            instance.preflight(requests.get(at as usize).unwrap_or(&none)).await
        }
        .boxed()
    };
    let mut all = Diagnostics::new();
    for (_, report) in ask_all(app, &concerned, "preflight", ask).await? {
        all.extend(diagnostics(&report.findings));
    }
    Ok(all)
}

/// The steps that plugins will write with, by connector.
fn writes(plan: &Plan) -> BTreeMap<String, Vec<PlannedWrite>> {
    let mut all: BTreeMap<String, Vec<PlannedWrite>> = BTreeMap::new();
    let plugins = plan.steps().filter(|step| {
        step.action().changes() && step.performer() == skybridge_plan::Performer::Plugin
    });
    for step in plugins {
        let write = PlannedWrite {
            address: step.address().to_string(),
            kind: step.kind().to_owned(),
            name: step.name().map(str::to_owned),
            scope: step.scope().map(str::to_owned),
            permissions: step.calls().into_iter().filter_map(|call| call.permission).collect(),
        };
        all.entry(step.connector().name.clone()).or_default().push(write);
    }
    all
}

fn diagnostics(findings: &[Finding]) -> Diagnostics {
    findings.iter().map(diagnostic).collect()
}

fn diagnostic(finding: &Finding) -> Diagnostic {
    let summary = match &finding.scope {
        Some(scope) if !finding.summary.contains(scope.as_str()) => {
            format!("{} ({scope})", finding.summary)
        }
        _ => finding.summary.clone(),
    };
    let code = finding.code.clone();
    let mut diagnostic = match finding.severity.as_str() {
        severity::ERROR => Diagnostic::error(code, summary),
        severity::NOTE => Diagnostic::note(code, summary),
        _ => Diagnostic::warning(code, summary),
    };
    let mut lines: Vec<String> = finding.detail.iter().cloned().collect();
    if !finding.context.is_empty() {
        let facts: Vec<String> =
            finding.context.iter().map(|(key, value)| format!("{key} {value}")).collect();
        lines.push(facts.join(", "));
    }
    if let Some((named, more)) = split(&finding.blocks) {
        lines.push(format!("stops {}{more}", named.join(", ")));
    }
    if !lines.is_empty() {
        diagnostic = diagnostic.detail(lines.join("\n"));
    }
    match &finding.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
}

fn split(blocks: &[String]) -> Option<(&[String], String)> {
    let named = blocks.get(..blocks.len().min(BLOCKED_NAMED)).filter(|named| !named.is_empty())?;
    let rest = blocks.len() - named.len();
    let steps = if rest == 1 { "step" } else { "steps" };
    Some((named, if rest == 0 { String::new() } else { format!(" and {rest} more {steps}") }))
}

/// Asks each instance once, as steps of a run that is not written down.
async fn ask_all<T, F>(
    app: &App,
    instances: &Instances,
    what: &'static str,
    ask: F,
) -> Outcome<Vec<(String, T)>>
where
    T: Send + 'static,
    F: Fn(Arc<Instance>, u32) -> BoxFuture<'static, Result<T, PluginError>> + Send + Sync + 'static,
{
    if instances.is_empty() {
        return Ok(Vec::new());
    }
    let answers = Arc::new(Mutex::new(BTreeMap::new()));
    let span = tracing::Span::current();
    let asker = Asker { instances: instances.clone(), ask: Arc::new(ask), answers, span };
    let surroundings = skybridge_engine::Context {
        store: Box::new(MemoryStore::new()),
        clock: Arc::clone(&app.clock),
        cancel: CancellationToken::new(),
        observer: Box::new(()),
        limits: Limits { call_deadline: SURVEY_DEADLINE, ..Limits::default() },
    };
    let work = work(instances, what)?;
    let runner = Arc::new(asker.clone());
    let report = (app.drive)(work, RunState::default(), runner, surroundings)
        .await
        .map_err(|error| engine_failure("looking at the world", &error))?;
    if !report.failures.is_empty() {
        let diagnostics = diagnose(&report.failures, "SKY-RUN-007");
        return Err(Box::new(Failure { exit: Exit::Failed, diagnostics, source: None }));
    }
    let answers =
        std::mem::take(&mut *asker.answers.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(answers.into_iter().collect())
}

fn work(instances: &Instances, what: &str) -> Outcome<Work> {
    let step = |name: &String| {
        Address::build(name, what, None, None).map(|address| WorkStep {
            address,
            title: what.into(),
            needs: Vec::new(),
            domain: name.as_str().into(),
            readiness: None,
            settled: None,
            always: false,
            part: false,
        })
    };
    let steps: Result<_, _> = instances.keys().map(step).collect();
    let steps = steps.map_err(|error| engine_failure("looking at the world", &error))?;
    let (run, plan) = (RunId::new(uuid::Uuid::nil()), what.to_owned());
    Ok(Work { run, plan, direction: Direction::Forward, steps })
}

type Ask<T> =
    dyn Fn(Arc<Instance>, u32) -> BoxFuture<'static, Result<T, PluginError>> + Send + Sync;

/// The runner that asks.
struct Asker<T> {
    instances: Instances,
    ask: Arc<Ask<T>>,
    answers: Arc<Mutex<BTreeMap<String, T>>>,
    /// What the asking is part of.
    span: tracing::Span,
}

impl<T> Clone for Asker<T> {
    fn clone(&self) -> Self {
        Self {
            instances: self.instances.clone(),
            ask: Arc::clone(&self.ask),
            answers: Arc::clone(&self.answers),
            span: self.span.clone(),
        }
    }
}

impl<T: Send + 'static> Runner for Asker<T> {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let this = self.clone();
        async move {
            if let Some((name, instance)) = this.instances.iter().nth(call.step as usize) {
                let answer = (this.ask)(Arc::clone(instance), call.step).await;
                let answer = answer.map_err(step_error)?;
                let mut answers = this.answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.insert(name.clone(), answer);
            }
            Ok(Applied::default())
        }
        .instrument(self.span.clone())
        .boxed()
    }

    fn ready(&self, _: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        std::future::ready(Ok(Ready { ready: true, ..Ready::default() })).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_step_is_one() {
        let more = |count: usize| {
            let blocks = vec!["a.b".to_owned(); count];
            split(&blocks).map(|(named, more)| (named.len(), more))
        };
        assert_eq!(more(0), None);
        assert_eq!(more(3), Some((3, String::new())));
        assert_eq!(more(4), Some((3, " and 1 more step".to_owned())));
        assert_eq!(more(5), Some((3, " and 2 more steps".to_owned())));
    }
}
