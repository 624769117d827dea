//! Looking at the world: the same engine, with looking in the place of doing and nothing journaled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use skybridge_engine::{Applied, ApplyCall, Map, Ready, ReadyCall, Runner, StepError};
use skybridge_model::Address;
use skybridge_plan::{Action, Performer as Who, Planned, PlannedStep};
use skybridge_plugin_protocol::onboard::{Observation, ObserveRequest, effect, observed};
use tracing::Instrument as _;

use crate::handover::Connection;
use crate::perform::{Context, step_error};

/// Observes steps.
#[derive(Clone)]
pub(crate) struct Looker {
    context: Arc<Context>,
    seen: Arc<Mutex<BTreeMap<Address, Planned>>>,
    /// What the looking is part of.
    span: tracing::Span,
}

impl Looker {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context, seen: Arc::default(), span: tracing::Span::current() }
    }

    /// What was seen.
    pub(crate) fn seen(&self) -> BTreeMap<Address, Planned> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, address: Address, planned: Planned) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(address, planned);
    }

    /// The outputs of the step, when the thing is there; nothing when it is not, and then whoever
    /// needs them cannot be looked at and will be made.
    async fn look(self, call: ApplyCall) -> Result<Applied, StepError> {
        let context = &self.context;
        let step = context.step(call.step)?;
        if step.performer() == Who::Host {
            let planned = context.look_at_hand_over(&step, &call);
            self.note(call.address, planned);
            return Ok(Applied::default());
        }
        let Ok(request) = Context::call(&step, &call.needs) else {
            // It needs something that does not exist yet.
            return Ok(Applied::default());
        };
        let instance = context.instance(&step)?;
        let observation = instance.observe(&ObserveRequest { step: request }).await;
        let mut observation = observation.map_err(step_error)?;
        let rate_limits = std::mem::take(&mut observation.rate_limits);
        let planned = planned(&step, observation);
        let outputs = planned.outputs.clone();
        self.note(call.address, planned);
        Ok(Applied { outputs, rate_limits, ..Applied::default() })
    }
}

/// Makes nothing of what an earlier run adopted already: finding it again is no change.
pub(crate) fn settle(seen: &mut BTreeMap<Address, Planned>, adopted: &BTreeSet<Address>) {
    for (address, planned) in seen {
        if planned.action != Action::Adopt || !adopted.contains(address) {
            continue;
        }
        planned.action = Action::NoOp;
        planned.detail = Some(match planned.detail.take() {
            Some(detail) => format!("{ADOPTED}: {detail}"),
            None => ADOPTED.to_owned(),
        });
    }
}

/// What is told of something an earlier run found.
const ADOPTED: &str = "adopted by an earlier run";

fn planned(step: &PlannedStep<'_>, observation: Observation) -> Planned {
    let reads = step.effect() == effect::READ;
    let action = match observation.state.as_str() {
        observed::MATCHES => Action::NoOp,
        _ if reads => Action::Read,
        observed::FOREIGN => Action::Adopt,
        observed::DIFFERS => Action::Update,
        _ => Action::Create,
    };
    // What is absent has no outputs, whatever the plugin says.
    let there = action != Action::Create;
    Planned {
        changes: observation.changes,
        outputs: if there { observation.outputs } else { Map::new() },
        detail: observation.detail,
        ..Planned::new(action)
    }
}

impl Context {
    fn look_at_hand_over(&self, step: &PlannedStep<'_>, call: &ApplyCall) -> Planned {
        let wanted = Self::connection(step, &call.needs).ok();
        let there = Connection::load(&self.state, &step.connector().name).ok().flatten();
        match (wanted, there) {
            (Some(wanted), Some(there)) if wanted.says_the_same(&there) => {
                Planned::new(Action::NoOp)
            }
            _ => Planned::new(Action::HandOver),
        }
    }
}

impl Runner for Looker {
    fn apply(&self, call: ApplyCall) -> BoxFuture<'static, Result<Applied, StepError>> {
        self.clone().look(call).instrument(self.span.clone()).boxed()
    }

    fn ready(&self, _: ReadyCall) -> BoxFuture<'static, Result<Ready, StepError>> {
        std::future::ready(Ok(Ready { ready: true, ..Ready::default() })).boxed()
    }
}
