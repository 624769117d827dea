//! What must hold, by the disk and by what exists in the cloud; knows nothing of the machine.

use std::collections::{BTreeMap, VecDeque};

use skybridge_journal::{Event, Status, replay};

use super::cloud::Script;
use super::{World, step_of};
use crate::{Input, RunEvent, RunOutcome, RunReport};

impl World {
    /// Never more in flight than allowed, at once and in one domain.
    pub(super) fn check_in_flight(&self, calls: &VecDeque<Input>) {
        assert!(calls.len() <= self.limits.in_flight.max(1) as usize, "too many in flight");
        let mut domains = BTreeMap::new();
        for call in calls {
            let step = &self.work.steps[step_of(call) as usize];
            *domains.entry((step.address.connector(), &step.domain)).or_insert(0_u32) += 1;
        }
        let most = self.limits.in_flight_per_domain.max(1);
        assert!(domains.values().all(|count| *count <= most), "too many in one domain");
    }

    /// The write-ahead rule, as the disk shows it.
    pub(super) fn check_apply(&self, step: u32, attempt: u32) {
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
            let spared = || {
                let others =
                    work.needs.iter().filter(|other| self.work.steps[**other as usize].part);
                self.work.steps[*need as usize].part
                    && others.into_iter().any(|other| self.is_done(*other))
            };
            let ended = match self.end_of(*need) {
                Some(Event::StepFailed { .. } | Event::StepSkipped { .. }) => {
                    work.always || spared()
                }
                end => end.is_some(),
            };
            assert!(ended, "step {step} is applied before step {need} has ended on disk");
        }
    }

    /// The record with which a step ended.
    pub(super) fn end_of(&self, step: u32) -> Option<&Event> {
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

    fn is_done(&self, step: u32) -> bool {
        let end = self.end_of(step);
        end.is_some_and(|end| !matches!(end, Event::StepFailed { .. } | Event::StepSkipped { .. }))
    }

    /// Whether a step left outputs behind, by the disk.
    pub(super) fn was_applied(&self, step: u32) -> bool {
        let left =
            |event: &&Event| matches!(event, Event::StepSettled { .. } | Event::StepApplied { .. });
        self.events_of(step).iter().any(left)
    }

    /// What was changed is put back: a step that always runs, and that needs one that was begun, was
    /// begun too and ended.
    pub(super) fn check_put_back(&self) {
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

    pub(super) fn events_of(&self, step: u32) -> Vec<&Event> {
        let address = &self.work.steps[step as usize].address;
        self.disk.iter().filter(|event| event.address() == Some(address)).collect()
    }

    /// What must have come of every step, worked out from the scripts alone.
    pub(in crate::machine::tests) fn check_end(&self, report: &RunReport) {
        let state = replay(&self.disk).unwrap();
        let mut failed = 0;
        let mut ends = vec![Status::Pending; self.scripts.len()];
        for (step, script) in self.scripts.iter().enumerate() {
            let needs = &self.work.steps[step].needs;
            let mut needed = needs.iter().map(|need| ends[*need as usize]);
            let (parts, whole): (Vec<u32>, Vec<u32>) =
                needs.iter().partition(|need| self.work.steps[**need as usize].part);
            let done = |need: &u32| ends[*need as usize].is_done();
            let reachable = if self.work.steps[step].always {
                needs.is_empty() || needed.any(|end| end != Status::Skipped)
            } else {
                whole.iter().all(done) && (parts.is_empty() || parts.iter().any(done))
            };
            let refused = self.refused == Some(u32::try_from(step).unwrap());
            let expected = match script {
                Script::Settled => Status::Settled,
                _ if !reachable => Status::Skipped,
                script if script.fails() || refused => Status::Failed,
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
        self.check_made(&ends);
    }

    /// What exists is what the ends say: of a step that is done one thing, of one that was skipped
    /// or had nothing to do none, and never two.
    pub(super) fn check_made(&self, ends: &[Status]) {
        for (step, (made, end)) in self.made.iter().zip(ends).enumerate() {
            let count = made.len();
            let right = match end {
                Status::Ready => count == 1,
                Status::Failed => count <= 1,
                _ => count == 0,
            };
            assert!(right, "step {step} ended as {end} and {count} things of it exist");
        }
    }

    /// Each step that had something to do was told to have ended exactly once.
    pub(in crate::machine::tests) fn check_told(&self) {
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
