//! Conditions of role assignments: what a grant is narrowed to, as a small language.
//!
//! The language is the one the service documents: `ActionMatches{…}`, comparisons of attributes,
//! AND, OR, NOT and parentheses. What cannot be read grants nothing.

use uuid::Uuid;

use super::access::matches;
use crate::limits::{CONDITION_CHARS_MAX, CONDITION_DEPTH_MAX};

mod parse;

/// A condition that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition(Expression);

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deed<'a> {
    pub(crate) action: &'a str,
    /// The role assignment a request wants to make.
    pub(crate) request: Option<&'a Triple>,
    /// The role assignment that is there already.
    pub(crate) resource: Option<&'a Triple>,
}

/// What a condition may ask of a role assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Triple {
    pub(crate) role: Uuid,
    pub(crate) principal: Uuid,
    pub(crate) principal_type: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Action(Vec<String>),
    /// Suboperations belong to data actions: none of them happens here.
    Suboperation,
    Exists(Attribute),
    Compare {
        left: Operand,
        quantifier: Quantifier,
        function: Function,
        right: Operand,
    },
}

/// `@Source[Provider/type:Name]`; the name in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attribute {
    source: Source,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Request,
    Resource,
    /// Of the caller or of the place it calls from: nothing is known of either.
    Elsewhere,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Attribute(Attribute),
    Values(Vec<String>),
}

/// How many values of the left side have to compare with how many of the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quantifier {
    every_left: bool,
    every_right: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Function {
    kind: Kind,
    negated: bool,
    ignore_case: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Guid,
    Equals,
    Like,
    StartsWith,
}

impl Condition {
    /// Reads a condition, or says what is wrong with it and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > CONDITION_CHARS_MAX {
            return Err(format!("it is longer than {CONDITION_CHARS_MAX} characters"));
        }
        parse::expression(text, CONDITION_DEPTH_MAX).map(Self)
    }

    /// Whether it lets the deed happen.
    pub(crate) fn is_met(&self, deed: &Deed<'_>) -> bool {
        self.0.holds(deed)
    }
}

impl Expression {
    fn holds(&self, deed: &Deed<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(deed)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(deed)),
            Self::Not(part) => !part.holds(deed),
            Self::Action(patterns) => patterns.iter().any(|it| matches(it, deed.action)),
            Self::Suboperation => false,
            Self::Exists(attribute) => attribute.value(deed).is_some(),
            Self::Compare { left, quantifier, function, right } => {
                let (left, right) = (left.values(deed), right.values(deed));
                // Nothing compares with an attribute that is not there, not even as unequal.
                !left.is_empty()
                    && !right.is_empty()
                    && quantifier.holds(&left, &right, |left, right| function.holds(left, right))
            }
        }
    }
}

impl Attribute {
    fn value(&self, deed: &Deed<'_>) -> Option<String> {
        let triple = match self.source {
            Source::Request => deed.request?,
            Source::Resource => deed.resource?,
            Source::Elsewhere => return None,
        };
        match self.name.as_str() {
            "microsoft.authorization/roleassignments:roledefinitionid" => {
                Some(triple.role.to_string())
            }
            "microsoft.authorization/roleassignments:principalid" => {
                Some(triple.principal.to_string())
            }
            "microsoft.authorization/roleassignments:principaltype" => {
                Some(triple.principal_type.clone())
            }
            _ => None,
        }
    }
}

impl Operand {
    fn values(&self, deed: &Deed<'_>) -> Vec<String> {
        match self {
            Self::Attribute(attribute) => attribute.value(deed).into_iter().collect(),
            Self::Values(values) => values.clone(),
        }
    }
}

impl Quantifier {
    fn holds(self, left: &[String], right: &[String], test: impl Fn(&str, &str) -> bool) -> bool {
        let among_right = |it: &String| {
            let mut all = right.iter();
            if self.every_right { all.all(|r| test(it, r)) } else { all.any(|r| test(it, r)) }
        };
        let mut all = left.iter();
        if self.every_left { all.all(among_right) } else { all.any(among_right) }
    }
}

impl Function {
    fn holds(self, left: &str, right: &str) -> bool {
        let same = match self.kind {
            Kind::Guid => same_guid(left, right),
            _ if self.ignore_case => self.compares(&left.to_lowercase(), &right.to_lowercase()),
            _ => self.compares(left, right),
        };
        same != self.negated
    }

    fn compares(self, left: &str, right: &str) -> bool {
        match self.kind {
            Kind::Like => is_like(left.as_bytes(), right.as_bytes()),
            Kind::StartsWith => left.starts_with(right),
            Kind::Guid | Kind::Equals => left == right,
        }
    }
}

fn same_guid(left: &str, right: &str) -> bool {
    let (left, right) = (Uuid::parse_str(left), Uuid::parse_str(right));
    left.is_ok() && left == right
}

/// Whether a text is of the form of a pattern with `*` (any characters) and `?` (one).
fn is_like(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut last_star = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(b'*') => {
                last_star = Some((next, at));
                next += 1;
            }
            Some(it) if *it == b'?' || Some(it) == text.get(at) => {
                at += 1;
                next += 1;
            }
            _ => {
                // The star has to cover one character more.
                let Some((star, from)) = last_star else { return false };
                last_star = Some((star, from + 1));
                (next, at) = (star + 1, from + 1);
            }
        }
    }
    pattern.get(next..).is_some_and(|rest| rest.iter().all(|it| *it == b'*'))
}

#[cfg(test)]
mod tests;
