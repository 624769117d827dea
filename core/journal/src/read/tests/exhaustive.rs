//! Every place at which a small journal can be cut, and every bit of it that can flip.

use super::{events_of, journal};
use crate::testing::{every_kind, started};
use crate::{FileStore, ReadError, Store, TornTail};

/// Where each line of the file begins, and where the file ends.
fn borders(bytes: &[u8]) -> Vec<usize> {
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends).collect()
}

/// Cut after any byte: refused within the header, and otherwise everything up to the last line end
/// is there, the rest is told as a torn tail, and the journal can be gone on with.
#[test]
fn every_prefix_opens_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &every_kind());
    let whole = fs_err::read(&path).unwrap();
    let borders = borders(&whole);
    let (mut refused, mut torn, mut clean) = (0, 0, 0);
    for end in 0..=whole.len() {
        fs_err::write(&path, &whole[..end]).unwrap();
        if end < borders[1] {
            let error = events_of(&path).unwrap_err();
            assert!(matches!(error, ReadError::NotAJournal { .. }), "cut at {end}: {error}");
            FileStore::open(&path).unwrap_err();
            assert_eq!(fs_err::read(&path).unwrap(), &whole[..end], "a refused file is left alone");
            refused += 1;
            continue;
        }
        let lines = borders.iter().filter(|border| **border <= end).count() - 1;
        let offset = borders[lines];
        let tail = (end > offset)
            .then(|| TornTail { offset: offset as u64, bytes: (end - offset) as u64 });
        let events = every_kind()[..lines - 1].to_vec();
        assert_eq!(events_of(&path).unwrap(), (events, tail), "cut at {end}");
        let mut opened = FileStore::open(&path).unwrap();
        assert_eq!(opened.torn, tail, "cut at {end}");
        opened.store.append(&every_kind()[lines - 1..]).unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), whole, "gone on with after {end}");
        *(if tail.is_some() { &mut torn } else { &mut clean }) += 1;
    }
    assert_eq!(clean, every_kind().len() + 1);
    println!(
        "{refused} prefixes refused, {torn} with a torn tail, {clean} cut between two records"
    );
}

/// Any bit flipped: within the header the file is no journal, within the last record it looks like
/// a torn tail, and everywhere else it is damage, told with the byte at which its record begins.
#[test]
fn every_flipped_bit_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &every_kind());
    let whole = fs_err::read(&path).unwrap();
    let borders = borders(&whole);
    let last = borders[borders.len() - 2];
    let (mut header, mut damaged, mut torn) = (0, 0, 0);
    for at in 0..whole.len() {
        let line = *borders.iter().rfind(|border| **border <= at).unwrap();
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << bit;
            fs_err::write(&path, &flipped).unwrap();
            match events_of(&path) {
                Err(ReadError::NotAJournal { .. }) if line == 0 => header += 1,
                Err(ReadError::Damaged { offset, .. }) if line > 0 && line < last => {
                    assert_eq!(offset, line as u64, "bit {bit} of byte {at}");
                    damaged += 1;
                }
                Ok((events, Some(tail))) if line == last => {
                    assert_eq!(events, every_kind()[..every_kind().len() - 1]);
                    assert_eq!(tail.offset, line as u64, "bit {bit} of byte {at}");
                    torn += 1;
                }
                other => panic!("bit {bit} of byte {at}: {other:?}"),
            }
        }
    }
    assert_eq!(header + damaged + torn, whole.len() * 8);
    println!("{damaged} flipped bits are damage, {header} no journal, {torn} a torn tail");
}

/// A file longer than a journal may be is not read at all; a sparse one takes no room.
#[test]
fn what_is_too_long_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    let path = journal(dir.path(), &[started()]);
    let limit = crate::limits::JOURNAL_BYTES_MAX;
    let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    if let Err(error) = file.set_len(limit + 1) {
        println!("this file system has no files of {limit} bytes: {error}");
        return;
    }
    let error = events_of(&path).unwrap_err().to_string();
    let told = format!(
        "{} has 4294967297 bytes, more than the 4294967296 a journal may have",
        path.display()
    );
    assert_eq!(error, told);
}
