//! The machine in a world whose time jumps from one event to the next: hours in seconds.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use skybridge_engine::{
    Applied, Effect, Input, Limits, Machine, Outbox, RateLimit, Ready, RunOutcome, RunState,
    StepError,
};

use super::Ran;
use super::cloud::{Cloud, REFUSAL_MS};
use super::onboarding::Onboarding;

/// A call of the engine on its way through the calls of a step.
struct UnderWay {
    effect: Effect,
    /// Which of them is next.
    next: usize,
    told: Vec<RateLimit>,
    refused: Option<StepError>,
}

struct World {
    onboarding: Onboarding,
    cloud: Cloud,
    /// By when something happens to them, in milliseconds, and the order they came in.
    under_way: BTreeMap<(u64, u64), UnderWay>,
    begun: u64,
    now: u64,
}

pub(crate) fn run(mut onboarding: Onboarding, places: u32) -> Result<Ran, Box<dyn Error>> {
    let limits = Limits { in_flight: places, ..Limits::default() };
    let mut machine = Machine::new(onboarding.work.clone(), RunState::default(), limits)?;
    let cloud = Cloud::new(std::mem::take(&mut onboarding.buckets));
    let mut world = World { onboarding, cloud, under_way: BTreeMap::new(), begun: 0, now: 0 };
    let mut outbox = Outbox::new();
    outbox.put(machine.step(Input::Start, time(0)));
    loop {
        while outbox.take_batch().is_some() {
            outbox.acknowledge();
        }
        while let Some(effect) = outbox.take_effect() {
            match effect {
                Effect::Apply { .. } | Effect::Probe { .. } => world.begin(effect),
                Effect::Tell(_) => {}
                Effect::Finished(RunOutcome::Done) => {
                    return Ok(Ran { took: Duration::from_millis(world.now), ..world.cloud.ran });
                }
                other => return Err(format!("the run ended with {other:?}").into()),
            }
        }
        let input = world.next(machine.next_wake()).ok_or("nothing happens any more")?;
        outbox.put(machine.step(input, time(world.now)));
    }
}

/// All runs begin at the same time.
fn time(ms: u64) -> Timestamp {
    let since = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(since)
}

impl World {
    fn begin(&mut self, effect: Effect) {
        self.begun += 1;
        let call = UnderWay { effect, next: 0, told: Vec::new(), refused: None };
        self.under_way.insert((self.now, self.begun), call);
    }

    /// Goes on to the next thing the machine has to know of.
    fn next(&mut self, wake: Option<Timestamp>) -> Option<Input> {
        let wake = wake.map(|wake| u64::try_from(wake.as_millisecond()).unwrap_or(u64::MAX));
        loop {
            let call = self.under_way.first_key_value().map(|((at, _), _)| *at);
            if let Some(wake) = wake
                && call.is_none_or(|call| wake <= call)
            {
                self.now = self.now.max(wake);
                return Some(Input::Tick);
            }
            let ((at, number), call) = self.under_way.pop_first()?;
            self.now = at;
            if let Some(answer) = self.advance(number, call) {
                return Some(answer);
            }
        }
    }

    /// Makes the next call of a step, or gives the answer.
    fn advance(&mut self, number: u64, mut call: UnderWay) -> Option<Input> {
        let (Effect::Apply { step, .. } | Effect::Probe { step, .. }) = call.effect else {
            return None;
        };
        let calls = &self.onboarding.calls[step as usize];
        let calls = match call.effect {
            Effect::Apply { .. } => &calls.apply,
            _ => &calls.look,
        };
        let Some(next) = calls.get(call.next).filter(|_| call.refused.is_none()) else {
            return Some(answer(call));
        };
        let wait = match self.cloud.take(*next, self.now, &mut call.told) {
            Ok(()) => next.ms,
            Err(refused) => {
                call.refused = Some(refused);
                REFUSAL_MS
            }
        };
        call.next += 1;
        self.under_way.insert((self.now + wait, number), call);
        None
    }
}

fn answer(call: UnderWay) -> Input {
    let UnderWay { effect, told, refused, .. } = call;
    let outcome = match refused {
        Some(mut error) => {
            error.detail.rate_limits = told;
            Err(error)
        }
        None => Ok(told),
    };
    match effect {
        Effect::Probe { step, look } => {
            let answer =
                outcome.map(|rate_limits| Ready { ready: true, reason: None, rate_limits });
            Input::Probed { step, look, answer }
        }
        Effect::Apply { step, attempt } => {
            let answer = outcome.map(|rate_limits| Applied {
                action: "created".to_owned(),
                rate_limits,
                ..Applied::default()
            });
            Input::Applied { step, attempt, answer }
        }
        _ => Input::Tick,
    }
}
