//! What a run under way tells other processes that the journal does not: who works on it, what each
//! step waits for, and how long the rest takes. A small file beside the journal, replaced as a whole,
//! gone when the process ends in order. One that is left behind by a process that is gone is stale.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde::{Deserialize, Serialize};
use skybridge_journal::Holder;
use skybridge_model::Timestamp;

use crate::render::progress::board::{Board, Doing, Row, What};
use crate::render::progress::words::between;

/// What `format` says.
const FORMAT: &str = "skybridge-live";

/// What `version` says.
const VERSION: u32 = 1;

/// The file beside the journal.
const FILE: &str = "live.json";

/// Seconds between two writes while things change: who looks does so once a second.
const EVERY_SECONDS: f64 = 1.0;

/// Seconds after which it is written although nothing changed, so that its age says something on
/// another machine, where nobody can ask whether the process is there.
const BEAT_SECONDS: f64 = 10.0;

/// An age at which a file of another machine is taken for stale: three beats that did not come.
const STALE_SECONDS: f64 = 3.0 * BEAT_SECONDS;

/// Connectors listed: half a screenful of kilobytes. Of more, those with most under way.
const CONNECTORS_MAX: usize = 500;

/// Steps listed, those first that most of the rest waits for.
const STEPS_MAX: usize = 200;

/// A file larger than this was not written by us: the caps above with the longest addresses.
const BYTES_MAX: u64 = 8 << 20;

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

/// Whether the process that wrote the file is still at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// It is there.
    Alive,
    /// It is gone, and did not end in order.
    Gone,
    /// It is on another machine and has not been heard of for a while.
    Unheard,
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

/// Writes the file of one run.
#[derive(Debug)]
pub(crate) struct Writer {
    path: PathBuf,
    run: String,
    holder: Holder,
    began: Option<u64>,
    last: Option<(Timestamp, Now)>,
    /// Trouble is told once.
    told: bool,
}

impl Writer {
    /// For the run whose folder it is.
    pub(crate) fn new(folder: &Path, run: &str, holder: Holder) -> Self {
        let began = began(holder.pid);
        let path = folder.join(FILE);
        Self { path, run: run.to_owned(), holder, began, last: None, told: false }
    }

    /// Writes it when it is time to.
    pub(crate) async fn write(&mut self, now: Now, at: Timestamp) {
        let age = self.last.as_ref().map_or(f64::MAX, |(last, _)| between(*last, at));
        if age < EVERY_SECONDS {
            return;
        }
        if age < BEAT_SECONDS && self.last.as_ref().is_some_and(|(_, last)| *last == now) {
            return;
        }
        let live = Live {
            format: FORMAT.to_owned(),
            version: VERSION,
            run: self.run.clone(),
            holder: self.holder.clone(),
            began: self.began,
            at,
            now: now.clone(),
        };
        self.last = Some((at, now));
        let path = self.path.clone();
        // The disk may be slow, and there are events to be taken in.
        let written = tokio::task::spawn_blocking(move || replace(&path, &live)).await;
        if let Ok(Err(error)) = written
            && !std::mem::replace(&mut self.told, true)
        {
            tracing::warn!(%error, "other processes cannot see how this run stands");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It is gone already when it could not be written.
        drop(std::fs::remove_file(&self.path));
    }
}

/// There is the old file or the new one, never a part. It is not synced: after a power cut nobody
/// works on the run.
fn replace(path: &Path, live: &Live) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    file.write_all(&serde_json::to_vec(live)?)?;
    fs_err::rename(&draft, path)
}

/// What the file in a run's folder says; nothing when there is none, or none that can be read.
pub(crate) fn read(folder: &Path) -> Option<Live> {
    let path = folder.join(FILE);
    if std::fs::metadata(&path).ok()?.len() > BYTES_MAX {
        return None;
    }
    let live: Live = serde_json::from_slice(&fs_err::read(path).ok()?).ok()?;
    (live.format == FORMAT && live.version <= VERSION).then_some(live)
}

impl Live {
    /// Whether its process is at work.
    pub(crate) fn pulse(&self, now: Timestamp) -> Pulse {
        let here = Holder::this_process("", now);
        if here.host != self.holder.host {
            let heard = between(self.at, now) <= STALE_SECONDS;
            return if heard { Pulse::Alive } else { Pulse::Unheard };
        }
        if is_there(self.holder.pid, self.began) { Pulse::Alive } else { Pulse::Gone }
    }
}

/// Whether a process is there, as far as that can be known here: another machine's counts as there.
pub(crate) fn may_be_there(holder: &Holder) -> bool {
    let here = Holder::this_process("", holder.since);
    here.host != holder.host || is_there(holder.pid, None)
}

/// Whether a process of this machine is there, and is the one that began then.
fn is_there(pid: u32, began_then: Option<u64>) -> bool {
    let Some(process) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    // Not being allowed to signal somebody means that there is somebody.
    let there = rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH);
    let same = match (began_then, began(pid)) {
        (Some(then), Some(now)) => then == now,
        _ => true,
    };
    there && same && !is_dead(pid)
}

/// When a process began, where the system says so.
fn began(pid: u32) -> Option<u64> {
    stat(pid)?.split(' ').nth(19)?.parse().ok()
}

/// Whether a process has ended and only its parent has not noticed yet.
fn is_dead(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.starts_with(['Z', 'X']))
}

/// What the system says of a process behind its name, which may hold anything.
fn stat(pid: u32) -> Option<String> {
    let text = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ").map(|(_, rest)| rest.to_owned())
}

/// Whether the lock of a state directory still names the process that says it works there. Another
/// name means that it is gone, whoever has its number now.
pub(crate) fn works_in(place: &Path, holder: &Holder) -> bool {
    at_work(place).is_none_or(|named| (named.pid, &named.host) == (holder.pid, &holder.host))
}

/// Who the lock of a state directory names; nothing when nobody works there. The text of a process
/// that was killed stays behind, so it may be gone.
pub(crate) fn at_work(place: &Path) -> Option<Holder> {
    let path = place.join("lock");
    let small =
        std::fs::metadata(&path).ok()?.len() <= skybridge_journal::limits::LOCK_BYTES_MAX as u64;
    small.then(|| serde_json::from_slice(&fs_err::read(path).ok()?).ok())?
}

impl Connector {
    pub(crate) fn new(name: &str) -> Self {
        let (tally, phase, foremost, left) = (Tally::default(), None, None, None);
        Self { name: name.to_owned(), tally, foremost, phase, left }
    }
}
