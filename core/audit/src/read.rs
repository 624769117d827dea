//! Reading a log's entries, for people who look at them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use crate::entry::Entry;
use crate::limits::LINE_BYTES_MAX;

/// The entries of a log, in their order. Lines that are none are passed over: whether the log is
/// what was written is for [`verify()`](crate::verify()) to say.
#[derive(Debug)]
pub struct Entries {
    input: BufReader<fs_err::File>,
    line: Vec<u8>,
}

/// The entries of a log file.
///
/// # Errors
/// When it cannot be opened.
pub fn entries(path: &Path) -> std::io::Result<Entries> {
    Ok(Entries { input: BufReader::new(fs_err::File::open(path)?), line: Vec::new() })
}

impl Iterator for Entries {
    type Item = std::io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line.clear();
            let limit = LINE_BYTES_MAX as u64;
            match (&mut self.input).take(limit).read_until(b'\n', &mut self.line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            if let Ok(entry) = serde_json::from_slice(&self.line) {
                return Some(Ok(entry));
            }
        }
    }
}
