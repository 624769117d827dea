//! The write-ahead rule, by construction: what follows from a record leaves only behind it.

use std::collections::VecDeque;

use skybridge_journal::Event;
use skybridge_journal::limits::BATCH_RECORDS_MAX;

use crate::machine::{Effect, Turn};

/// Holds what a [`Machine`](crate::Machine) decided until the records before it are durable.
///
/// Records leave in batches, one at a time; an effect can be taken out only after every record that
/// was put in before it was [acknowledged](Outbox::acknowledge). There is no other way to get at an
/// effect, so no driver can start a step whose intent is not on disk.
#[derive(Debug, Default)]
pub struct Outbox {
    records: VecDeque<Event>,
    /// Each with the number of records that must be durable first.
    effects: VecDeque<(u64, Effect)>,
    put_in: u64,
    taken: u64,
    durable: u64,
}

impl Outbox {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts in what was decided.
    pub fn put(&mut self, turn: Turn) {
        self.put_in += turn.records.len() as u64;
        self.records.extend(turn.records);
        self.effects.extend(turn.effects.into_iter().map(|effect| (self.put_in, effect)));
    }

    /// The next batch of records to write; nothing while one is being written or none wait.
    pub fn take_batch(&mut self) -> Option<Vec<Event>> {
        if self.taken > self.durable || self.records.is_empty() {
            return None;
        }
        let count = self.records.len().min(BATCH_RECORDS_MAX);
        self.taken += count as u64;
        Some(self.records.drain(..count).collect())
    }

    /// The batch that was taken is durable.
    pub fn acknowledge(&mut self) {
        self.durable = self.taken;
    }

    /// The next effect whose records are durable.
    pub fn take_effect(&mut self) -> Option<Effect> {
        let (behind, _) = self.effects.front()?;
        if *behind > self.durable {
            return None;
        }
        self.effects.pop_front().map(|(_, effect)| effect)
    }
}

#[cfg(test)]
mod tests;
