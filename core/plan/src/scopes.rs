//! Every scope once: ten thousand subscriptions are spoken of by 150,000 steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::graph::to_u32;

/// The position that stands for "no scope".
pub(crate) const NONE: u32 = u32::MAX;

/// Texts by number, numbers by text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    texts: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
    last: u32,
}

impl Scopes {
    pub(crate) fn number(&mut self, scope: Option<&str>) -> u32 {
        let Some(scope) = scope else { return NONE };
        // The steps of one scope mostly stand together.
        if self.texts.get(self.last as usize).is_some_and(|text| **text == *scope) {
            return self.last;
        }
        self.last = self.numbers.get(scope).copied().unwrap_or_else(|| {
            let number = to_u32(self.texts.len());
            let text: Arc<str> = scope.into();
            self.texts.push(text.clone());
            self.numbers.insert(text, number);
            number
        });
        self.last
    }

    pub(crate) fn find(&self, scope: Option<&str>) -> Option<u32> {
        scope.map_or(Some(NONE), |scope| self.numbers.get(scope).copied())
    }

    pub(crate) fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize).map(|text| &**text)
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(|text| &**text)
    }
}
