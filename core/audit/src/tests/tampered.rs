//! Whatever is done to a log is noticed, by name and with its line.

use std::path::Path;

use proptest::prelude::*;
use serde::Serialize as _;

use super::{log, text};
use crate::entry::Header;
use crate::{Entry, Finding, Head, Verdict, What, head_file, line, log_file, verify};

fn lines_of(folder: &Path) -> Vec<String> {
    text(folder).split_inclusive('\n').map(str::to_owned).collect()
}

/// The verdict on a log of these bytes, with the head beside it as it was.
fn verdict(folder: &Path, bytes: &[u8]) -> Verdict {
    fs_err::write(log_file(folder), bytes).unwrap();
    verify(folder, None).unwrap()
}

/// What is found, as a word with its line.
fn found(folder: &Path, bytes: &[u8]) -> (&'static str, u64) {
    let broken = verdict(folder, bytes).broken;
    broken.map_or(("nothing", 0), |broken| (broken.finding.word(), broken.line))
}

/// Every bit of every byte.
#[test]
fn every_flipped_bit_is_a_changed_line() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 3);
    let whole = fs_err::read(log_file(dir.path())).unwrap();
    for at in 0..whole.len() {
        let line = 1 + whole[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            assert_eq!(found(dir.path(), &flipped), ("changed", line), "bit {bit} of byte {at}");
        }
    }
    println!("{} flipped bits noticed", whole.len() * 8);
}

/// Every line removed, repeated at every place, and exchanged with every other one; every cut.
#[test]
fn every_moved_line_is_noticed_by_name() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 7);
    let lines = lines_of(dir.path());
    let count = lines.len();
    let mut cases = 0;
    let mut check = |changed: Vec<String>, wanted: (&str, usize), what: String| {
        let (word, line) = found(dir.path(), changed.concat().as_bytes());
        assert_eq!((word, line), (wanted.0, wanted.1 as u64 + 1), "{what}");
        cases += 1;
    };
    for at in 0..count {
        let mut removed = lines.clone();
        removed.remove(at);
        let word = if at + 1 == count { "truncated" } else { "missing" };
        check(removed, (word, at), format!("without {at}"));
        check(lines[..at].to_vec(), ("truncated", at), format!("cut at {at}"));
        for to in 0..=count {
            let mut repeated = lines.clone();
            repeated.insert(to, lines[at].clone());
            // A copy right before its original is the original, and that one the copy.
            let line = if to == at { at + 1 } else { to };
            check(repeated, ("repeated", line), format!("{at} once more at {to}"));
        }
        for other in at + 1..count {
            let mut swapped = lines.clone();
            swapped.swap(at, other);
            check(swapped, ("reordered", at), format!("{at} and {other} exchanged"));
        }
    }
    println!("{cases} logs of moved lines");
}

/// Cut within a line that is on record: that is no torn line.
#[test]
fn what_is_on_record_is_never_a_torn_line() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 3);
    let whole = fs_err::read(log_file(dir.path())).unwrap();
    for end in 0..whole.len() - 1 {
        let line = 1 + whole[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(found(dir.path(), &whole[..end]), ("truncated", line), "cut at {end}");
    }
}

/// Seals a log anew from one line on, as somebody would who knows the format.
fn forged(lines: &[String], from: usize, to: usize) -> Vec<String> {
    let mut forged = lines.to_vec();
    for at in from..to {
        let mut out = Vec::new();
        let prev = line::open(forged[at - 1].as_bytes()).unwrap().hash;
        let mut entry: Entry = serde_json::from_str(&forged[at]).unwrap();
        entry.prev = prev;
        if let What::Write(write) = &mut entry.what {
            write.target = "https://management.example/forged".to_owned();
        }
        line::seal(&mut out, &entry).unwrap();
        forged[at] = String::from_utf8(out).unwrap();
    }
    forged
}

/// Who writes the chain anew is found where it meets the old one, or by the head.
#[test]
fn a_chain_made_anew_is_a_fork() {
    let dir = tempfile::tempdir().unwrap();
    let head = log(dir.path(), 6);
    let lines = lines_of(dir.path());
    for from in 1..lines.len() {
        for to in from + 1..=lines.len() {
            let changed = forged(&lines, from, to).concat();
            // The line behind the forged ones was written after another one; the last is on record.
            let line = to.min(lines.len() - 1) as u64 + 1;
            assert_eq!(found(dir.path(), changed.as_bytes()), ("forked", line), "{from}..{to}");
        }
    }
    let all = verdict(dir.path(), forged(&lines, 1, lines.len()).concat().as_bytes());
    let Some(Finding::Forked { seq: 6, head: Some(known) }) = all.broken.map(|it| it.finding)
    else {
        panic!("the last entry is not the one on record")
    };
    assert_eq!(known, head);
}

/// Who makes log and head anew is found by a head that was kept elsewhere, and by nothing else.
#[test]
fn a_head_kept_elsewhere_proves_more() {
    let dir = tempfile::tempdir().unwrap();
    let head = log(dir.path(), 6);
    fs_err::remove_file(head_file(dir.path())).unwrap();
    fs_err::remove_file(log_file(dir.path())).unwrap();
    let shorter = log(dir.path(), 4);
    let known = |head: Head| Some((Some(head.seq), head.hash));
    let words = |kept| verify(dir.path(), kept).unwrap().broken.map(|it| it.finding.word());
    assert_eq!(words(None), None);
    assert_eq!(words(known(shorter)), None);
    assert_eq!(words(Some((None, shorter.hash))), None);
    assert_eq!(words(known(head)), Some("truncated"));
    assert_eq!(words(Some((None, head.hash))), Some("unknown-head"));
    let other = Head { seq: 3, hash: head.hash };
    assert_eq!(words(known(other)), Some("forked"));
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(verify(nothing.path(), None).unwrap(), Verdict::default());
    let gone = verify(nothing.path(), known(head)).unwrap().broken.unwrap();
    assert!(matches!(gone.finding, Finding::Truncated { last: None, .. }), "{gone}");
}

/// Every bit of the head's file, and the file itself.
#[test]
fn the_head_beside_the_log_is_guarded_too() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 2);
    let whole = fs_err::read(head_file(dir.path())).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            fs_err::write(head_file(dir.path()), flipped).unwrap();
            let broken = verify(dir.path(), None).unwrap().broken.unwrap();
            assert_eq!(broken.finding, Finding::Head { there: true }, "bit {bit} of byte {at}");
        }
    }
    fs_err::remove_file(head_file(dir.path())).unwrap();
    let broken = verify(dir.path(), None).unwrap().broken.unwrap();
    assert_eq!(broken.finding, Finding::Head { there: false });
}

/// A line that is whole, in its place, and says what version 1 does not know.
#[test]
fn a_line_that_says_something_unknown_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    log(dir.path(), 2);
    let mut lines = lines_of(dir.path());
    let last = line::open(lines[2].as_bytes()).unwrap();
    let mut entry: serde_json::Value = serde_json::from_str(&lines[2]).unwrap();
    let object = entry.as_object_mut().unwrap();
    object.remove("hash");
    object["seq"] = 3.into();
    object["event"] = "teleported".into();
    object["prev"] = last.hash.to_string().into();
    let mut out = Vec::new();
    line::seal(&mut out, &entry).unwrap();
    lines.push(String::from_utf8(out).unwrap());
    assert_eq!(found(dir.path(), lines.concat().as_bytes()), ("changed", 4));
    // The type's own form is what is written.
    let header: Header = serde_json::from_str(&lines[0]).unwrap();
    assert!(header.serialize(serde_json::value::Serializer).is_ok());
}

/// One thing done to a log.
#[derive(Debug, Clone)]
enum Tampering {
    Flip(proptest::sample::Index, u8),
    Remove(proptest::sample::Index),
    Repeat(proptest::sample::Index, proptest::sample::Index),
    Swap(proptest::sample::Index, proptest::sample::Index),
    Cut(proptest::sample::Index),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let index = any::<proptest::sample::Index>;
    prop_oneof![
        (index(), 1..=255_u8).prop_map(|(at, mask)| Tampering::Flip(at, mask)),
        index().prop_map(Tampering::Remove),
        (index(), index()).prop_map(|(at, to)| Tampering::Repeat(at, to)),
        (index(), index()).prop_map(|(at, to)| Tampering::Swap(at, to)),
        index().prop_map(Tampering::Cut),
    ]
}

impl Tampering {
    /// The log after it, and what has to be found; nothing when it changes nothing.
    fn of(&self, lines: &[String]) -> Option<(Vec<u8>, &'static str)> {
        let mut changed = lines.to_vec();
        let count = lines.len();
        let word = match self {
            Self::Flip(at, mask) => {
                let mut bytes = lines.concat().into_bytes();
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
                return Some((bytes, "changed"));
            }
            Self::Remove(at) => {
                let at = at.index(count);
                changed.remove(at);
                if at + 1 == count { "truncated" } else { "missing" }
            }
            Self::Repeat(at, to) => {
                changed.insert(to.index(count + 1), lines[at.index(count)].clone());
                "repeated"
            }
            Self::Swap(at, to) => {
                changed.swap(at.index(count), to.index(count));
                "reordered"
            }
            Self::Cut(at) => {
                changed.truncate(at.index(count));
                "truncated"
            }
        };
        (changed != lines).then(|| (changed.concat().into_bytes(), word))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_goes_unnoticed(writes in 1..40_u64, tampering in tampering()) {
        let dir = tempfile::tempdir().unwrap();
        let head = log(dir.path(), writes);
        let lines = lines_of(dir.path());
        if let Some((bytes, word)) = tampering.of(&lines) {
            prop_assert_eq!(found(dir.path(), &bytes).0, word);
            let kept = verify(dir.path(), Some((Some(head.seq), head.hash))).unwrap();
            prop_assert_eq!(kept.broken.map(|it| it.finding.word()), Some(word));
        }
    }
}
