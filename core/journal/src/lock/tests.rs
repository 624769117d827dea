//! One at a time, and the other one knows who.

use super::{Holder, LockError, StateLock};
use crate::testing::at;

fn holder() -> Holder {
    Holder::this_process("apply contoso.toml", at(0))
}

/// The second one is told who the first one is, and may go when that one has gone.
#[test]
fn names_its_holder_and_lets_go() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("deep/state");
    let lock = StateLock::acquire(&state, &holder()).unwrap();
    let error = StateLock::acquire(&state, &holder()).unwrap_err();
    let text = error.to_string();
    let pid = format!("process {}", std::process::id());
    for part in [pid.as_str(), "apply contoso.toml", "2023-11-14T22:13:20Z", &holder().host] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    drop(lock);
    StateLock::acquire(&state, &holder()).unwrap();
}

/// A holder that has not written its name yet is still a holder.
#[test]
fn copes_with_a_nameless_holder() {
    let dir = tempfile::tempdir().unwrap();
    let lock = StateLock::acquire(dir.path(), &holder()).unwrap();
    fs_err::write(dir.path().join("lock"), "half a na").unwrap();
    let error = StateLock::acquire(dir.path(), &holder()).unwrap_err();
    assert!(matches!(error, LockError::Held { holder: None, .. }));
    assert!(error.to_string().contains("another process"), "{error}");
    drop(lock);
}

/// A state folder that cannot be a folder is an error with its name.
#[test]
fn names_the_folder_it_cannot_use() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs_err::write(&file, "").unwrap();
    let error = StateLock::acquire(&file.join("state"), &holder()).unwrap_err();
    assert!(error.to_string().contains("file/state"), "{error}");
}
