//! What makes a step's effect recognisable: a key that every attempt of every process derives anew.

use skybridge_journal::RunId;
use skybridge_model::Address;
use uuid::Uuid;

/// The key of a step in a run: the same at every attempt, different for every other step or run.
#[must_use]
pub fn step_key(run: RunId, address: &Address) -> Uuid {
    Uuid::new_v5(&run.uuid(), address.as_str().as_bytes())
}
