//! The machine, driven by hand: no clock, no runtime, no sleeping.

mod exhaustive;
mod random;
mod resuming;
mod scheduling;
mod timing;
mod world;

use jiff::Timestamp;
use skybridge_journal::Status;

use crate::{Applied, Input, Machine, Ready, StepError, Turn};

/// Answers to whatever call a step has in flight.
impl Machine {
    fn reply(&mut self, step: u32, answer: Result<Applied, StepError>, now: Timestamp) -> Turn {
        let attempt = match self.steps.get(step as usize).map(|step| step.status) {
            Some(Status::Intended { attempt }) => attempt,
            _ => 0,
        };
        self.step(Input::Applied { step, attempt, answer }, now)
    }

    fn show(&mut self, step: u32, answer: Result<Ready, StepError>, now: Timestamp) -> Turn {
        let looks = self.steps.get(step as usize).map_or(0, |step| step.looks);
        self.step(Input::Probed { step, look: looks.wrapping_sub(1), answer }, now)
    }
}
