//! Text on its way out: collected, and handed on in pieces of some size.

use std::io;

/// Text handed on at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A page being written. Writing to it never fails; what went wrong outside is told at the end of a
/// line.
pub(crate) struct Page<'a> {
    out: &'a mut dyn io::Write,
    text: String,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn io::Write) -> Self {
        Self { out, text: String::with_capacity(CHUNK_BYTES * 2) }
    }

    /// Ends the line.
    pub(crate) fn end_line(&mut self) -> io::Result<()> {
        self.text.push('\n');
        if self.text.len() >= CHUNK_BYTES { self.hand_on() } else { Ok(()) }
    }

    /// A whole line.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.text.push_str(text);
        self.end_line()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }

    /// Hands on what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.hand_on()?;
        self.out.flush()
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// A number as people write it: `9,998`.
pub(crate) fn number(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{} {what}{}", number(n), if n == 1 { "" } else { "s" })
}
