//! Many tell while one commits.

use super::{at, write};
use crate::{AuditLog, verify};

/// Whatever was told before a commit is in the file when it returns, and the chain is one.
#[test]
fn many_may_tell_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = AuditLog::open(dir.path(), at(0)).unwrap().log;
    std::thread::scope(|scope| {
        for teller in 0..4 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..500 {
                    log.append(at(number), write(teller * 1000 + number));
                    if number % 50 == teller {
                        let head = log.commit().unwrap();
                        assert!(head.seq > number, "{head}");
                    }
                }
            });
        }
    });
    let head = log.close().unwrap();
    assert_eq!(head.seq, 2000);
    let verdict = verify(dir.path(), Some((Some(head.seq), head.hash))).unwrap();
    assert_eq!((verdict.entries, verdict.unnoted, verdict.broken), (2000, 0, None));
}
