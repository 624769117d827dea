//! Progress for a file or a pipe: a line now and then, and no control characters.

use skybridge_model::Timestamp;

use super::words::{between, clean, told, totals};
use crate::live::Now;

/// Seconds between two lines while steps go on: a screenful in five minutes.
const EVERY_SECONDS: f64 = 10.0;

/// A line comes earlier when so many per cent more have ended, but not within a second.
const EVERY_PERCENT: u32 = 10;

/// When something was last said, and how far the run was.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    last: Option<(Timestamp, u32)>,
}

impl Plain {
    /// The next line, when it is time for one.
    pub(crate) fn line(&mut self, run: &Now, now: Timestamp) -> Option<String> {
        let percent = run.total.ended() * 100 / run.total.steps.max(1);
        if let Some((at, before)) = self.last {
            let passed = between(at, now);
            let further = percent / EVERY_PERCENT > before / EVERY_PERCENT;
            if passed < EVERY_SECONDS && !(further && passed >= 1.0) {
                return None;
            }
        }
        let first = self.last.replace((now, percent)).is_none();
        let text = format!("{percent} %: {}", totals(run, now));
        let foremost = run.under_way.first().filter(|_| !first);
        Some(match foremost {
            Some(step) => format!("{text}; {} {}", clean(&step.address), clean(&told(step, now))),
            None => text,
        })
    }
}
