//! The engine's runner: turns a step of the plan into a call of its plugin, or of the host itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;
use skybridge_destination::Event;
use skybridge_engine::{
    Applied, ApplyCall, Dependency, Direction, Map, Readiness, Ready, ReadyCall, RetryClass, RunId,
    Runner, StepError, Work, WorkStep,
};
use skybridge_host::{Instance, PluginError, Retry};
use skybridge_plan::{Action, Performer as Who, Plan, PlannedStep};
use skybridge_plugin_api::kind;
use skybridge_plugin_protocol::onboard::{ApplyRequest, ReadyRequest, StepCall, applied};
use tracing::Instrument as _;

use crate::connect::Instances;
use crate::handover::{Connection, Given};
use crate::platforms::Platforms;
use crate::spans::{self, Spans};
use crate::state::StateDir;

/// Everything needed to act on the steps of a plan.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) plan: Plan,
    pub(crate) instances: Instances,
    pub(crate) state: StateDir,
    pub(crate) platforms: Platforms,
    /// What is handed over replaces what was there.
    pub(crate) rotates: bool,
}

/// A plugin's error as the engine has it.
pub(crate) fn step_error(error: PluginError) -> StepError {
    StepError {
        kind: error.kind,
        class: match error.retry {
            Retry::Permanent => RetryClass::Permanent,
            Retry::Transient => RetryClass::Transient,
            Retry::Eventual => RetryClass::Eventual,
            Retry::RateLimited => RetryClass::RateLimited,
        },
        retry_after: error.retry_after,
        detail: error.detail,
    }
}

pub(crate) fn broken(message: impl Into<String>) -> StepError {
    StepError::new(kind::CONTRACT_VIOLATION, RetryClass::Permanent, message)
}

impl Context {
    /// The step at a position of the plan, which is a position of the work too.
    pub(crate) fn step(&self, position: u32) -> Result<PlannedStep<'_>, StepError> {
        self.plan.step(position).ok_or_else(|| broken("internal error: a step the plan lacks"))
    }

    pub(crate) fn instance(&self, step: &PlannedStep<'_>) -> Result<Arc<Instance>, StepError> {
        let name = &step.connector().name;
        let instance = self.instances.get(name).cloned();
        instance.ok_or_else(|| broken(format!("internal error: the connector {name} is not open")))
    }

    /// What the plugin is asked to act on: nothing left to fill in.
    pub(crate) fn call(
        step: &PlannedStep<'_>,
        needs: &[Dependency],
    ) -> Result<StepCall, StepError> {
        let known =
            |need: u32, output: &str| needs.iter().find(|it| it.step == need)?.outputs.get(output);
        let call = step.call(known);
        let call = call.map_err(|error| broken(format!("{}: {error}", step.address())))?;
        Ok(StepCall { without: missing_parts(step, needs), ..call })
    }

    /// The connection a hand-over step hands over.
    pub(crate) fn connection(
        step: &PlannedStep<'_>,
        needs: &[Dependency],
    ) -> Result<Connection, StepError> {
        let connector = step.connector();
        let output = |local: &str, output: &str| output_of(step, needs, local, output);
        let desired = skybridge_plan::resolve(&step.desired(), output)
            .map_err(|error| broken(format!("{}: {error}", step.address())))?;
        let mut fields = desired.get("fields").cloned().unwrap_or_default();
        leave_out(&mut fields, &missing_parts(step, needs));
        let fields = serde_json::from_value(fields)
            .map_err(|error| broken(format!("internal error: {}: {error}", step.address())))?;
        Ok(Connection::new(&connector.name, &connector.plugin, &connector.destination, fields))
    }

    /// The plan as the engine takes it.
    pub(crate) fn work(&self, run: RunId) -> Work {
        let mut readiness = Shared::new();
        let steps = self.plan.steps().map(|step| work_step(&step, &mut readiness)).collect();
        let direction = if self.plan.destroys() { Direction::Undo } else { Direction::Forward };
        Work { run, plan: self.plan.digest(), direction, steps }
    }
}

/// Steps that wait for the same in the same way share one text.
type Shared = BTreeMap<(String, u32, u64, u64), Arc<Readiness>>;

fn work_step(step: &PlannedStep<'_>, shared: &mut Shared) -> WorkStep {
    let readiness = step.readiness().map(|r| {
        let key = (r.waits_for.clone(), r.successes, r.interval_ms, r.budget_ms);
        let entry = shared.entry(key).or_insert_with(|| {
            Arc::new(Readiness {
                waits_for: r.waits_for,
                successes: r.successes,
                interval: Duration::from_millis(r.interval_ms),
                budget: Duration::from_millis(r.budget_ms),
            })
        });
        Arc::clone(entry)
    });
    let settled =
        (step.action() == Action::NoOp).then(|| step.known_outputs().cloned().unwrap_or_default());
    WorkStep {
        address: step.address(),
        title: step.title().into(),
        needs: step.needs().to_vec(),
        domain: step.throttle().into(),
        readiness,
        settled,
        always: step.always(),
        part: step.part(),
    }
}

/// The scopes of the parts that the step has to do without.
fn missing_parts(step: &PlannedStep<'_>, needs: &[Dependency]) -> Vec<String> {
    // Nearly always nothing is missing, and a plan may have ten thousand parts.
    if needs.len() == step.needs().len() {
        return Vec::new();
    }
    let there: BTreeSet<u32> = needs.iter().map(|need| need.step).collect();
    let missing = step.needed_parts().filter(|part| !there.contains(&part.position()));
    missing.filter_map(|part| part.scope().map(str::to_owned)).collect()
}

/// Takes scopes out of the fields that list scopes.
fn leave_out(fields: &mut Value, scopes: &[String]) {
    for field in fields.as_array_mut().into_iter().flatten() {
        if field["scopes"] == true
            && let Some(listed) = field["value"].as_str()
        {
            let left: Vec<&str> =
                listed.split(',').filter(|one| !scopes.iter().any(|scope| scope == one)).collect();
            field["value"] = Value::String(left.join(","));
        }
    }
}

/// An output of the dependency that `local` means in the step's texts.
fn output_of<'n>(
    step: &PlannedStep<'_>,
    needs: &'n [Dependency],
    local: &str,
    output: &str,
) -> Option<&'n Value> {
    let source = step.source(local)?;
    needs.iter().find(|need| need.step == source)?.outputs.get(output)
}

/// Applies steps.
#[derive(Clone)]
pub(crate) struct Performer(pub(crate) Arc<Context>, pub(crate) Spans);

impl Performer {
    async fn perform(self, call: ApplyCall) -> Result<Applied, StepError> {
        let context = &self.0;
        let step = context.step(call.step)?;
        if context.plan.destroys() {
            return context.take_back(&step, call.key).await;
        }
        if step.performer() == Who::Host {
            return context.hand_over(&step, &call).await;
        }
        let request = ApplyRequest {
            step: Context::call(&step, &call.needs)?,
            run: call.run.to_string(),
            key: call.key.to_string(),
            attempt: call.attempt,
        };
        let instance = context.instance(&step)?;
        let applied = instance.apply(&request).await.map_err(step_error)?;
        audit_outputs(&step, &applied)?;
        Ok(applied)
    }

    async fn probe(self, call: ReadyCall) -> Result<Ready, StepError> {
        let step = self.0.step(call.step)?;
        if self.0.plan.destroys() {
            return self.0.nothing_is_left(&step).await;
        }
        let request = ReadyRequest {
            step: Context::call(&step, &call.needs)?,
            outputs: call.outputs.as_ref().clone(),
        };
        self.0.instance(&step)?.ready(&request).await.map_err(step_error)
    }
}

/// The host audits the plugin: what it promised for dependents must be there.
fn audit_outputs(step: &PlannedStep<'_>, applied: &Applied) -> Result<(), StepError> {
    match step.outputs().iter().find(|name| !applied.outputs.contains_key(*name)) {
        Some(missing) => Err(broken(format!(
            "the plugin applied {} and did not give the output `{missing}` that it promised",
            step.address()
        ))),
        None => Ok(()),
    }
}

impl Context {
    /// The platform first, the record last: a connection on record was handed over.
    async fn hand_over(
        &self,
        step: &PlannedStep<'_>,
        call: &ApplyCall,
    ) -> Result<Applied, StepError> {
        let connection = Self::connection(step, &call.needs)?;
        let platform = Self::platform(step)?;
        let event = if self.rotates { Event::Rotated } else { Event::Connected };
        let delivered =
            self.platforms.deliver(&connection, platform.clone(), event, call.key).await?;
        let undo = serde_json::to_value(Given {
            connection: connection.clone(),
            platform,
            delivery: delivered.as_ref().map(|it| it.undo.clone()).unwrap_or_default(),
        });
        let undo = undo.map_err(|error| broken(format!("internal error: {error}")))?;
        let delivery = delivered.as_ref().map(|it| it.reference.clone());
        let connection = Connection { delivery, ..connection };
        let path = connection.save(&self.state).map_err(|error| {
            let message = format!("writing the connection's record: {error}");
            StepError::new(kind::UNAVAILABLE, RetryClass::Permanent, message)
        })?;
        let recorded = format!("recorded in {}", path.display());
        Ok(Applied {
            action: applied::CREATED.to_owned(),
            outputs: Map::new(),
            undo,
            detail: Some(match delivered {
                Some(it) => format!("{}; {recorded}", it.detail),
                None => recorded,
            }),
            rate_limits: Vec::new(),
        })
    }

    /// The plugin's words for the platform, null when it has none.
    fn platform(step: &PlannedStep<'_>) -> Result<Value, StepError> {
        let desired = step.desired();
        let words = desired.get("platform").cloned().unwrap_or_default();
        skybridge_plan::resolve(&words, |_, _| None)
            .map_err(|error| broken(format!("{}: {error}", step.address())))
    }
}

impl Runner for Performer {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        let span = self.1.attempt(&call);
        let done = span.clone();
        let work = self.clone().perform(call).inspect(move |answer| spans::applied(&done, answer));
        work.instrument(span).boxed()
    }

    fn ready(&self, call: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        let span = self.1.look(&call);
        let done = span.clone();
        let work = self.clone().probe(call).inspect(move |answer| spans::looked(&done, answer));
        work.instrument(span).boxed()
    }
}

#[cfg(test)]
mod tests;
