//! One record as one line: `checksum sequence length json`.
//!
//! The checksum (CRC-32, eight hexadecimal digits) covers everything behind it up to the line end.
//! The sequence number counts lines from 0, so that a line that was removed, repeated or moved is
//! noticed although every line by itself is whole. The length tells a cut line from a changed one.

use std::io::Write;

/// Appends a record's line to `out`. `json` holds no line end: the serialiser escapes them.
pub(crate) fn write(out: &mut Vec<u8>, sequence: u64, json: &[u8]) {
    let start = out.len();
    out.extend_from_slice(b"........ ");
    // Writing into a vector cannot fail.
    let _infallible = write!(out, "{sequence} {} ", json.len());
    out.extend_from_slice(json);
    let digits = format!("{:08x}", crc32fast::hash(out.get(start + 9..).unwrap_or_default()));
    if let Some(field) = out.get_mut(start..start + 8) {
        field.copy_from_slice(digits.as_bytes());
    }
    out.push(b'\n');
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its place in the file, from 0.
    pub(crate) sequence: u64,
    /// The record.
    pub(crate) json: &'a [u8],
}

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// The line does not end.
    #[error("the line is cut off")]
    Cut,
    /// The line does not have the fields of a record.
    #[error("the line does not have the form of a record")]
    Form,
    /// The line is not as long as it says.
    #[error("the record is not as long as it says")]
    Length,
    /// The bytes are not those that were written.
    #[error("the checksum does not match")]
    Checksum,
}

/// Reads a line, its line end included.
pub(crate) fn read(line: &[u8]) -> Result<Frame<'_>, FrameError> {
    let line = line.strip_suffix(b"\n").ok_or(FrameError::Cut)?;
    let (digits, rest) = split(line)?;
    let (sequence, tail) = split(rest)?;
    let (length, json) = split(tail)?;
    if digits.len() != 8 {
        return Err(FrameError::Form);
    }
    let length: usize = number(length, 10)?.try_into().map_err(|_| FrameError::Length)?;
    if length != json.len() {
        return Err(FrameError::Length);
    }
    if number(digits, 16)? != u64::from(crc32fast::hash(rest)) {
        return Err(FrameError::Checksum);
    }
    Ok(Frame { sequence: number(sequence, 10)?, json })
}

/// Whether a line ends in a whole record, whatever stands before it: a lost line end must not hide
/// the record behind it.
pub(crate) fn ends_in_record(line: &[u8]) -> bool {
    (0..line.len()).any(|at| {
        let rest = line.get(at..).unwrap_or_default();
        let plausible =
            rest.get(8) == Some(&b' ') && rest.iter().take(8).all(u8::is_ascii_hexdigit);
        plausible && read(rest).is_ok()
    })
}

fn split(bytes: &[u8]) -> Result<(&[u8], &[u8]), FrameError> {
    let at = bytes.iter().position(|byte| *byte == b' ').ok_or(FrameError::Form)?;
    let (field, rest) = bytes.split_at(at);
    Ok((field, rest.get(1..).unwrap_or_default()))
}

fn number(digits: &[u8], radix: u32) -> Result<u64, FrameError> {
    // `from_str_radix` would take a sign and capital letters; what we write has neither.
    let plain = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let text = std::str::from_utf8(digits).map_err(|_| FrameError::Form)?;
    if !plain {
        return Err(FrameError::Form);
    }
    u64::from_str_radix(text, radix).map_err(|_| FrameError::Form)
}
