//! Naming steps on a command line: an address, or the beginning of one.

use std::fmt;
use std::str::FromStr;

use skybridge_model::address::is_word;

use crate::step::PlannedStep;

/// `connector`, `connector.kind`, `connector.kind.name`, any of them with `@scope`, or `@scope` alone.
///
/// A selector that is a step's whole address means that step; otherwise all steps whose address
/// begins with the words given, of any scope unless one is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    words: Vec<String>,
    scope: Option<String>,
}

/// Why a text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no steps; write connector, connector.kind, connector.kind.name, each with @scope or without, or @scope"
)]
pub struct SelectorError(String);

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// [`SelectorError`] when the text has another form.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let error = || SelectorError(text.to_owned());
        let (path, scope) = match text.split_once('@') {
            Some((path, scope)) => (path, Some(scope)),
            None => (text, None),
        };
        if scope.is_some_and(|s| s.is_empty() || s.chars().any(char::is_whitespace)) {
            return Err(error());
        }
        let words: Vec<String> = match path {
            "" if scope.is_some() => Vec::new(),
            path => path.split('.').map(str::to_owned).collect(),
        };
        if words.len() > 3 || !words.iter().all(|word| is_word(word)) {
            return Err(error());
        }
        Ok(Self { words, scope: scope.map(str::to_owned) })
    }

    /// The words before the scope, joined as in an address.
    pub(crate) fn path(&self) -> String {
        self.words.join(".")
    }

    pub(crate) fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    fn names<'a>(step: &'a PlannedStep<'_>) -> impl Iterator<Item = &'a str> {
        [Some(step.connector().name.as_str()), Some(step.kind()), step.name()].into_iter().flatten()
    }

    /// Whether the step's address begins as this selector does.
    #[must_use]
    pub fn matches(&self, step: &PlannedStep<'_>) -> bool {
        let mut names = Self::names(step);
        self.words.iter().all(|word| names.next() == Some(word))
            && self.scope.as_deref().is_none_or(|scope| step.scope() == Some(scope))
    }

    /// Whether this selector is the step's whole address.
    #[must_use]
    pub fn is(&self, step: &PlannedStep<'_>) -> bool {
        Self::names(step).eq(self.words.iter().map(String::as_str))
            && self.scope.as_deref() == step.scope()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())?;
        self.scope.as_ref().map_or(Ok(()), |scope| write!(f, "@{scope}"))
    }
}

impl FromStr for Selector {
    type Err = SelectorError;
    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Self::parse(text)
    }
}
