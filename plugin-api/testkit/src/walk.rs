//! An onboarding from end to end, one step after the other, as slowly as the cloud asks.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::Value;
use skybridge_host::{PluginError, Retry};
use skybridge_plan::{ConnectorInput, Performer, Plan, PlanOptions, PlannedStep};
use skybridge_plugin_protocol::Map;
use skybridge_plugin_protocol::onboard::{
    Applied, ApplyRequest, DescribeRequest, Observation, ObserveRequest, ReadyRequest, Remains,
    StepCall, UndoRequest, Undone,
};
use skybridge_plugin_protocol::survey::SurveyRequest;

use crate::bench::{CONNECTOR, Opened};

/// How long one step may take to succeed: simulated lag is seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// The plan of the fixture's settings, and what its steps have put out.
pub(crate) struct Walk<'a> {
    opened: &'a Opened,
    pub(crate) plan: Plan,
    pub(crate) outputs: BTreeMap<u32, Map>,
    /// What undoing needs, in the order in which it was done.
    pub(crate) undo: Vec<UndoRequest>,
    /// Every error that was met on the way and waited out.
    pub(crate) met: Vec<PluginError>,
    /// Every answer, as text.
    pub(crate) answers: String,
}

impl<'a> Walk<'a> {
    /// Surveys, describes and plans.
    pub(crate) async fn plan(opened: &'a Opened) -> Result<Self, String> {
        let mut met = Vec::new();
        let request = SurveyRequest::default();
        let survey = patiently(&mut met, || opened.instance.survey(&request)).await;
        let survey = survey.map_err(|error| format!("surveying: {error}"))?;
        let request = DescribeRequest { survey: survey.facts, ..DescribeRequest::default() };
        let description = opened.instance.describe(&request).await;
        let description = description.map_err(|error| format!("describing: {error}"))?;
        let input = ConnectorInput {
            name: CONNECTOR.to_owned(),
            plugin: opened.instance.library().manifest.name.clone(),
            description,
            destination: "local".to_owned(),
            ..ConnectorInput::default()
        };
        let (plan, diagnostics) = skybridge_plan::plan(vec![input], &PlanOptions::default());
        let complaints: Vec<String> = diagnostics
            .iter()
            .map(|it| format!("{} {}", it.summary, it.detail.as_deref().unwrap_or_default()))
            .collect();
        let plan = plan.ok_or_else(|| complaints.join("\n"))?;
        let (outputs, undo, answers) = (BTreeMap::new(), Vec::new(), String::new());
        Ok(Self { opened, plan, outputs, undo, met, answers })
    }

    /// The steps that the plugin does, in an order in which none comes before what it needs.
    pub(crate) fn steps(&self) -> Vec<u32> {
        let own = self.plan.steps().filter(|step| step.performer() == Performer::Plugin);
        own.map(|step| step.position()).collect()
    }

    pub(crate) fn step(&self, position: u32) -> Result<PlannedStep<'_>, String> {
        self.plan.step(position).ok_or_else(|| format!("no step {position}"))
    }

    pub(crate) fn call(&self, position: u32) -> Result<StepCall, String> {
        let step = self.step(position)?;
        let known = |need: u32, output: &str| self.outputs.get(&need)?.get(output);
        step.call(known).map_err(|error| format!("{}: {error}", step.address()))
    }

    /// Applies one step and waits until dependents may rely on it.
    pub(crate) async fn apply(&mut self, position: u32, attempt: u32) -> Result<Applied, String> {
        let step = self.call(position)?;
        let (address, kind) = (step.address.clone(), step.kind.clone());
        let request = ApplyRequest {
            run: "00000000-0000-7000-8000-000000000001".to_owned(),
            key: format!("00000000-0000-5000-8000-{position:012x}"),
            attempt,
            step: step.clone(),
        };
        let instance = &self.opened.instance;
        let applied = patiently(&mut self.met, || instance.apply(&request)).await;
        let applied = applied.map_err(|error| format!("{address}: applying: {error}"))?;
        self.note(&applied);
        self.outputs.insert(position, applied.outputs.clone());
        if !applied.undo.is_null() {
            let undo = UndoRequest { address, kind, undo: applied.undo.clone(), purge: true };
            self.undo.push(undo);
        }
        self.wait_until_ready(position, step).await?;
        Ok(applied)
    }

    async fn wait_until_ready(&mut self, position: u32, step: StepCall) -> Result<(), String> {
        let Some(readiness) = self.step(position)?.readiness() else { return Ok(()) };
        let outputs = self.outputs.get(&position).cloned().unwrap_or_default();
        let request = ReadyRequest { step, outputs };
        let (until, mut in_a_row) = (Instant::now() + PATIENCE, 0);
        while in_a_row < readiness.successes.max(1) {
            let instance = &self.opened.instance;
            let ready = patiently(&mut self.met, || instance.ready(&request)).await;
            let ready =
                ready.map_err(|error| format!("{}: probing: {error}", request.step.address))?;
            in_a_row = if ready.ready { in_a_row + 1 } else { 0 };
            if Instant::now() > until {
                let why = ready.reason.unwrap_or_default();
                return Err(format!(
                    "{}: not ready after two minutes: {why}",
                    request.step.address
                ));
            }
            tokio::time::sleep(PAUSE.min(Duration::from_millis(readiness.interval_ms))).await;
        }
        Ok(())
    }

    /// Applies every step once.
    pub(crate) async fn apply_all(
        &mut self,
        attempt: u32,
    ) -> Result<BTreeMap<u32, Applied>, String> {
        let mut done = BTreeMap::new();
        for position in self.steps() {
            done.insert(position, self.apply(position, attempt).await?);
        }
        Ok(done)
    }

    pub(crate) async fn observe(&mut self, position: u32) -> Result<Observation, String> {
        let request = ObserveRequest { step: self.call(position)? };
        let instance = &self.opened.instance;
        let seen = patiently(&mut self.met, || instance.observe(&request)).await;
        let seen = seen.map_err(|error| format!("{}: observing: {error}", request.step.address))?;
        self.note(&seen);
        Ok(seen)
    }

    pub(crate) async fn undo(&mut self, request: &UndoRequest) -> Result<Undone, String> {
        let instance = &self.opened.instance;
        let undone = patiently(&mut self.met, || instance.undo(request)).await;
        undone.map_err(|error| format!("{}: undoing: {error}", request.address))
    }

    pub(crate) async fn remains(&mut self, request: &UndoRequest) -> Result<Remains, PluginError> {
        let instance = &self.opened.instance;
        patiently(&mut self.met, || instance.remains(request)).await
    }

    /// What the hand-over step would hand over.
    pub(crate) fn connection(&self) -> Result<Map, String> {
        let host = self.plan.steps().find(|step| step.performer() == Performer::Host);
        let step = host.ok_or("the plan has no hand-over")?;
        let known = |local: &str, name: &str| self.outputs.get(&step.source(local)?)?.get(name);
        let desired = skybridge_plan::resolve(&step.desired(), known)
            .map_err(|error| format!("the hand-over: {error}"))?;
        let fields = desired.get("fields").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(fields
            .iter()
            .filter_map(|field| {
                Some((field.get("name")?.as_str()?.to_owned(), field.get("value")?.clone()))
            })
            .collect())
    }

    fn note(&mut self, answer: &impl serde::Serialize) {
        if let Ok(text) = serde_json::to_string(answer) {
            self.answers.push_str(&text);
            self.answers.push('\n');
        }
    }
}

/// Calls until it works, as the error says: the host's own rules, without its budgets.
async fn patiently<T, F: Future<Output = Result<T, PluginError>>>(
    met: &mut Vec<PluginError>,
    mut call: impl FnMut() -> F,
) -> Result<T, PluginError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let wait = match error.retry {
            Retry::Permanent => return Err(error),
            Retry::Transient | Retry::Eventual => error.retry_after.unwrap_or(PAUSE),
            Retry::RateLimited => error.retry_after.unwrap_or(PAUSE * 5),
        };
        if Instant::now() + wait > until {
            return Err(error);
        }
        met.push(error);
        tokio::time::sleep(wait).await;
    }
}
