//! Where each key and value of a document stands in the file, by JSON pointer.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use skybridge_model::limits::DIAGNOSTICS_MAX;
use skybridge_model::{Diagnostic, Diagnostics, Span};

use crate::codes;
use crate::source::LineIndex;

/// One value's place.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Its key; elements of arrays have none.
    pub(crate) key: Option<Range<usize>>,
    /// The value; for a table with a header, the header.
    pub(crate) value: Range<usize>,
}

/// Every place of a document.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) index: Arc<LineIndex>,
    by_pointer: BTreeMap<String, Place>,
}

impl Places {
    pub(crate) fn new(index: Arc<LineIndex>) -> Self {
        Self { index, by_pointer: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, pointer: String, place: Place) {
        self.by_pointer.insert(pointer, place);
    }

    /// Where the key of `pointer` is, or its value, or what holds it.
    pub(crate) fn key(&self, pointer: &str) -> Span {
        let place = self.nearest(pointer);
        self.span(place.map(|place| place.key.as_ref().unwrap_or(&place.value)))
    }

    /// Where the value of `pointer` is, or what holds it.
    pub(crate) fn value(&self, pointer: &str) -> Span {
        self.span(self.nearest(pointer).map(|place| &place.value))
    }

    /// Where the value of `pointer` begins, for sorting by place.
    pub(crate) fn start(&self, pointer: &str) -> usize {
        self.nearest(pointer).map_or(0, |place| place.key.as_ref().unwrap_or(&place.value).start)
    }

    fn nearest(&self, mut pointer: &str) -> Option<&Place> {
        loop {
            if let Some(place) = self.by_pointer.get(pointer) {
                return Some(place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }

    fn span(&self, bytes: Option<&Range<usize>>) -> Span {
        self.index.span(bytes.unwrap_or(&(0..0)))
    }
}

/// A pointer one step further.
pub(crate) fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The keys of a pointer.
pub(crate) fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~"))
}

/// Collects problems up to [`DIAGNOSTICS_MAX`]: more is one broken thing repeated.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Complaints {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.list.len() < DIAGNOSTICS_MAX {
            self.list.push(diagnostic);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// All of them, with a last one that counts what was left out.
    pub(crate) fn finish(mut self) -> Diagnostics {
        if self.left_out > 0 {
            let more = format!("{} more problems are not shown", self.left_out);
            self.list.push(Diagnostic::error(codes::MORE, more).help(
                "mend the ones above and look again: most of the rest is one mistake repeated",
            ));
        }
        self.list.into_iter().collect()
    }
}
