//! Compaction: when it happens, what stays, and what a crash at any point of it leaves.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::super::compact::draft;
use crate::limits::Caps;
use crate::testing::{address, applied, failed, intended, started};
use crate::{AppendError, Compaction, Event, FileStore, RunState, Store, compact, load};

const DIR: &str = "SKYBRIDGE_TEST_COMPACT_DIR";
const CHILD: &str = "store::tests::compact::child_compacts_until_it_is_killed";

/// Small enough for what a test writes.
const CAPS: Caps = Caps { journal_bytes: 100 << 20, compact_bytes: 4096 };

/// A journal in which `steps` steps were tried `attempts` times each.
fn much_tried(dir: &Path, steps: u32, attempts: u32) -> PathBuf {
    let path = dir.join("journal");
    let mut store = FileStore::create(&path).unwrap();
    store.append(&[started()]).unwrap();
    for step in 0..steps {
        let name = format!("c.step-{step}");
        let mut events: Vec<Event> = (0..attempts - 1)
            .flat_map(|attempt| [intended(&name, attempt), wordy(failed(&name, attempt, false))])
            .collect();
        events.extend([intended(&name, attempts - 1), applied(&name, step % 2 == 0)]);
        store.append(&events).unwrap();
    }
    path
}

fn wordy(mut event: Event) -> Event {
    if let Event::StepFailed { error, .. } = &mut event {
        error.detail.help = Some("wait a little, and ask for a higher limit ".repeat(12));
    }
    event
}

/// A journal whose retries have become its larger part is rewritten when it is taken up, replays to
/// the same state, and is gone on with as if nothing had been.
#[test]
fn a_journal_full_of_retries_becomes_short() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 20, 30);
    let (before_state, _) = load(&path).unwrap();
    let mut opened = FileStore::open_within(&path, CAPS).unwrap();
    let Compaction::Done { before, after } = opened.compaction else {
        panic!("{:?}", opened.compaction);
    };
    println!("{before} bytes became {after}");
    assert!(after * 2 <= before, "{before} became {after}");
    assert_eq!((opened.state, opened.torn), (before_state.clone(), None));
    assert_eq!(fs_err::metadata(&path).unwrap().len(), after);
    assert_eq!(load(&path).unwrap(), (before_state, None));
    opened.store.append(&[started(), intended("c.more", 0)]).unwrap();
    assert!(load(&path).unwrap().0.steps.contains_key(&address("c.more")));
    // What is about as short as it can be is left alone.
    let again = FileStore::open_within(&path, CAPS).unwrap();
    assert!(matches!(again.compaction, Compaction::Needless), "{:?}", again.compaction);
}

/// A small journal, and one without retries, stay as they are.
#[test]
fn what_is_not_worth_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 2, 3);
    let bytes = fs_err::read(&path).unwrap();
    assert!(matches!(compact(&path).unwrap(), Compaction::Needless));
    let tidy = tempfile::tempdir().unwrap();
    let straight = much_tried(tidy.path(), 40, 1);
    assert!(fs_err::metadata(&straight).unwrap().len() > CAPS.compact_bytes);
    let opened = FileStore::open_within(&straight, CAPS).unwrap();
    assert!(matches!(opened.compaction, Compaction::Needless), "{:?}", opened.compaction);
    assert_eq!(fs_err::read(&path).unwrap(), bytes);
}

/// The journal of a run that has ended is compacted too, by the caps that hold in life.
#[test]
fn a_large_journal_that_nobody_works_on_is_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 100, 30);
    let (state, _) = load(&path).unwrap();
    let done = compact(&path).unwrap();
    assert!(matches!(done, Compaction::Done { .. }), "{done:?}");
    assert_eq!(load(&path).unwrap(), (state, None));
}

/// A torn tail does not come along.
#[test]
fn a_torn_tail_stays_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 20, 30);
    let mut bytes = fs_err::read(&path).unwrap();
    bytes.extend(b"0badc0de 17 ");
    fs_err::write(&path, bytes).unwrap();
    let opened = FileStore::open_within(&path, CAPS).unwrap();
    assert_eq!(opened.torn.unwrap().bytes, 12);
    assert_eq!(load(&path).unwrap(), (opened.state, None));
}

/// What a crash at one point leaves: the files of the folder, as they are at that moment.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs_err::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().to_str().unwrap().to_owned();
            (name, fs_err::read(entry.path()).unwrap())
        })
        .collect()
}

/// Opens what a crash left, in a folder of its own.
fn survives(files: &[(String, Vec<u8>)], state: &RunState) {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs_err::write(dir.path().join(name), bytes).unwrap();
    }
    let path = dir.path().join("journal");
    assert_eq!(load(&path).unwrap(), (state.clone(), None));
    let mut opened = FileStore::open_within(&path, CAPS).unwrap();
    assert_eq!(opened.state, *state);
    opened.store.append(&[started()]).unwrap();
    drop(opened);
    let left: Vec<String> = self::files(dir.path()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["journal"], "a draft stayed behind");
}

/// Between any two calls to the system the process may die, and until the draft is synced the power
/// may go and leave any beginning of it: there is one whole journal each time.
#[test]
fn a_crash_at_any_point_leaves_one_whole_journal() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 3, 8);
    let (state, _) = load(&path).unwrap();
    let mut points = vec![files(dir.path())];
    let mut written = draft(&path, CAPS, &state).unwrap();
    points.push(files(dir.path()));
    written.sync().unwrap();
    points.push(files(dir.path()));
    let full = points[2].iter().find(|(name, _)| name == "journal.new").unwrap().1.clone();
    let old = fs_err::read(&path).unwrap();
    for end in (0..full.len()).step_by(full.len() / 40).chain([full.len() - 1]) {
        // Written in part, or all there with blocks that never reached the disk.
        let mut holes = full.clone();
        holes[end..].fill(0);
        for draft in [full[..end].to_vec(), holes] {
            points.push(vec![("journal".into(), old.clone()), ("journal.new".into(), draft)]);
        }
    }
    written.rename().unwrap();
    points.push(files(dir.path()));
    // The folder was not synced yet: the old names may come back.
    points.push(vec![("journal".into(), old), ("journal.new".into(), full)]);
    let mut store = written.settle().unwrap();
    points.push(files(dir.path()));
    for files in &points {
        survives(files, &state);
    }
    println!("{} points of a crash", points.len());
    store.append(&[started()]).unwrap();
}

/// Where there is no room for a shorter journal, the longer one is gone on with.
#[test]
fn a_disk_too_full_to_compact_is_no_reason_to_stop() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 20, 30);
    let (state, _) = load(&path).unwrap();
    // A folder in the draft's place cannot be written.
    fs_err::create_dir(dir.path().join("journal.new")).unwrap();
    let mut opened = FileStore::open_within(&path, CAPS).unwrap();
    let Compaction::Failed(AppendError::Io { doing, .. }) = opened.compaction else {
        panic!("{:?}", opened.compaction);
    };
    assert_eq!((doing, &opened.state), ("creating", &state));
    opened.store.append(&[started(), intended("c.more", 0)]).unwrap();
    assert!(load(&path).unwrap().0.steps.contains_key(&address("c.more")));
}

/// The child's part; in an ordinary test run it has nothing to do.
#[test]
fn child_compacts_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = PathBuf::from(dir);
    let long = fs_err::read(dir.join("long")).unwrap();
    for _ in 0.. {
        // Put back as one step, so that what is there is always whole.
        fs_err::write(dir.join("again"), &long).unwrap();
        fs_err::rename(dir.join("again"), dir.join("journal")).unwrap();
        let opened = FileStore::open_within(&dir.join("journal"), CAPS).unwrap();
        assert!(matches!(opened.compaction, Compaction::Done { .. }));
    }
}

/// The kernel's own crash, at instants spread over what a compaction takes.
#[test]
fn a_process_killed_while_it_compacts_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = much_tried(dir.path(), 20, 30);
    let (state, _) = load(&path).unwrap();
    fs_err::copy(&path, dir.path().join("long")).unwrap();
    let mut drafts = 0;
    for round in 0..20_u32 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", CHILD])
            .env(DIR, dir.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // No wait for anything: any instant is as good as another.
        std::thread::sleep(Duration::from_micros(30_000 + u64::from(round) * 731));
        child.kill().unwrap();
        child.wait().unwrap();
        drafts += usize::from(dir.path().join("journal.new").exists());
        assert_eq!(load(&path).unwrap(), (state.clone(), None), "round {round}");
        let opened = FileStore::open_within(&path, CAPS).unwrap();
        assert_eq!(opened.state, state, "round {round}");
        assert!(!dir.path().join("journal.new").exists());
    }
    println!("{drafts} of 20 kills left a draft behind");
}
