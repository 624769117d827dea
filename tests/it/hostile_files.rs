//! Plugin files with something wrong in them: hundreds of thousands against the checks before any of
//! a file's code runs, and those that pass against a process of their own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use skybridge_host::runner::Limits;
use skybridge_host::{Candidate, Runner, Trust, elf};
use skybridge_tests::built;

/// Files that are only looked at. They take some microseconds each.
const LOOKED_AT: u64 = 100_000;

/// Of those that pass, so many are loaded. Each is written, hashed, and gets a process.
const LOADED: usize = 40;

/// With this set, ten times as many are loaded.
const MORE: &str = "SKYBRIDGE_FUZZ_MORE";

/// The place of the tables that decide what is mapped where.
const HEADERS: usize = 4096;

/// SplitMix64: any seed gives a good stream.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }
}

/// What was there before, to be put back.
type Undo = Vec<(usize, u8)>;

/// Spoils some bytes, mostly where the tables are.
fn spoil(bytes: &mut [u8], tables: usize, random: &mut Random) -> Undo {
    const ODD: [u8; 6] = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
    let mut undo = Undo::new();
    for _ in 0..=random.below(6) {
        let at = match random.below(4) {
            0 => random.below(64),
            1 => random.below(HEADERS),
            2 => tables + random.below(bytes.len() - tables),
            _ => random.below(bytes.len()),
        };
        let value = match random.below(2) {
            0 => ODD[random.below(ODD.len())],
            _ => u8::try_from(random.below(256)).unwrap(),
        };
        // A run of the same byte reaches whole fields.
        let run = [1, 1, 1, 4, 8][random.below(5)];
        for at in at..(at + run).min(bytes.len()) {
            undo.push((at, bytes[at]));
            bytes[at] = value;
        }
    }
    undo
}

fn restore(bytes: &mut [u8], undo: Undo) {
    undo.into_iter().rev().for_each(|(at, value)| bytes[at] = value);
}

/// Where the section headers begin, by the file's own word.
fn section_headers(bytes: &[u8]) -> usize {
    let offset: [u8; 8] = bytes[0x28..0x30].try_into().unwrap();
    usize::try_from(u64::from_le_bytes(offset)).unwrap()
}

#[test]
fn spoiled_files_end_nobody() {
    let good = fs_err::read(built().join("libskybridge_plugin_hello.so")).unwrap();
    let tables = section_headers(&good);
    let mut bytes = good.clone();
    let mut random = Random(20_261_127);
    let mut pass = Vec::new();
    let mut refused = 0;
    for number in 0..LOOKED_AT {
        let seed = random.next();
        let mut own = Random(seed);
        let undo = spoil(&mut bytes, tables, &mut own);
        let end = if number % 5 == 0 { own.below(bytes.len()) } else { bytes.len() };
        let looked = elf::check(&bytes[..end]);
        drop(elf::tag(&bytes[..end]));
        restore(&mut bytes, undo);
        match looked {
            Ok(()) => pass.push((seed, end)),
            Err(_) => refused += 1,
        }
    }
    assert_eq!(bytes, good, "the next file starts from a good one");
    assert!(refused > LOOKED_AT / 10 && !pass.is_empty(), "{refused} of {LOOKED_AT} refused");
    let many = if std::env::var_os(MORE).is_some() { 10 * LOADED } else { LOADED };
    let stride = pass.len().div_ceil(many);
    let tried: Vec<_> = pass.iter().step_by(stride).collect();
    let mut outcomes = [0; 3];
    for (seed, end) in &tried {
        let undo = spoil(&mut bytes, tables, &mut Random(*seed));
        outcomes[load(&bytes[..*end])] += 1;
        restore(&mut bytes, undo);
    }
    let [loaded, refused_apart, died] = outcomes;
    println!(
        "{LOOKED_AT} spoiled files looked at: {refused} refused, {} pass; {} of those loaded in a \
         process: {loaded} load, {refused_apart} are refused there, {died} end it",
        pass.len(),
        tried.len()
    );
}

/// Loads a file in a process of its own: 0 it loads, 1 it is refused, 2 it ended the process.
fn load(bytes: &[u8]) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("libskybridge_plugin_spoiled.so");
    fs_err::write(&file, bytes).unwrap();
    let limits = Limits { load: Duration::from_secs(5), ..Limits::default() };
    let runner = Runner {
        program: built().join("skybridge"),
        args: vec!["plugin-runner".into()],
        environment: Arc::default(),
        limits,
    };
    let loaded =
        Candidate::read(&file, Trust::BesideHost).and_then(|candidate| candidate.probe(&runner));
    match loaded {
        Ok(_) => 0,
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("help:") && text.lines().count() <= 12, "{text}");
            if text.contains("it was tried in a process of its own") { 2 } else { 1 }
        }
    }
}
