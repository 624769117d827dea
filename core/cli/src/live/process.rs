//! Whether the process that works on a run is there.

use std::path::Path;

use skybridge_journal::Holder;
use skybridge_journal::limits::LOCK_BYTES_MAX;
use skybridge_model::Timestamp;

use super::Live;
use super::file::BEAT_SECONDS;
use crate::render::progress::words::between;

/// An age at which a file of another machine is taken for stale: three beats that did not come.
const STALE_SECONDS: f64 = 3.0 * BEAT_SECONDS;

impl Live {
    /// Whether its process is at work. Of one on another machine that is known only by what it
    /// writes.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        let here = Holder::this_process("", now);
        if here.host == self.holder.host {
            is_there(self.holder.pid, self.began)
        } else {
            between(self.at, now) <= STALE_SECONDS
        }
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
pub(super) fn began(pid: u32) -> Option<u64> {
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
    let small = std::fs::metadata(&path).ok()?.len() <= LOCK_BYTES_MAX as u64;
    small.then(|| serde_json::from_slice(&fs_err::read(path).ok()?).ok())?
}
