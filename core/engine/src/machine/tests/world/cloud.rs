//! The cloud: it follows a script for each step, and one call may meet a mishap.

use skybridge_plugin_protocol::rate_limit::RateLimit;

use super::{World, applied, error, not_there};
use crate::{Applied, Ready, RetryClass, StepError};

/// What the cloud does about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::machine::tests) enum Script {
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
    pub(in crate::machine::tests) const ALL: [Self; 7] = [
        Self::Settled,
        Self::Works,
        Self::Flaps,
        Self::Unwell,
        Self::Limited,
        Self::Fails,
        Self::NeverReady,
    ];

    pub(super) fn fails(self) -> bool {
        matches!(self, Self::Fails | Self::NeverReady)
    }
}

/// What befalls one call, whatever its step's script says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::machine::tests) enum Mishap {
    /// It has its effect, and the answer is lost.
    Lost,
    /// It is refused for good and has no effect, and so are all later ones of its step.
    Refused,
    /// It is one too many and has no effect; the answer says which bucket is empty.
    Throttled,
}

impl Mishap {
    pub(in crate::machine::tests) const ALL: [Self; 3] =
        [Self::Lost, Self::Refused, Self::Throttled];
}

impl World {
    /// Makes a call, which may meet the mishap that is planned.
    pub(super) fn befall<T>(
        &mut self,
        step: u32,
        call: impl FnOnce(&mut Self) -> Result<T, StepError>,
    ) -> Result<T, StepError> {
        let at = self.calls;
        self.calls += 1;
        if self.refused == Some(step) {
            return Err(error(RetryClass::Permanent));
        }
        match self.mishap {
            Some((this, Mishap::Lost)) if this == at => {
                let _lost = call(self);
                Err(error(RetryClass::Transient))
            }
            Some((this, Mishap::Refused)) if this == at => {
                self.refused = Some(step);
                Err(error(RetryClass::Permanent))
            }
            Some((this, Mishap::Throttled)) if this == at => {
                let mut error = error(RetryClass::RateLimited);
                error.detail.rate_limits.push(RateLimit {
                    bucket: "writes".to_owned(),
                    resets_in_ms: Some(3_000),
                    ..RateLimit::default()
                });
                Err(error)
            }
            _ => call(self),
        }
    }

    pub(super) fn apply(&mut self, step: u32, key: uuid::Uuid) -> Result<Applied, StepError> {
        let before = self.applies[step as usize];
        self.applies[step as usize] += 1;
        let answer = self.answer(step, before);
        if answer.is_ok() {
            // A thing of this key that is there already is found again.
            self.made[step as usize].insert(key);
        }
        answer
    }

    pub(super) fn answer(&self, step: u32, before: u32) -> Result<Applied, StepError> {
        match self.scripts[step as usize] {
            Script::Unwell if before == 0 => Err(error(RetryClass::Transient)),
            Script::Limited if before == 0 => {
                Err(error(RetryClass::RateLimited).after(std::time::Duration::from_secs(7)))
            }
            Script::Fails => Err(error(RetryClass::Permanent)),
            _ => Ok(applied(step)),
        }
    }

    pub(super) fn probe(&mut self, step: u32) -> Result<Ready, StepError> {
        let before = self.probes[step as usize];
        self.probes[step as usize] += 1;
        match self.scripts[step as usize] {
            Script::NeverReady => Err(error(RetryClass::Permanent)),
            // Seen, gone again, unwell, then there to stay.
            _ => match before {
                1 => Ok(not_there()),
                2 => Err(error(RetryClass::Transient)),
                _ => Ok(Ready { ready: true, ..Ready::default() }),
            },
        }
    }
}
