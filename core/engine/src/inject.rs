//! Faults on purpose: what `--inject` asks for, and when each of it strikes.
//!
//! A rehearsal that never goes wrong shows half of what an onboarding does. [`Faults`] are read from
//! short texts ([`Faults::parse`]), compared with the steps there are ([`Faults::check`]), and then
//! only asked: what befalls this attempt of this step, what befalls this record of the journal. The
//! answers follow from address, attempt and number alone, so the same texts always strike in the
//! same places, in however many processes a run is worked on.
//!
//! [`FaultyRunner`] and [`CrashingStore`] carry the answers out, around whatever runs and keeps
//! otherwise; the engine does not know of them. Ending the process is the caller's [`Abort`].

mod around;
mod check;
mod parse;

use std::time::Duration;

use skybridge_journal::StepError;
use skybridge_model::Address;

pub use around::{Abort, CrashingStore, FaultyRunner};

/// The code of every complaint about a fault.
pub const CODE: &str = "SKY-CLI-004";

/// Whether a crash strikes before or after the thing it is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the effect of a step begins; before a record is durable.
    Before,
    /// When the effect of a step has happened and nobody knows; when a record is durable.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// The step is not called and answers this.
    Error(StepError),
    /// The answer comes so much later than it would.
    Delay(Duration),
    /// The step is called, and its answer is lost.
    LostReply,
    /// The process ends.
    Crash(When),
}

/// Which attempts of which steps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Steps {
    /// `connector`, `kind` and `name` as far as they were given.
    words: Vec<String>,
    scope: Option<String>,
    /// The first attempt that is struck, from 0.
    first: u32,
    /// How many attempts in a row.
    times: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Steps(Steps),
    /// The record of that number in the journal, from 1.
    Event(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Injection {
    /// As it was written.
    text: String,
    fault: Fault,
    target: Target,
}

/// Everything that is to go wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<Injection>);

/// What befalls one attempt of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Befalls {
    /// The process ends before or after the effect.
    pub crash: Option<When>,
    /// The step is not called; this is its answer.
    pub error: Option<StepError>,
    /// The answer is lost: whether there was an effect is not known.
    pub lost: bool,
    /// The answer comes so much later.
    pub delay: Duration,
}

impl Steps {
    fn mean(&self, address: &Address) -> bool {
        let parts = [Some(address.connector()), Some(address.kind()), address.name()];
        let mut parts = parts.into_iter().flatten();
        self.words.iter().all(|word| parts.next() == Some(word))
            && self.scope.as_deref().is_none_or(|scope| address.scope() == Some(scope))
    }

    fn strike(&self, attempt: u32) -> bool {
        attempt.checked_sub(self.first).is_some_and(|since| since < self.times)
    }

    /// The address, or the beginning of one, as it was written.
    fn text(&self) -> String {
        let scope = self.scope.as_ref().map(|scope| format!("@{scope}")).unwrap_or_default();
        format!("{}{scope}", self.words.join("."))
    }
}

impl Faults {
    /// Whether nothing is to go wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What befalls this attempt, counted from 0, of a step. Of several errors the one that was
    /// given first counts; delays add up.
    #[must_use]
    pub fn of_attempt(&self, address: &Address, attempt: u32) -> Befalls {
        let mut all = Befalls::default();
        for injection in &self.0 {
            let Target::Steps(steps) = &injection.target else { continue };
            if !steps.mean(address) || !steps.strike(attempt) {
                continue;
            }
            match &injection.fault {
                Fault::Error(error) => {
                    all.error.get_or_insert_with(|| error.clone());
                }
                Fault::Delay(wait) => all.delay = all.delay.saturating_add(*wait),
                Fault::LostReply => all.lost = true,
                Fault::Crash(when) => {
                    all.crash.get_or_insert(*when);
                }
            }
        }
        all
    }

    /// Whether the process ends at this record, counted from 1, of the journal.
    #[must_use]
    pub fn of_record(&self, number: u64) -> Option<When> {
        self.0.iter().find_map(|injection| match (&injection.fault, &injection.target) {
            (Fault::Crash(when), Target::Event(at)) if *at == number => Some(*when),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
