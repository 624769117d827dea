//! A model of everything around the machine: a disk, a cloud that follows a script, crashes; and a
//! checker that reads the disk and knows nothing of the machine.

mod checker;
mod cloud;

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use skybridge_journal::{Event, replay};

pub(super) use cloud::{Mishap, Script};

use crate::testing::{at, outputs, readiness, work};
use crate::{
    Applied, Effect, Input, Limits, Machine, Map, Outbox, Ready, RetryClass, RunEvent, RunReport,
    StepError, Work,
};

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// With this many records on disk, before anything is done about the last of them.
    Upon(usize),
    /// With this many records on disk and everything done about them, before the next one.
    After(usize),
}

/// In which order the answers to calls come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Oldest,
    Newest,
    Mixed(u64),
    /// Calls of the first step's domain are answered when nothing else can happen.
    FirstDomainLast(u64),
}

/// The world of one run, over all processes that work on it.
#[derive(Clone)]
pub(super) struct World {
    pub(super) work: Work,
    pub(super) scripts: Vec<Script>,
    pub(super) disk: Vec<Event>,
    pub(super) limits: Limits,
    pub(super) order: Order,
    pub(super) told: Vec<RunEvent>,
    pub(super) now: Timestamp,
    /// Which call, counted over all processes, meets what.
    pub(super) mishap: Option<(usize, Mishap)>,
    /// Calls that were made.
    pub(super) calls: usize,
    /// Chooses inputs nobody waits for, between those somebody does.
    pub(super) noise: Option<u64>,
    /// The step that was refused for good by a mishap.
    refused: Option<u32>,
    /// What exists in the cloud, by step: the keys things were made with.
    made: Vec<BTreeSet<uuid::Uuid>>,
    /// How often each step was applied and probed.
    applies: Vec<u32>,
    probes: Vec<u32>,
    keys: Vec<Option<uuid::Uuid>>,
}

impl World {
    pub(super) fn new(needs: &[&[u32]], scripts: &[Script]) -> Self {
        let mut work = work(needs);
        for ((at, step), script) in (0_u32..).zip(&mut work.steps).zip(scripts) {
            match script {
                Script::Settled => step.settled = Some(outputs(at)),
                Script::Flaps | Script::NeverReady => step.readiness = Some(readiness()),
                _ => {}
            }
        }
        let none = || vec![0; scripts.len()];
        Self {
            work,
            scripts: scripts.to_vec(),
            disk: Vec::new(),
            limits: Limits { in_flight: 2, ..Limits::default() },
            order: Order::Oldest,
            told: Vec::new(),
            now: at(0),
            mishap: None,
            calls: 0,
            noise: None,
            refused: None,
            made: vec![BTreeSet::new(); scripts.len()],
            applies: none(),
            probes: none(),
            keys: vec![None; scripts.len()],
        }
    }

    /// One process works on the run until it ends or dies.
    pub(super) fn process(&mut self, crash: Option<Crash>) -> Option<RunReport> {
        let state = replay(&self.disk).unwrap();
        let mut machine = Machine::new(self.work.clone(), state, self.limits).unwrap();
        if machine.outcome().is_some() {
            return Some(machine.report());
        }
        let mut outbox = Outbox::new();
        let mut calls = VecDeque::new();
        let mut past = vec![Input::Start];
        outbox.put(machine.step(Input::Start, self.now));
        loop {
            while let Some(batch) = outbox.take_batch() {
                for event in batch {
                    if crash == Some(Crash::After(self.disk.len())) {
                        return None;
                    }
                    self.disk.push(event);
                    if crash == Some(Crash::Upon(self.disk.len())) {
                        return None;
                    }
                }
                outbox.acknowledge();
            }
            while let Some(effect) = outbox.take_effect() {
                match effect {
                    Effect::Tell(event) => self.told.push(event),
                    Effect::Finished(outcome) => {
                        assert_eq!(machine.outcome(), Some(outcome));
                        assert!(calls.is_empty(), "finished with calls in flight");
                        return Some(machine.report());
                    }
                    call => calls.push_back(self.call(&machine, &call)),
                }
            }
            self.check_in_flight(&calls);
            self.make_noise(&mut machine, &past);
            let input = match self.pick(&mut calls, machine.next_wake()) {
                Some(answer) => answer,
                None => {
                    let wake = machine.next_wake().expect("it waits for nothing");
                    assert!(wake > self.now, "it would be woken over and over");
                    self.now = wake;
                    Input::Tick
                }
            };
            if self.noise.is_some() {
                past.push(input.clone());
            }
            outbox.put(machine.step(input, self.now));
        }
    }

    /// Gives the machine something nobody waits for: it must change nothing.
    fn make_noise(&mut self, machine: &mut Machine, past: &[Input]) {
        let Some(seed) = &mut self.noise else { return };
        let chosen = usize::try_from(next(seed)).unwrap();
        let step = u32::try_from(chosen % (self.scripts.len() + 1)).unwrap();
        let input = match chosen % 5 {
            0 => Input::Tick,
            1 => Input::Applied { step, attempt: u32::MAX, answer: Ok(applied(step)) },
            2 => Input::Probed { step, look: u32::MAX - 1, answer: Ok(not_there()) },
            _ => past[chosen % past.len()].clone(),
        };
        let (turn, wake) = (machine.step(input.clone(), self.now), machine.next_wake());
        assert!(turn.records.is_empty() && turn.effects.is_empty(), "{input:?}: {turn:?}");
        assert_eq!(wake, machine.next_wake(), "{input:?}");
    }

    fn pick(&mut self, calls: &mut VecDeque<Input>, wake: Option<Timestamp>) -> Option<Input> {
        if let Order::FirstDomainLast(_) = self.order {
            return self.pick_first_domain_last(calls, wake);
        }
        match &mut self.order {
            Order::Oldest => calls.pop_front(),
            Order::Newest => calls.pop_back(),
            Order::Mixed(seed) => {
                let at = usize::try_from(next(seed)).unwrap() % calls.len().max(1);
                calls.remove(at)
            }
            Order::FirstDomainLast(_) => unreachable!("picked above"),
        }
    }

    /// While only calls of that domain are in flight, every step of another that could start has.
    fn pick_first_domain_last(
        &mut self,
        calls: &mut VecDeque<Input>,
        wake: Option<Timestamp>,
    ) -> Option<Input> {
        let hangs = |step: u32| self.work.steps[step as usize].domain == self.work.steps[0].domain;
        let others: Vec<usize> =
            (0..calls.len()).filter(|at| !hangs(step_of(&calls[*at]))).collect();
        if let Order::FirstDomainLast(seed) = &mut self.order
            && !others.is_empty()
        {
            return calls.remove(others[usize::try_from(next(seed)).unwrap() % others.len()]);
        }
        if wake.is_some() {
            return None;
        }
        for (step, work) in (0_u32..).zip(&self.work.steps) {
            let could = work.settled.is_none()
                && !work.always
                && self.events_of(step).is_empty()
                && work.needs.iter().all(|need| {
                    let end = self.end_of(*need);
                    !matches!(
                        end,
                        None | Some(Event::StepFailed { .. } | Event::StepSkipped { .. })
                    )
                });
            assert!(!could || self.work.steps[0].domain == work.domain, "step {step} is kept");
        }
        calls.pop_front()
    }

    /// The cloud gets a call: the checker looks at the disk, the script gives the answer.
    fn call(&mut self, machine: &Machine, effect: &Effect) -> Input {
        match *effect {
            Effect::Apply { step, attempt } => {
                let call = machine.apply_call(step, attempt).unwrap();
                let key = *self.keys[step as usize].get_or_insert(call.key);
                assert_eq!(key, call.key, "{}: another key", call.address);
                for need in &call.needs {
                    let there = self.was_applied(need.step);
                    let expected = if there { outputs(need.step) } else { Map::new() };
                    assert_eq!(*need.outputs, expected, "{}: outputs", need.address);
                }
                self.check_apply(step, attempt);
                let answer = self.befall(step, |world| world.apply(step, key));
                Input::Applied { step, attempt, answer }
            }
            Effect::Probe { step, look } => {
                let call = machine.ready_call(step).unwrap();
                assert_eq!(*call.outputs, outputs(step));
                let events = self.events_of(step);
                assert!(matches!(events.last(), Some(Event::StepApplied { ready: false, .. })));
                let answer = self.befall(step, |world| world.probe(step));
                Input::Probed { step, look, answer }
            }
            _ => unreachable!("only calls come here"),
        }
    }
}

pub(super) fn applied(step: u32) -> Applied {
    Applied { action: "created".to_owned(), outputs: outputs(step), ..Applied::default() }
}

pub(super) fn error(class: RetryClass) -> StepError {
    StepError::new(10, class, "it did not work")
}

fn step_of(call: &Input) -> u32 {
    match call {
        Input::Applied { step, .. } | Input::Probed { step, .. } => *step,
        other => panic!("{other:?} is no answer"),
    }
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    *seed >> 33
}

fn not_there() -> Ready {
    Ready { reason: Some("not there".to_owned()), ..Ready::default() }
}
