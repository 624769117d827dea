//! The printable path of a step: `connector.kind[.name][@scope]`.
//!
//! Addresses are what plans, journals and people use to name a step. They are stable: an index into
//! a graph is not, so none is ever written down.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::ADDRESS_BYTES_MAX;

/// The path of one step, for example `contoso.role-assignment.reader@33333333-…`.
///
/// `connector`, `kind` and `name` are words of lower-case letters, digits and dashes; `scope` is
/// whatever the cloud calls the place (a subscription, a cluster), without blanks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(Arc<str>);

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text does not have the form of an address.
    #[error(
        "`{0}` is not an address; write connector.kind, connector.kind.name or either with @scope"
    )]
    Form(String),
    /// A part holds a character that addresses do not have.
    #[error("`{part}` in `{address}` may hold only lower-case letters, digits and dashes")]
    Word {
        /// The offending part.
        part: String,
        /// The whole text.
        address: String,
    },
    /// The scope is empty or holds a blank or control character.
    #[error("the scope of `{0}` is empty or holds a blank")]
    Scope(String),
    /// The text is longer than [`ADDRESS_BYTES_MAX`].
    #[error("an address of {0} bytes is longer than the {ADDRESS_BYTES_MAX} allowed")]
    TooLong(usize),
}

/// Whether `text` is a word as addresses have them: `[a-z0-9]` with single inner dashes allowed.
#[must_use]
pub fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::TooLong(text.len()));
        }
        let (path, scope) = match text.split_once('@') {
            Some((path, scope)) => (path, Some(scope)),
            None => (text, None),
        };
        let words: Vec<&str> = path.split('.').collect();
        if !(2..=3).contains(&words.len()) {
            return Err(AddressError::Form(text.to_owned()));
        }
        if let Some(part) = words.iter().find(|word| !is_word(word)) {
            return Err(AddressError::Word { part: (*part).to_owned(), address: text.to_owned() });
        }
        if scope
            .is_some_and(|s| s.is_empty() || s.chars().any(|c| c.is_whitespace() || c.is_control()))
        {
            return Err(AddressError::Scope(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Builds an address from its parts.
    ///
    /// # Errors
    /// [`AddressError`] when a part is not what [`Address::parse`] would accept.
    pub fn build(
        connector: &str,
        kind: &str,
        name: Option<&str>,
        scope: Option<&str>,
    ) -> Result<Self, AddressError> {
        let mut text = String::with_capacity(
            connector.len() + kind.len() + name.map_or(0, str::len) + scope.map_or(0, str::len) + 3,
        );
        text.push_str(connector);
        text.push('.');
        text.push_str(kind);
        if let Some(name) = name {
            text.push('.');
            text.push_str(name);
        }
        if let Some(scope) = scope {
            text.push('@');
            text.push_str(scope);
        }
        Self::parse(&text)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn path(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(path, _)| path)
    }

    /// The connector's name.
    #[must_use]
    pub fn connector(&self) -> &str {
        self.0.split_once('.').map_or("", |(connector, _)| connector)
    }

    /// The kind of the step: `role-assignment`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.path().split('.').nth(1).unwrap_or("")
    }

    /// The name within the kind: `reader`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.path().split('.').nth(2)
    }

    /// What follows `@`.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.0.split_once('@').map(|(_, scope)| scope)
    }

    /// `kind` or `kind.name`: how steps of one connector call each other.
    #[must_use]
    pub fn local(&self) -> &str {
        self.path().split_once('.').map_or("", |(_, local)| local)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0.as_ref().to_owned()
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_full_address() {
        let address =
            Address::parse("contoso.role-assignment.reader@/subscriptions/3/x.y").unwrap();
        assert_eq!(address.connector(), "contoso");
        assert_eq!(address.kind(), "role-assignment");
        assert_eq!(address.name(), Some("reader"));
        assert_eq!(address.scope(), Some("/subscriptions/3/x.y"));
        assert_eq!(address.local(), "role-assignment.reader");
    }

    #[test]
    fn parts_of_a_short_address() {
        let address = Address::parse("contoso.application").unwrap();
        assert_eq!((address.kind(), address.name(), address.scope()), ("application", None, None));
        assert_eq!(address.local(), "application");
    }

    #[test]
    fn refused_with_the_reason() {
        for (text, says) in [
            ("contoso", "is not an address"),
            ("a.b.c.d", "is not an address"),
            ("Contoso.application", "may hold only"),
            ("a..b", "may hold only"),
            ("a.b@", "empty or holds a blank"),
            ("a.b@x y", "empty or holds a blank"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        assert!(Address::parse(&"a.".repeat(9_000)).is_err());
    }
}
