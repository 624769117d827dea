//! A journal that lives as long as the process: for rehearsals that leave nothing behind, and tests.

use std::sync::{Arc, Mutex, PoisonError};

use super::{AppendError, Store};
use crate::format::v1::Event;

/// Keeps events in memory. Clones share them, so that one may be looked at while another is written.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    events: Arc<Mutex<Vec<Event>>>,
}

impl MemoryStore {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was kept so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store for MemoryStore {
    fn append(&mut self, batch: &[Event]) -> Result<(), AppendError> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(batch);
        Ok(())
    }
}
