//! Lock files that are not what they should be.

use super::*;

fn read(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join(FILE_NAME), text).unwrap();
    let error = Lock::read(folder.path()).unwrap_err().to_string();
    error.replace(&folder.path().display().to_string(), "TEST")
}

#[test]
fn says_where_it_is_wrong() {
    assert_eq!(read("version = 2\n"), "TEST/skybridge.lock: its version is 2, this host reads 1");
    assert!(read("version = \"").contains("TEST/skybridge.lock: TOML parse error at line 1"));
    assert!(read("version = 1\nplugin = 3\n").contains("unknown field `plugin`"));
    let odd = "version = 1\n[plugins.x.targets.t]\nversion = \"1\"\nsha = \"\"\n";
    assert!(read(odd).contains("unknown field `sha`"));
}

#[test]
fn what_is_written_is_read_and_other_platforms_stay() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Lock::read(folder.path()).unwrap().is_none());
    let mut lock = Lock::new(folder.path());
    assert!(lock.put("azure", "1.0.0", "ab"));
    assert!(!lock.put("azure", "1.0.0", "ab"));
    let other = LockedFile { version: "0.9.0".into(), sha256: "cd".into() };
    let targets = &mut lock.plugins.get_mut("azure").unwrap().targets;
    targets.insert("elsewhere".into(), other.clone());
    lock.write().unwrap();
    let mut again = Lock::read(folder.path()).unwrap().unwrap();
    assert_eq!(again, lock);
    assert!(again.put("azure", "1.1.0", "ef"));
    assert_eq!(again.plugins["azure"].targets["elsewhere"], other);
    assert!(again.pin("azure", "no key").unwrap_err().starts_with("`no key`:"));
}
