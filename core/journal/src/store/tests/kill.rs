//! A process that is killed while it writes: the kernel's own crash.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::testing::{applied, at, intended, started};
use crate::{FileStore, Holder, LockError, StateLock, Status, Store, load};

/// Where the child works; without it, it does not.
pub(super) const DIR: &str = "SKYBRIDGE_TEST_KILL_DIR";

/// The child among the tests.
pub(super) const CHILD: &str = "store::tests::kill::child_writes_until_it_is_killed";

/// How many steps the child does if nobody kills it; all there are without it.
const STEPS: &str = "SKYBRIDGE_TEST_KILL_STEPS";

/// The child's part; in an ordinary test run it has nothing to do.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = PathBuf::from(dir);
    let _lock = StateLock::acquire(&dir, &Holder::this_process("child", at(0))).unwrap();
    let mut store = FileStore::create(&dir.join("journal")).unwrap();
    store.append(&[started()]).unwrap();
    let steps =
        std::env::var_os(STEPS).map_or(usize::MAX, |n| n.to_str().unwrap().parse().unwrap());
    for step in 0..steps {
        let address = format!("c.step-{step}");
        store.append(&[intended(&address, 0), applied(&address, true)]).unwrap();
        println!("acknowledged {step}");
    }
}

/// Everything that was acknowledged is there, and the lock is free.
#[test]
fn a_killed_writer_loses_nothing_it_acknowledged() {
    for acknowledged in [0, 1, 50] {
        let dir = tempfile::tempdir().unwrap();
        kill_after(dir.path(), acknowledged);
        let (state, _) = load(&dir.path().join("journal")).unwrap();
        let done = state.steps.values().filter(|step| step.status == Status::Ready).count();
        assert!(done > acknowledged, "{done} of {acknowledged}");
        FileStore::open(&dir.path().join("journal")).unwrap();
        StateLock::acquire(dir.path(), &Holder::this_process("parent", at(1))).unwrap();
    }
}

fn kill_after(dir: &Path, acknowledged: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", CHILD])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let wanted = format!("acknowledged {acknowledged}");
    let said = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .any(|line| line.ends_with(&wanted));
    let held = StateLock::acquire(dir, &Holder::this_process("parent", at(1))).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said, "the child ended by itself");
    assert!(
        matches!(&held, LockError::Held { holder: Some(holder), .. } if holder.pid == child.id()),
        "{held}"
    );
}
