//! What a run under way tells other processes that the journal does not: who works on it, what each
//! step waits for, and how long the rest takes. A small file beside the journal, replaced as a whole,
//! gone when the process ends in order. One that is left behind by a process that is gone is stale.

mod file;
mod process;
#[cfg(test)]
mod tests;

pub(crate) use file::{Writer, read};
pub(crate) use process::{at_work, may_be_there, works_in};

use serde::{Deserialize, Serialize};
use skybridge_journal::Holder;
use skybridge_model::Timestamp;

use crate::render::progress::board::{Board, Doing, Row, What};

/// Connectors listed: of more, those with most under way. A hundred kilobytes at most.
const CONNECTORS_MAX: usize = 500;

/// Steps listed, those first that most of the rest waits for.
const STEPS_MAX: usize = 200;

/// What the file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Live {
    pub(crate) format: String,
    pub(crate) version: u32,
    pub(crate) run: String,
    #[serde(flatten)]
    pub(crate) holder: Holder,
    /// When the process began, in the kernel's ticks since the machine did: a process number alone
    /// may be given to somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<u64>,
    /// When this was written.
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) now: Now,
}

/// How the run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Now {
    /// When the process took the run up.
    pub(crate) taken_up: Timestamp,
    pub(crate) total: Tally,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<Rest>,
    /// How many connectors there are, the ones that are not listed too.
    pub(crate) census: Census,
    pub(crate) connectors: Vec<Connector>,
    /// What is under way, first what most of the rest waits for.
    pub(crate) under_way: Vec<Step>,
    /// Throttle domains of which nothing is called for the time being.
    pub(crate) held: Vec<Held>,
}

/// Steps by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Tally {
    pub(crate) steps: u32,
    pub(crate) done: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    pub(crate) under_way: u32,
}

/// Connectors by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Census {
    /// Every step has ended.
    pub(crate) ended: u32,
    /// Some step has begun.
    pub(crate) begun: u32,
    pub(crate) not_begun: u32,
}

/// How long the rest takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Rest {
    pub(crate) seconds: f64,
    /// It may well take longer: some of what is left is of a sort not met yet.
    pub(crate) at_least: bool,
}

/// How a connector stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Connector {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// The step that most of the rest waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) foremost: Option<Step>,
    /// The heading it stands under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) left: Option<Rest>,
}

/// A step under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Step {
    pub(crate) address: String,
    pub(crate) title: String,
    pub(crate) does: Does,
    /// How far it has come, what it waits for, who refused it, or why it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What a person was asked to do for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) person: Option<String>,
    /// When it began to do so.
    pub(crate) since: Timestamp,
    /// Until when at the latest it waits, or at which it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// Attempts before this one.
    pub(crate) attempt: u32,
}

/// What a step under way does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Does {
    /// A call is on its way.
    Works,
    /// It was applied and is not seen yet.
    Waits,
    /// Too many calls were made, and it is tried again.
    Held,
    /// It did not work, and is tried again.
    Retries,
}

/// A throttle domain that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Held {
    pub(crate) domain: String,
    pub(crate) until: Timestamp,
}

impl Tally {
    pub(crate) fn ended(self) -> u32 {
        self.done + self.failed + self.skipped
    }

    pub(crate) fn open(self) -> u32 {
        self.steps.saturating_sub(self.ended())
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            steps: self.steps + other.steps,
            done: self.done + other.done,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
            under_way: self.under_way + other.under_way,
        }
    }
}

impl Census {
    pub(crate) fn of(tallies: impl Iterator<Item = Tally>) -> Self {
        let mut census = Self::default();
        for tally in tallies {
            let count = match tally {
                _ if tally.open() == 0 => &mut census.ended,
                _ if tally.under_way > 0 || tally.ended() > 0 => &mut census.begun,
                _ => &mut census.not_begun,
            };
            *count += 1;
        }
        census
    }

    pub(crate) fn all(self) -> u32 {
        self.ended + self.begun + self.not_begun
    }

    /// Those that are not among `others`, which are among these.
    pub(crate) fn without(self, others: Self) -> Self {
        Self {
            ended: self.ended.saturating_sub(others.ended),
            begun: self.begun.saturating_sub(others.begun),
            not_begun: self.not_begun.saturating_sub(others.not_begun),
        }
    }
}

impl Rest {
    /// A tenth of a second is more than anybody can know.
    fn rounded(self) -> Self {
        Self { seconds: (self.seconds * 10.0).round() / 10.0, ..self }
    }
}

impl Now {
    pub(crate) fn of(board: &Board, left: Option<Rest>) -> Self {
        let mut rows: Vec<_> = board.rows.iter().collect();
        if rows.len() > CONNECTORS_MAX {
            rows.sort_by_key(|row| std::cmp::Reverse(row.active.len()));
            rows.truncate(CONNECTORS_MAX);
        }
        let connector = |row: &&Row| {
            let foremost = row.foremost(&board.chart);
            Connector {
                name: row.name.clone(),
                tally: row.tally(),
                phase: foremost.map(|(step, _)| board.chart.group(step)),
                foremost: foremost.map(|(step, doing)| Step::of(board, step, doing)),
                left: row.left.map(Rest::rounded),
            }
        };
        let mut active: Vec<_> = board.rows.iter().flat_map(|row| &row.active).collect();
        active.sort_by_cached_key(|(step, doing)| {
            std::cmp::Reverse(doing.rank(**step, &board.chart))
        });
        let held = board.held.iter();
        Self {
            taken_up: board.since,
            total: board.total(),
            left: left.map(Rest::rounded),
            census: Census::of(board.rows.iter().map(Row::tally)),
            connectors: rows.iter().map(connector).collect(),
            under_way: (active.into_iter().take(STEPS_MAX))
                .map(|(step, doing)| Step::of(board, *step, doing))
                .collect(),
            held: held
                .map(|(domain, until)| Held { domain: domain.clone(), until: *until })
                .collect(),
        }
    }
}

impl Step {
    fn of(board: &Board, step: u32, doing: &Doing) -> Self {
        let (does, why, until) = match &doing.what {
            What::Works { come } => (Does::Works, come.as_ref().map(ToString::to_string), None),
            What::Waits { why, until } => (Does::Waits, Some(why.clone()), Some(*until)),
            What::Held { status, until } => {
                // Others of its domain may have been refused since.
                (Does::Held, status.clone(), Some(board.held_until(step).max(*until)))
            }
            What::Retries { why, until } => (Does::Retries, Some(why.clone()), Some(*until)),
        };
        Self {
            address: doing.address.to_string(),
            title: doing.title.clone(),
            does,
            why,
            person: doing.person.clone(),
            since: doing.since,
            until,
            attempt: doing.attempt,
        }
    }
}

impl Connector {
    pub(crate) fn new(name: &str) -> Self {
        let (tally, phase, foremost, left) = (Tally::default(), None, None, None);
        Self { name: name.to_owned(), tally, foremost, phase, left }
    }
}
