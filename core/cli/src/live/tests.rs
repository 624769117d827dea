//! Who is alive, and what may be believed.

use super::file::{FILE, FORMAT, VERSION, replace};
use super::process::began;
use super::*;

fn live(pid: u32, host: &str, began: Option<u64>) -> Live {
    let at: Timestamp = "2030-01-31T12:00:00Z".parse().unwrap();
    let holder = Holder { pid, command: "apply".to_owned(), host: host.to_owned(), since: at };
    let now = Now {
        taken_up: at,
        total: Tally::default(),
        left: None,
        census: Census::default(),
        connectors: Vec::new(),
        under_way: Vec::new(),
        held: Vec::new(),
    };
    let (format, run) = (FORMAT.to_owned(), "r".to_owned());
    Live { format, version: VERSION, run, holder, began, at, now }
}

#[test]
fn a_process_is_known_by_its_number_and_its_beginning() {
    let now = "2030-01-31T12:00:20Z".parse().unwrap();
    let here = Holder::this_process("", now).host;
    let (pid, began) = (std::process::id(), began(std::process::id()));
    assert!(began.is_some());
    assert!(live(pid, &here, began).is_alive(now));
    assert!(live(pid, &here, None).is_alive(now));
    // Somebody else has its number now.
    assert!(!live(pid, &here, began.map(|at| at + 1)).is_alive(now));
    // No process has number 0, nor one this large.
    assert!(!live(0, &here, None).is_alive(now));
    assert!(!live(u32::MAX, &here, None).is_alive(now));
}

#[test]
fn another_machines_process_is_known_by_what_it_writes() {
    let heard = |text: &str| live(1, "another", None).is_alive(text.parse().unwrap());
    assert!(heard("2030-01-31T12:00:30Z"));
    assert!(!heard("2030-01-31T12:00:31Z"));
}

#[test]
fn what_was_written_is_read_and_what_is_odd_is_not() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path()), None);
    let wanted = live(7, "here", Some(9));
    replace(&folder.path().join(FILE), &wanted).unwrap();
    assert_eq!(read(folder.path()), Some(wanted.clone()));
    let newer = Live { version: VERSION + 1, ..wanted };
    replace(&folder.path().join(FILE), &newer).unwrap();
    assert_eq!(read(folder.path()), None);
    fs_err::write(folder.path().join(FILE), "{\"format\":").unwrap();
    assert_eq!(read(folder.path()), None);
}
