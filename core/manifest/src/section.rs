//! A part of the manifest that a plugin defines: data for the plugin, places for people.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use skybridge_model::Span;

use crate::places::Places;

/// `settings` or `operator` of one connector.
///
/// The plugin names what it complains about by JSON pointer within this section; [`Section::key_span`]
/// and [`Section::value_span`] say where that is in the file. A value that could not be read (a syntax
/// error, a literal secret) is null, which TOML cannot write, and is judged by nobody.
#[derive(Clone)]
pub struct Section {
    pub(crate) value: Value,
    pub(crate) base: String,
    pub(crate) places: Arc<Places>,
    /// The file has syntax errors, so that what looks missing may only be unreadable.
    pub(crate) damaged: bool,
}

impl Section {
    /// The data, as the plugin gets it.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Where the key is that `pointer` ends in (`""` is the section itself); when the file does not
    /// hold it, where the nearest thing around it is.
    #[must_use]
    pub fn key_span(&self, pointer: &str) -> Span {
        self.places.key(&format!("{}{pointer}", self.base))
    }

    /// Where the value at `pointer` is; when the file does not hold it, where the nearest thing
    /// around it is.
    #[must_use]
    pub fn value_span(&self, pointer: &str) -> Span {
        self.places.value(&format!("{}{pointer}", self.base))
    }
}

/// The data stays out: somebody may have written a secret under a harmless name.
impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Section({})", self.base)
    }
}
