//! A model of everything around the machine: a disk, a cloud that follows a script, crashes; and a
//! checker that reads the disk and knows nothing of the machine.

use std::collections::VecDeque;

use jiff::Timestamp;
use skybridge_journal::{Event, Status, replay};

use crate::testing::{at, outputs, readiness, work};
use crate::{
    Applied, Effect, Input, Limits, Machine, Map, Outbox, Ready, RetryClass, RunEvent, RunOutcome,
    RunReport, StepError, Work,
};

/// What the cloud does about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// The plan has nothing to do.
    Settled,
    /// It works at once.
    Works,
    /// It works and becomes ready after flapping.
    Flaps,
    /// The service is unwell the first time.
    Unwell,
    /// The first call is one too many.
    Limited,
    /// It cannot work.
    Fails,
    /// It works, but what dependents need can never be seen.
    NeverReady,
}

impl Script {
    pub(super) const ALL: [Self; 7] = [
        Self::Settled,
        Self::Works,
        Self::Flaps,
        Self::Unwell,
        Self::Limited,
        Self::Fails,
        Self::NeverReady,
    ];

    fn fails(self) -> bool {
        matches!(self, Self::Fails | Self::NeverReady)
    }
}

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
            assert!(calls.len() <= self.limits.in_flight as usize, "too many in flight");
            let input = match self.pick(&mut calls) {
                Some(answer) => answer,
                None => {
                    let wake = machine.next_wake().expect("it waits for nothing");
                    assert!(wake > self.now, "it would be woken over and over");
                    self.now = wake;
                    Input::Tick
                }
            };
            outbox.put(machine.step(input, self.now));
        }
    }

    fn pick(&mut self, calls: &mut VecDeque<Input>) -> Option<Input> {
        match &mut self.order {
            Order::Oldest => calls.pop_front(),
            Order::Newest => calls.pop_back(),
            Order::Mixed(seed) => {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(*seed >> 33).unwrap() % calls.len().max(1);
                calls.remove(at)
            }
        }
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
                Input::Applied { step, answer: self.apply(step) }
            }
            Effect::Probe { step } => {
                let call = machine.ready_call(step).unwrap();
                assert_eq!(*call.outputs, outputs(step));
                let events = self.events_of(step);
                assert!(matches!(events.last(), Some(Event::StepApplied { ready: false, .. })));
                Input::Probed { step, answer: self.probe(step) }
            }
            _ => unreachable!("only calls come here"),
        }
    }

    /// The write-ahead rule, as the disk shows it.
    fn check_apply(&self, step: u32, attempt: u32) {
        let events = self.events_of(step);
        match events.last() {
            Some(Event::StepIntended { attempt: intended, .. }) => assert_eq!(*intended, attempt),
            other => panic!("step {step} is applied without an intent: {other:?}"),
        }
        assert!(
            !events.iter().any(|event| matches!(event, Event::StepApplied { .. })),
            "step {step} is applied again after its outcome was recorded"
        );
        let work = &self.work.steps[step as usize];
        for need in &work.needs {
            let ended = match self.end_of(*need) {
                Some(Event::StepFailed { .. } | Event::StepSkipped { .. }) => work.always,
                end => end.is_some(),
            };
            assert!(ended, "step {step} is applied before step {need} has ended on disk");
        }
    }

    /// The record with which a step ended.
    fn end_of(&self, step: u32) -> Option<&Event> {
        self.events_of(step).into_iter().find(|event| {
            matches!(
                event,
                Event::StepSettled { .. }
                    | Event::StepReady { .. }
                    | Event::StepApplied { ready: true, .. }
                    | Event::StepFailed { r#final: true, .. }
                    | Event::StepSkipped { .. }
            )
        })
    }

    /// Whether a step left outputs behind, by the disk.
    fn was_applied(&self, step: u32) -> bool {
        let left =
            |event: &&Event| matches!(event, Event::StepSettled { .. } | Event::StepApplied { .. });
        self.events_of(step).iter().any(left)
    }

    /// What was changed is put back: a step that always runs, and that needs one that was begun, was
    /// begun too and ended.
    fn check_put_back(&self) {
        let begun = |step: u32| {
            self.events_of(step).iter().any(|event| matches!(event, Event::StepIntended { .. }))
        };
        for (step, work) in (0_u32..).zip(&self.work.steps) {
            if work.always && work.settled.is_none() && work.needs.iter().any(|need| begun(*need)) {
                assert!(begun(step), "step {step} was not begun");
                let end = self.end_of(step);
                assert!(!matches!(end, None | Some(Event::StepSkipped { .. })), "{step}: {end:?}");
            }
        }
    }

    fn events_of(&self, step: u32) -> Vec<&Event> {
        let address = &self.work.steps[step as usize].address;
        self.disk.iter().filter(|event| event.address() == Some(address)).collect()
    }

    fn apply(&mut self, step: u32) -> Result<Applied, StepError> {
        let before = self.applies[step as usize];
        self.applies[step as usize] += 1;
        match self.scripts[step as usize] {
            Script::Unwell if before == 0 => Err(error(RetryClass::Transient)),
            Script::Limited if before == 0 => {
                Err(error(RetryClass::RateLimited).after(std::time::Duration::from_secs(7)))
            }
            Script::Fails => Err(error(RetryClass::Permanent)),
            _ => Ok(applied(step)),
        }
    }

    fn probe(&mut self, step: u32) -> Result<Ready, StepError> {
        let before = self.probes[step as usize];
        self.probes[step as usize] += 1;
        match self.scripts[step as usize] {
            Script::NeverReady => Err(error(RetryClass::Permanent)),
            // Seen, gone again, unwell, then there to stay.
            _ => match before {
                1 => Ok(Ready { ready: false, reason: Some("not there".to_owned()) }),
                2 => Err(error(RetryClass::Transient)),
                _ => Ok(Ready { ready: true, reason: None }),
            },
        }
    }

    /// What must have come of every step, worked out from the scripts alone.
    pub(super) fn check_end(&self, report: &RunReport) {
        let state = replay(&self.disk).unwrap();
        let mut failed = 0;
        let mut ends = vec![Status::Pending; self.scripts.len()];
        for (step, script) in self.scripts.iter().enumerate() {
            let needs = &self.work.steps[step].needs;
            let mut needed = needs.iter().map(|need| ends[*need as usize]);
            let reachable = if self.work.steps[step].always {
                needs.is_empty() || needed.any(|end| end != Status::Skipped)
            } else {
                needed.all(Status::is_done)
            };
            let expected = match script {
                Script::Settled => Status::Settled,
                _ if !reachable => Status::Skipped,
                script if script.fails() => Status::Failed,
                _ => Status::Ready,
            };
            let found = &state.steps[&self.work.steps[step].address];
            assert_eq!((found.status, report.steps[step].status), (expected, expected));
            ends[step] = expected;
            failed += u32::from(expected == Status::Failed);
            if let Some(because) = &found.because {
                assert_eq!(state.steps[because].status, Status::Failed, "not a root cause");
            }
        }
        let expected = match failed {
            0 => RunOutcome::Done,
            steps => RunOutcome::Failed { steps },
        };
        assert_eq!((report.outcome, report.failures.len()), (expected, failed as usize));
        assert!(report.failures.is_sorted_by(|a, b| a.address < b.address));
        self.check_put_back();
    }

    /// Each step that had something to do was told to have ended exactly once.
    pub(super) fn check_told(&self) {
        for (step, script) in self.scripts.iter().enumerate() {
            let this = &self.work.steps[step].address;
            let ends = self.told.iter().filter(|event| match event {
                RunEvent::StepFinished { address, .. }
                | RunEvent::StepFailed { address, .. }
                | RunEvent::StepSkipped { address, .. } => address == this,
                _ => false,
            });
            assert_eq!(ends.count(), usize::from(*script != Script::Settled), "step {step}");
        }
        assert!(matches!(self.told.first(), Some(RunEvent::RunStarted { .. })));
        assert!(matches!(self.told.last(), Some(RunEvent::RunFinished { .. })));
    }
}

pub(super) fn applied(step: u32) -> Applied {
    Applied { action: "created".to_owned(), outputs: outputs(step), ..Applied::default() }
}

pub(super) fn error(class: RetryClass) -> StepError {
    StepError::new(10, class, "it did not work")
}
