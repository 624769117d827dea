//! What is wrong, where, why, and what to do about it: as data, so that all of it can be collected,
//! sorted and shown at once.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::address::Address;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The work cannot go on.
    Error,
    /// The work goes on; somebody should know.
    Warning,
    /// Good to know.
    Note,
}

/// A place in a text file, as editors count: both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
}

/// A stretch of a file: where it starts for people, and its bytes for the one who draws it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The file's name as the user gave it.
    pub file: String,
    /// Where the stretch starts.
    pub start: Position,
    /// Its bytes in the file: offset and length.
    pub bytes: (usize, usize),
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable code, such as `SKY-MANIFEST-003`; `skybridge explain CODE` tells more.
    pub code: Cow<'static, str>,
    /// One line: what is wrong. Lower case, no full stop.
    pub summary: String,
    /// Why, or more about it.
    pub detail: Option<String>,
    /// The step concerned.
    pub address: Option<Address>,
    /// The place in the manifest concerned.
    pub span: Option<Span>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with a code and a summary.
    pub fn error(code: impl Into<Cow<'static, str>>, summary: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            summary: summary.into(),
            detail: None,
            address: None,
            span: None,
            help: None,
        }
    }

    /// A warning with a code and a summary.
    pub fn warning(code: impl Into<Cow<'static, str>>, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, summary) }
    }

    /// A note with a code and a summary.
    pub fn note(code: impl Into<Cow<'static, str>>, summary: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, summary) }
    }

    /// With the reason, or more about it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the step concerned.
    #[must_use]
    pub fn at(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// With the place in the manifest.
    #[must_use]
    pub fn span(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }
}

/// One line for logs: `file:line:column: code: summary (address)`. People get the long form.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{}:{}:{}: ", span.file, span.start.line, span.start.column)?;
        }
        write!(f, "{}: {}", self.code, self.summary)?;
        if let Some(address) = &self.address {
            write!(f, " ({address})")?;
        }
        Ok(())
    }
}

/// Problems in the order they should be read: by place in the file, then by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them in reading order, exact repetitions left out.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.span.as_ref().map(|s| (s.file.clone(), s.bytes));
            (place(a), &a.address, &a.code, &a.summary).cmp(&(
                place(b),
                &b.address,
                &b.code,
                &b.summary,
            ))
        });
        self.0.dedup();
        self.0
    }

    /// As they came.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
