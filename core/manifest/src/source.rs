//! The text of a manifest and where its bytes are for people.

use std::fmt;
use std::ops::Range;

use skybridge_model::{Position, Span};

/// A manifest as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name as the user gave it; it is only shown.
    pub name: &'a str,
    /// The file's bytes.
    pub text: &'a [u8],
}

/// Turns byte offsets into lines and columns.
///
/// It keeps where lines and multi-byte characters are, not the text: a text may hold a secret that
/// somebody wrote where none belongs.
#[derive(Clone)]
pub struct LineIndex {
    name: String,
    length: usize,
    line_starts: Vec<usize>,
    /// Offsets of bytes that do not begin a character, in order.
    continuations: Vec<usize>,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl LineIndex {
    /// Reads the whole text once.
    #[must_use]
    pub fn new(source: Source<'_>) -> Self {
        // A byte order mark is no character of the first line.
        let first = if source.text.starts_with(BOM) { BOM.len() } else { 0 };
        let mut line_starts = vec![first];
        let mut continuations = Vec::new();
        for (offset, byte) in source.text.iter().enumerate().skip(first) {
            if *byte == b'\n' {
                line_starts.push(offset + 1);
            } else if byte & 0b1100_0000 == 0b1000_0000 {
                continuations.push(offset);
            }
        }
        Self { name: source.name.to_owned(), length: source.text.len(), line_starts, continuations }
    }

    /// The line, from 0, that holds a byte.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// Line and column of a byte, both from 1; a place past the end is the end.
    #[must_use]
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line(offset);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let offset = offset.clamp(start, self.length.max(start));
        let inside = self.continuations.partition_point(|c| *c < offset)
            - self.continuations.partition_point(|c| *c < start);
        Position { line: count(line + 1), column: count(offset - start - inside + 1) }
    }

    /// The span of some bytes.
    #[must_use]
    pub fn span(&self, bytes: &Range<usize>) -> Span {
        Span {
            file: self.name.clone(),
            start: self.position(bytes.start),
            bytes: (bytes.start, bytes.end.saturating_sub(bytes.start)),
        }
    }
}

/// The text is at most a megabyte, so this never saturates.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl fmt::Debug for LineIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineIndex({}, {} lines)", self.name, self.line_starts.len())
    }
}
