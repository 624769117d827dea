//! What was deleted a moment ago: some replicas still show it, and its name is not free yet.
//!
//! It is forgotten with the process: a tenant that was away has settled.

use std::collections::VecDeque;

use uuid::Uuid;

use crate::clock::Millis;
use crate::limits::DEPARTED_MAX;
use crate::store::{RoleAssignment, RoleDefinition};

/// The assignments and definitions that are still about.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    assignments: VecDeque<Gone<RoleAssignment>>,
    definitions: VecDeque<Gone<RoleDefinition>>,
}

/// Something that was deleted, and when.
#[derive(Debug, Clone)]
pub(super) struct Gone<T> {
    pub(super) it: T,
    pub(super) at: Millis,
}

impl Departed {
    pub(super) fn bury_assignment(&mut self, it: RoleAssignment, at: Millis) {
        bury(&mut self.assignments, Gone { it, at });
    }

    pub(super) fn bury_definition(&mut self, it: RoleDefinition, at: Millis) {
        bury(&mut self.definitions, Gone { it, at });
    }

    /// Something was made under this name again.
    pub(super) fn forget(&mut self, name: Uuid) {
        self.assignments.retain(|gone| gone.it.name != name);
        self.definitions.retain(|gone| gone.it.name != name);
    }

    /// The assignments deleted less than `lag` ago.
    pub(super) fn assignments(
        &mut self,
        lag: Millis,
        now: Millis,
    ) -> impl Iterator<Item = &Gone<RoleAssignment>> {
        settle(&mut self.assignments, lag, now);
        self.assignments.iter()
    }

    /// The definitions deleted less than `lag` ago.
    pub(super) fn definitions(
        &mut self,
        lag: Millis,
        now: Millis,
    ) -> impl Iterator<Item = &Gone<RoleDefinition>> {
        settle(&mut self.definitions, lag, now);
        self.definitions.iter()
    }
}

fn bury<T>(all: &mut VecDeque<Gone<T>>, gone: Gone<T>) {
    if all.len() >= DEPARTED_MAX {
        all.pop_front();
    }
    all.push_back(gone);
}

fn settle<T>(all: &mut VecDeque<Gone<T>>, lag: Millis, now: Millis) {
    all.retain(|gone| now.saturating_sub(gone.at) < lag);
}
