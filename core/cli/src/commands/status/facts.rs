//! What is known of one run: its journal's word for everything that happened, and the word of the
//! process that works on it for what the journal does not say.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use skybridge_journal::{Holder, ReadError, RunPhase, RunState, Status, StepState};
use skybridge_model::{Address, Timestamp};

use crate::live::{self, Connector, Held, Live, Rest, Step, Tally};
use crate::put_back::{self, Standing};
use crate::record::{RunDir, RunRecord};

/// How often a journal is read again that looks damaged while somebody writes it: a reader can meet
/// the middle of a record, and then what was appended behind it meanwhile.
const READ_AGAIN: usize = 20;

/// A journal that is larger, in bytes, is not summed up to say of an old run what its last record
/// says.
const SUMMED_UP_MAX: u64 = 4 << 20;

/// How much is to be known of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// How it ended; its steps only if that costs little.
    Phase,
    /// Everything.
    Steps,
}

/// A run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Facts {
    #[serde(flatten)]
    pub(crate) record: RunRecord,
    /// How it stands, for people.
    pub(crate) state: String,
    pub(crate) phase: Phase,
    /// The process that works on it, or that did and is gone.
    pub(crate) process: Option<Process>,
    pub(crate) total: Tally,
    pub(crate) left: Option<Rest>,
    pub(crate) connectors: Vec<Connector>,
    pub(crate) held: Vec<Held>,
    /// What it changed for its own time, and nobody has put back since.
    pub(crate) standing: Vec<Standing>,
    pub(crate) steps: Vec<StepFacts>,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    NotStarted,
    /// A process works on it.
    Running,
    /// Stopped on request.
    Interrupted,
    /// It has not ended, and nobody works on it.
    Abandoned,
    Done,
    Failed,
    Stuck,
    Unreadable,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Process {
    #[serde(flatten)]
    pub(crate) holder: Holder,
    pub(crate) alive: bool,
    /// When it last wrote down how the run stands.
    pub(crate) heard: Timestamp,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct StepFacts {
    pub(crate) address: String,
    pub(crate) status: &'static str,
    pub(crate) error: Option<String>,
    /// When the last thing happened to it that is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// What it does or waits for, by the word of the process that works on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<Step>,
}

impl Facts {
    /// What is known of the run in a folder; nothing when it has no record that can be read.
    pub(super) fn read(
        place: &Path,
        folder: &RunDir,
        now: Timestamp,
        depth: Depth,
    ) -> Option<Self> {
        let record = folder.record().ok()?;
        let live = live::read(folder.path()).filter(|live| live.run == record.run);
        if depth == Depth::Phase
            && live.is_none()
            && let Some(phase) = done(&folder.journal())
        {
            return Some(Self::of_phase(record, phase));
        }
        let process = process(place, live.as_ref(), now);
        Some(match summed_up(&folder.journal(), process.as_ref()) {
            Ok(state) => {
                let facts = Self::sum_up(record, folder, &state, live, process);
                // A process that is at work puts it back.
                let standing = match facts.phase {
                    Phase::Running => Vec::new(),
                    _ => put_back::standing(place, folder, &facts.record, &state),
                };
                Self { standing, ..facts }
            }
            Err(error) => {
                let state = format!("unreadable: {error}");
                Self { state, process, ..Self::of_phase(record, Phase::Unreadable) }
            }
        })
    }

    fn of_phase(record: RunRecord, phase: Phase) -> Self {
        Self {
            record,
            state: phase.told().to_owned(),
            phase,
            process: None,
            total: Tally::default(),
            left: None,
            connectors: Vec::new(),
            held: Vec::new(),
            standing: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn sum_up(
        record: RunRecord,
        folder: &RunDir,
        journal: &RunState,
        live: Option<Live>,
        process: Option<Process>,
    ) -> Self {
        let alive = process.as_ref().is_some_and(|process| process.alive);
        let phase = Phase::of(journal.phase, alive);
        // Who worked on a run that has ended is of no more interest.
        let process = process.filter(|_| matches!(phase, Phase::Running | Phase::Abandoned));
        let mut connectors = tallies(journal);
        totals_of(&mut connectors, phase, folder, live.as_ref());
        let total = connectors.values().fold(Tally::default(), |sum, it| sum.plus(it.tally));
        let now = live.map(|live| live.now).filter(|_| phase == Phase::Running);
        let (left, held) = now.as_ref().map(|now| (now.left, now.held.clone())).unwrap_or_default();
        let (under_way, known) = now.map(|now| (now.under_way, now.connectors)).unwrap_or_default();
        let mut doing: BTreeMap<String, Step> =
            under_way.into_iter().map(|step| (step.address.clone(), step)).collect();
        let steps = journal.steps.iter().map(|(address, step)| StepFacts {
            now: doing.remove(address.as_str()).filter(|_| !step.status.is_final()),
            ..StepFacts::of(address, step)
        });
        let steps = steps.collect();
        for known in known {
            if let Some(connector) = connectors.get_mut(&known.name) {
                *connector = Connector { tally: connector.tally, ..known };
            }
        }
        Self {
            total,
            left,
            held,
            process,
            connectors: connectors.into_values().collect(),
            steps,
            ..Self::of_phase(record, phase)
        }
    }
}

impl StepFacts {
    fn of(address: &Address, step: &StepState) -> Self {
        let error = step.error.as_ref().filter(|_| step.status != Status::Ready);
        Self {
            address: address.to_string(),
            status: step.status.word(),
            error: error.map(ToString::to_string),
            since: step.last,
            now: None,
        }
    }
}

impl Phase {
    fn of(phase: RunPhase, alive: bool) -> Self {
        use skybridge_journal::Outcome;
        match phase {
            RunPhase::Finished(Outcome::Done) => Self::Done,
            RunPhase::Finished(Outcome::Failed) => Self::Failed,
            RunPhase::Finished(Outcome::Stuck) => Self::Stuck,
            _ if alive => Self::Running,
            RunPhase::New => Self::NotStarted,
            RunPhase::Running => Self::Abandoned,
            RunPhase::Interrupted => Self::Interrupted,
        }
    }

    /// Whether every step has ended.
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stuck)
    }

    fn told(self) -> &'static str {
        match self {
            Self::NotStarted => "not started; `skybridge resume` goes on with it",
            Self::Running => "under way",
            Self::Interrupted => "interrupted; `skybridge resume` goes on with it",
            Self::Abandoned => {
                "not ended, and nobody works on it; `skybridge resume` goes on with it"
            }
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stuck => "stuck",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The process that works on the run, by its own word.
fn process(place: &Path, live: Option<&Live>, now: Timestamp) -> Option<Process> {
    let live = live?;
    let alive = live.is_alive(now) && live::works_in(place, &live.holder);
    Some(Process { holder: live.holder.clone(), alive, heard: live.at })
}

/// Sums a journal up. One that somebody is writing may look damaged for a moment.
fn summed_up(journal: &Path, process: Option<&Process>) -> Result<RunState, ReadError> {
    let alive = process.is_some_and(|process| process.alive);
    let mut tries = if alive { READ_AGAIN } else { 1 };
    loop {
        tries -= 1;
        match skybridge_journal::load(journal) {
            Ok((state, _)) => return Ok(state),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

/// Whether a run whose journal is too large to be summed up for that is done, by its last record.
/// One that failed may have left something standing.
fn done(journal: &Path) -> Option<Phase> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = fs_err::File::open(journal).ok()?;
    let bytes = file.metadata().ok()?.len();
    if bytes <= SUMMED_UP_MAX {
        return None;
    }
    file.seek(SeekFrom::Start(bytes - 512)).ok()?;
    let mut tail = String::new();
    file.read_to_string(&mut tail).ok()?;
    let last = tail.strip_suffix('\n')?.rsplit('\n').next()?;
    let event = serde_json::from_str(last.splitn(4, ' ').nth(3)?).ok()?;
    match event {
        skybridge_journal::Event::RunFinished {
            outcome: skybridge_journal::Outcome::Done, ..
        } => Some(Phase::Done),
        _ => None,
    }
}

/// How the steps that the journal speaks of stand, by connector.
fn tallies(journal: &RunState) -> BTreeMap<String, Connector> {
    let mut all: BTreeMap<String, Connector> = BTreeMap::new();
    for (address, step) in &journal.steps {
        let name = address.connector();
        if !all.contains_key(name) {
            all.insert(name.to_owned(), Connector::new(name));
        }
        let Some(Connector { tally, .. }) = all.get_mut(name) else { continue };
        tally.steps += 1;
        match step.status {
            Status::Ready | Status::Settled => tally.done += 1,
            Status::Failed => tally.failed += 1,
            Status::Skipped => tally.skipped += 1,
            Status::Intended { .. } | Status::Retrying { .. } | Status::Applied { .. } => {
                tally.under_way += 1;
            }
            Status::Pending => {}
        }
    }
    all
}

/// How many steps each connector has in all. The journal of a run that has ended speaks of every
/// one; of another, the process that works or worked on it knows, and if need be the plan does.
fn totals_of(
    connectors: &mut BTreeMap<String, Connector>,
    phase: Phase,
    folder: &RunDir,
    live: Option<&Live>,
) {
    if phase.has_ended() {
        return;
    }
    let whole = live.filter(|live| live.now.census.all() as usize == live.now.connectors.len());
    let totals: BTreeMap<String, u32> = match whole {
        Some(live) => {
            let known = live.now.connectors.iter();
            known.map(|known| (known.name.clone(), known.tally.steps)).collect()
        }
        None => folder.plan().ok().and_then(|plan| planned(&plan)).unwrap_or_default(),
    };
    for (name, steps) in totals {
        let connector = connectors.entry(name).or_insert_with_key(|name| Connector::new(name));
        connector.tally.steps = steps.max(connector.tally.steps);
    }
}

/// Counts a plan's steps by connector, and reads nothing else of it.
fn planned(plan: &[u8]) -> Option<BTreeMap<String, u32>> {
    #[derive(serde::Deserialize)]
    struct Plan<'a> {
        #[serde(borrow)]
        steps: Vec<OfPlan<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct OfPlan<'a> {
        // Names of connectors hold nothing that JSON would escape.
        connector: &'a str,
    }
    let plan: Plan<'_> = serde_json::from_slice(plan).ok()?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for step in plan.steps {
        match counts.get_mut(step.connector) {
            Some(count) => *count += 1,
            None => drop(counts.insert(step.connector.to_owned(), 1)),
        }
    }
    Some(counts)
}
