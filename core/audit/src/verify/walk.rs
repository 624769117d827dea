//! From line to line along the chain, up to the first that does not fit.

use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::{Broken, Expected, Finding, Torn, VerifyError};
use crate::entry::{Entry, FORMAT, Header, VERSION};
use crate::hash::Hash;
use crate::head::{Head, Mark};
use crate::limits::LINE_BYTES_MAX;
use crate::line::{self, Link};

/// From where on a log is verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Where the first line begins.
    offset: u64,
    /// The number it must have.
    seq: u64,
    /// The hash it must be bound to.
    prev: Hash,
}

impl Default for Start {
    fn default() -> Self {
        Self { offset: 0, seq: 0, prev: Hash::NONE }
    }
}

impl Start {
    /// Behind the line of a mark, if it is there; otherwise at the beginning, which finds out why.
    pub(super) fn at(path: &Path, mark: Mark) -> Result<Self, VerifyError> {
        let Mark { head: Head { seq, hash }, bytes } = mark;
        let begins = bytes.saturating_sub(LINE_BYTES_MAX as u64);
        let Some(mut file) = opened(path)? else { return Ok(Self::default()) };
        let mut window = Vec::new();
        file.seek(SeekFrom::Start(begins))
            .and_then(|_| file.take(bytes - begins).read_to_end(&mut window))
            .map_err(|source| VerifyError::Io { path: path.to_owned(), source })?;
        let ends = window.len() as u64 == bytes - begins;
        let body = window.get(..window.len().saturating_sub(1)).unwrap_or_default();
        let line = body.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let link = window.get(line..).and_then(line::open);
        let there = link.is_some_and(|link| link.seq == seq && link.hash == hash);
        Ok(if ends && there {
            Self { offset: bytes, seq: seq + 1, prev: hash }
        } else {
            Self::default()
        })
    }
}

/// What was found along the way.
pub(super) struct Walk {
    /// The last line in its place.
    pub(super) last: Option<Head>,
    /// Where it ends.
    pub(super) bytes: u64,
    pub(super) torn: Option<Torn>,
    pub(super) broken: Option<Broken>,
}

impl Walk {
    /// Along the whole chain from `start`; nothing when there is no file.
    pub(super) fn over(
        path: &Path,
        start: Start,
        expected: &[Expected],
    ) -> Result<Option<Self>, VerifyError> {
        let Some(file) = opened(path)? else { return Ok(None) };
        let mut lines = Lines::new(path, file);
        let future = lines.next()?.and_then(header).filter(|header| header.version > VERSION);
        if let Some(Header { version: found, .. }) = future {
            return Err(VerifyError::FutureVersion { path: path.to_owned(), found });
        }
        lines.seek(start.offset)?;
        let last = start.seq.checked_sub(1).map(|seq| Head { seq, hash: start.prev });
        let mut walker = Walker { lines, next: start, last, expected: expected.to_vec() };
        if let Some(last) = last {
            walker.expected.retain(|it| it.hash != last.hash);
        }
        let (finding, torn) = walker.walk()?;
        let line = walker.next.seq + 1;
        let broken = finding.map(|finding| Broken { path: path.to_owned(), line, finding });
        Ok(Some(Self { last: walker.last, bytes: walker.next.offset, torn, broken }))
    }
}

struct Walker {
    lines: Lines,
    /// What the next line must be.
    next: Start,
    last: Option<Head>,
    /// Lines that were not met yet.
    expected: Vec<Expected>,
}

impl Walker {
    fn walk(&mut self) -> Result<(Option<Finding>, Option<Torn>), VerifyError> {
        loop {
            let Some(bytes) = self.lines.next()? else { return Ok((self.at_the_end(), None)) };
            let length = bytes.len() as u64;
            let Some(link) = line::open(bytes) else { return self.not_a_line() };
            let understood = match link.seq {
                0 => header(bytes).is_some(),
                _ => serde_json::from_slice::<Entry>(bytes).is_ok(),
            };
            if !understood {
                return Ok((Some(Finding::Changed), None));
            }
            if let Some(finding) = self.out_of_place(link)? {
                return Ok((Some(finding), None));
            }
            let Link { seq, hash, .. } = link;
            self.last = Some(Head { seq, hash });
            self.next = Start { offset: self.next.offset + length, seq: seq + 1, prev: hash };
        }
    }

    /// Why a whole line does not belong where it stands.
    fn out_of_place(&mut self, link: Link) -> Result<Option<Finding>, VerifyError> {
        let Link { seq, prev, hash } = link;
        if seq != self.next.seq {
            return self.misplaced(link).map(Some);
        }
        if prev != self.next.prev {
            return Ok(Some(Finding::Forked { seq, head: None }));
        }
        if let Some(other) = self.expected.iter().find(|it| it.seq == Some(seq) && it.hash != hash)
        {
            let head = Some(Head { seq, hash: other.hash });
            return Ok(Some(Finding::Forked { seq, head }));
        }
        self.expected.retain(|it| it.hash != hash);
        Ok(None)
    }

    /// The line has another number than belongs there. Whether the one that does is further on
    /// tells a line that was moved from lines that were removed.
    fn misplaced(&mut self, link: Link) -> Result<Finding, VerifyError> {
        let Link { seq, hash, .. } = link;
        let next = self.next;
        if seq < next.seq {
            self.lines.seek(0)?;
            let before = self.lines.find(seq + 1, |it| it.hash == hash)?;
            return Ok(if before {
                Finding::Repeated { seq }
            } else {
                Finding::Forked { seq, head: None }
            });
        }
        let here = self.lines.offset;
        let further = self.lines.find(u64::MAX, |it| it.seq == next.seq && it.prev == next.prev)?;
        if !further {
            return Ok(Finding::Missing { from: next.seq, to: seq - 1 });
        }
        self.lines.seek(here)?;
        let again = self.lines.find(u64::MAX, |it| it.hash == hash)?;
        Ok(if again { Finding::Repeated { seq } } else { Finding::Reordered { seq } })
    }

    /// The line is none. Without a line end it is what a crash leaves, unless it is on record.
    fn not_a_line(&mut self) -> Result<(Option<Finding>, Option<Torn>), VerifyError> {
        let bytes = &self.lines.line;
        let length = bytes.len() as u64;
        let ends = bytes.last() == Some(&b'\n') || bytes.len() >= LINE_BYTES_MAX;
        if ends {
            return Ok((Some(Finding::Changed), None));
        }
        let mut mended = bytes.clone();
        mended.pop();
        mended.push(b'\n');
        let only_its_end = line::open(&mended).is_some();
        Ok(match self.at_the_end() {
            Some(_) if only_its_end => (Some(Finding::Changed), None),
            None => (None, Some(Torn { line: self.next.seq + 1, bytes: length })),
            truncated => (truncated, None),
        })
    }

    /// What is known to have been there and was not met.
    fn at_the_end(&self) -> Option<Finding> {
        let last = self.last.map(|head| head.seq);
        let known =
            self.expected.iter().filter_map(|it| Some(Head { seq: it.seq?, hash: it.hash }));
        let truncated = known.max_by_key(|head| head.seq);
        match (truncated, self.expected.first(), last) {
            (Some(head), _, _) => Some(Finding::Truncated { head: Some(head), last }),
            (None, Some(it), _) => Some(Finding::Unknown { hash: it.hash }),
            (None, None, None) => Some(Finding::Truncated { head: None, last }),
            (None, None, Some(_)) => None,
        }
    }
}

fn header(line: &[u8]) -> Option<Header> {
    let link = line::open(line)?;
    let header: Header = serde_json::from_slice(line).ok()?;
    (header.format == FORMAT && link.seq == 0).then_some(header)
}

fn opened(path: &Path) -> Result<Option<fs_err::File>, VerifyError> {
    match fs_err::File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(VerifyError::Io { path: path.to_owned(), source }),
    }
}

/// The lines of a file, each no longer than a line may be.
struct Lines {
    path: std::path::PathBuf,
    input: BufReader<fs_err::File>,
    line: Vec<u8>,
    /// Where the next line begins.
    offset: u64,
}

impl Lines {
    fn new(path: &Path, file: fs_err::File) -> Self {
        let input = BufReader::with_capacity(1 << 16, file);
        Self { path: path.to_owned(), input, line: Vec::new(), offset: 0 }
    }

    fn seek(&mut self, offset: u64) -> Result<(), VerifyError> {
        self.offset = offset;
        let sought = self.input.seek(SeekFrom::Start(offset));
        sought.map(drop).map_err(|source| VerifyError::Io { path: self.path.clone(), source })
    }

    fn next(&mut self) -> Result<Option<&[u8]>, VerifyError> {
        self.line.clear();
        let read = (&mut self.input).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| VerifyError::Io { path: self.path.clone(), source })?;
        self.offset += read as u64;
        Ok((read > 0).then_some(self.line.as_slice()))
    }

    /// Whether one of the next `count` lines is such a one.
    fn find(&mut self, count: u64, is: impl Fn(&Link) -> bool) -> Result<bool, VerifyError> {
        for _ in 0..count {
            match self.next()? {
                None => return Ok(false),
                Some(line) if line::open(line).is_some_and(|link| is(&link)) => return Ok(true),
                Some(_) => {}
            }
        }
        Ok(false)
    }
}
