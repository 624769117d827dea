//! Any bytes as a plugin's library: an answer before any of them runs, never a panic.
//!
//! Run with `cargo fuzz run library` in `core/host`; a plugin's own library is a good first input.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skybridge_host::elf;

fuzz_target!(|bytes: &[u8]| {
    // What cannot be parsed may have a tag, and the other way round: both only must not panic.
    drop((elf::check(bytes), elf::tag(bytes)));
});
