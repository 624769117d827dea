//! Where a run stands: what its events say, summed up by connector. No clock and no terminal here.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use skybridge_engine::{RetryClass, RunEvent, RunOutcome};
use skybridge_journal::RunState;
use skybridge_model::{Address, Timestamp};

use super::chart::Chart;
use crate::live::{Rest, Tally};

/// Steps that must have finished in this process before their rate says anything of the rest.
const RATED: u32 = 50;

/// Where a run stands.
pub(crate) struct Board {
    pub(crate) chart: Chart,
    pub(crate) rows: Vec<Row>,
    /// By position: whether the step has ended.
    ended: Vec<bool>,
    /// Throttle domains of which nothing is called until then.
    pub(crate) held: BTreeMap<String, Timestamp>,
    /// When this process took the run up.
    pub(crate) since: Timestamp,
    /// Steps that finished in this process.
    finished: u32,
    pub(super) outcome: Option<RunOutcome>,
}

/// Where the steps of one connector stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) steps: u32,
    /// Done, or nothing to do.
    pub(crate) done: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
    /// What is under way, by position.
    pub(crate) active: BTreeMap<u32, Doing>,
    pub(crate) left: Option<Rest>,
}

/// A step under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Doing {
    pub(crate) address: Address,
    pub(crate) title: String,
    /// Attempts before this one.
    pub(crate) attempt: u32,
    /// When this process began to work on it.
    pub(crate) began: Timestamp,
    /// When it began to do what it does.
    pub(crate) since: Timestamp,
    pub(crate) what: What,
    /// What a person was asked to do for it.
    pub(crate) person: Option<String>,
}

/// What a step under way does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// A call is on its way; how far it has come, when the plugin says so.
    Works { come: Option<Come> },
    /// It was applied and is not seen yet.
    Waits { why: String, until: Timestamp },
    /// The other side refuses calls because there were too many.
    Held { status: Option<String>, until: Timestamp },
    /// It did not work and is tried again then.
    Retries { why: String, until: Timestamp },
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Come {
    pub(crate) done: u64,
    /// 0: unknown.
    pub(crate) of: u64,
    pub(crate) what: String,
}

impl std::fmt::Display for Come {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { done, of, what } = self;
        if *of > 0 { write!(f, "{done} of {of} {what}") } else { write!(f, "{done} {what}") }
    }
}

impl Row {
    pub(crate) fn tally(&self) -> Tally {
        let Self { steps, done, failed, skipped, .. } = *self;
        let under_way = u32::try_from(self.active.len()).unwrap_or(u32::MAX);
        Tally { steps, done, failed, skipped, under_way }
    }

    /// The step that most of the rest waits for.
    pub(crate) fn foremost<'a>(&'a self, chart: &Chart) -> Option<(u32, &'a Doing)> {
        let all = self.active.iter().map(|(step, doing)| (*step, doing));
        all.max_by_key(|(step, doing)| doing.rank(*step, chart))
    }
}

impl Doing {
    fn new(address: Address, title: String, attempt: u32, now: Timestamp) -> Self {
        let (what, person) = (What::Works { come: None }, None);
        Self { address, title, attempt, began: now, since: now, what, person }
    }

    /// How much waits for it: what waits before what works, then what most hangs on, then the
    /// oldest.
    pub(crate) fn rank(&self, step: u32, chart: &Chart) -> impl Ord + use<> {
        let urgency = match self.what {
            _ if self.person.is_some() => 2,
            What::Works { .. } => 0,
            What::Waits { .. } | What::Held { .. } | What::Retries { .. } => 1,
        };
        (urgency, chart.height(step), Reverse((self.began, step)))
    }
}

impl Board {
    /// Of a run that stands where its journal says.
    pub(crate) fn new(chart: Chart, journal: &RunState, now: Timestamp) -> Self {
        let named = |connector: &skybridge_plan::Connector| Row {
            name: connector.name.clone(),
            ..Row::default()
        };
        let rows = chart.plan().connectors().iter().map(named).collect();
        let ended = vec![false; chart.plan().len()];
        let (held, finished, outcome) = (BTreeMap::new(), 0, None);
        let mut board = Self { chart, rows, ended, held, since: now, finished, outcome };
        for step in (0..).take(board.ended.len()) {
            board.row(step).steps += 1;
        }
        for step in board.chart.settled().collect::<Vec<_>>() {
            board.end(step, |row| row.done += 1);
        }
        for (address, state) in journal.steps.iter().filter(|(_, state)| state.status.is_final()) {
            let Some(step) = board.chart.find(address) else { continue };
            board.end(step, |row| match state.status {
                skybridge_journal::Status::Failed => row.failed += 1,
                skybridge_journal::Status::Skipped => row.skipped += 1,
                _ => row.done += 1,
            });
        }
        board
    }

    fn row(&mut self, step: u32) -> &mut Row {
        let at = self.chart.connector(step);
        &mut self.rows[at]
    }

    /// A step has ended, once.
    fn end(&mut self, step: u32, count: impl FnOnce(&mut Row)) {
        let Some(ended) = self.ended.get_mut(step as usize) else { return };
        if !std::mem::replace(ended, true) {
            let row = self.row(step);
            row.active.remove(&step);
            count(row);
        }
    }

    /// Takes in what happened.
    pub(crate) fn take_in(&mut self, event: &RunEvent, now: Timestamp) {
        match event {
            RunEvent::StepStarted { address, title, attempt, .. } => {
                self.begins(Doing::new(address.clone(), title.clone(), *attempt, now));
            }
            RunEvent::StepWaiting { address, why, until } => {
                self.does(address, now, What::Waits { why: why.clone(), until: *until });
            }
            RunEvent::StepRetrying { address, error, r#in } => {
                let wait = std::time::Duration::try_from_secs_f64(*r#in).unwrap_or_default();
                let until = now.checked_add(wait).unwrap_or(now);
                let status = error.context.iter().find(|(key, _)| key == "status");
                let what = match error.class {
                    RetryClass::RateLimited => {
                        What::Held { status: status.map(|(_, value)| value.clone()), until }
                    }
                    _ => What::Retries { why: error.message.clone(), until },
                };
                self.does(address, now, what);
            }
            RunEvent::DomainHeld { domain, until, .. } => {
                self.held.insert(domain.clone(), *until);
            }
            RunEvent::Notice { step, text, .. } => {
                if let Some(doing) = Address::parse(step).ok().and_then(|it| self.doing(&it, now)) {
                    doing.person = Some(text.clone());
                }
            }
            RunEvent::StepFinished { address, seconds, .. } => {
                if let Some(step) = self.chart.find(address) {
                    self.chart.took(step, *seconds);
                    self.finished += 1;
                    self.end(step, |row| row.done += 1);
                }
            }
            RunEvent::StepFailed { address, .. } => {
                if let Some(step) = self.chart.find(address) {
                    self.end(step, |row| row.failed += 1);
                }
            }
            RunEvent::StepSkipped { address, .. } => {
                if let Some(step) = self.chart.find(address) {
                    self.end(step, |row| row.skipped += 1);
                }
            }
            RunEvent::RunStarted { .. } => {}
            RunEvent::RunFinished { outcome, .. } => self.outcome = Some(*outcome),
        }
    }

    /// A call about a step came further.
    pub(crate) fn came(&mut self, subject: &str, come: Come) {
        let Some(step) = Address::parse(subject).ok().and_then(|it| self.chart.find(&it)) else {
            return;
        };
        if let Some(Doing { what: What::Works { come: known }, .. }) =
            self.row(step).active.get_mut(&step)
        {
            *known = Some(come);
        }
    }

    fn begins(&mut self, doing: Doing) {
        let Some(step) = self.chart.find(&doing.address).filter(|step| !self.has_ended(*step))
        else {
            return;
        };
        let active = &mut self.row(step).active;
        let began = active.get(&step).map_or(doing.began, |before| before.began);
        active.insert(step, Doing { began, ..doing });
    }

    fn does(&mut self, address: &Address, now: Timestamp, what: What) {
        if let Some(doing) = self.doing(address, now) {
            doing.since = now;
            doing.what = what;
        }
    }

    /// A step under way. Its beginning may have been left out for a slow reader, or have been told
    /// to another process.
    fn doing(&mut self, address: &Address, now: Timestamp) -> Option<&mut Doing> {
        let step = self.chart.find(address).filter(|step| !self.has_ended(*step))?;
        let title = self.chart.plan().step(step).map(|it| it.title()).unwrap_or_default();
        let fresh = || Doing::new(address.clone(), title, 0, now);
        Some(self.row(step).active.entry(step).or_insert_with(fresh))
    }

    fn has_ended(&self, step: u32) -> bool {
        self.ended.get(step as usize).copied().unwrap_or(true)
    }

    /// Until when nothing of a step's throttle domain is called; long ago when it is not held.
    pub(crate) fn held_until(&self, step: u32) -> Timestamp {
        let domain = self.chart.plan().step(step).map(|step| step.throttle());
        domain.and_then(|it| self.held.get(&it)).copied().unwrap_or(Timestamp::MIN)
    }

    /// Forgets holds that are over.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.held.retain(|_, until| *until > now);
    }

    /// Steps of all connectors together.
    pub(crate) fn total(&self) -> Tally {
        self.rows.iter().fold(Tally::default(), |sum, row| sum.plus(row.tally()))
    }

    /// Works out anew how long the rest takes, for each row and in all. What the chain of steps says
    /// is too little when more steps are left than run at a time: then their rate counts.
    pub(crate) fn estimate(&mut self, now: Timestamp) -> Rest {
        let seconds = |since: Timestamp| now.duration_since(since).as_secs_f64();
        let worked = |step: u32| {
            let active = &self.rows[self.chart.connector(step)].active;
            let begun = active.get(&step).map_or(0.0, |doing| seconds(doing.began));
            (!self.has_ended(step)).then_some(begun)
        };
        let mut left = self.chart.left(worked);
        let whole = left.pop().unwrap_or(Rest { seconds: 0.0, at_least: true });
        for (row, left) in self.rows.iter_mut().zip(left) {
            row.left = (row.tally().open() > 0).then_some(left);
        }
        let open = f64::from(self.total().open());
        let rated = if self.finished >= RATED {
            open * seconds(self.since) / f64::from(self.finished)
        } else {
            0.0
        };
        Rest { seconds: whole.seconds.max(rated), ..whole }
    }
}
