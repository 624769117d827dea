//! What looks like chance: ids and flapping reads, both a function of the scenario's seed.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Millis;
use crate::limits::FLAPPING_OBJECTS_MAX;

/// Which of an object's lags is meant: one object may be readable and not yet effective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum View {
    /// Reading an object by its id.
    Read,
    /// Finding it in a list.
    List,
    /// Being referred to by another object or service.
    Reference,
    /// Taking effect: a role in a token, a grant on a call, a secret at the token endpoint.
    Effect,
    /// Changing it: the directory answers 409 from a replica that is behind.
    Change,
}

/// The seed and what was rolled with it.
#[derive(Debug)]
pub(crate) struct Chance {
    seed: u64,
    reads: BTreeMap<(Uuid, View), u64>,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, reads: BTreeMap::new() }
    }

    /// Whether one read meets a replica that knows the object.
    ///
    /// Younger than its lag the object is seen with a probability that grows with its age, rolled
    /// anew for every read: replicas disagree, so 200, 404, 200 is a normal sequence.
    pub(crate) fn sees(
        &mut self,
        view: View,
        subject: Uuid,
        born: Millis,
        lag: Millis,
        now: Millis,
    ) -> bool {
        let age = now.saturating_sub(born);
        if age >= lag {
            self.reads.remove(&(subject, view));
            return true;
        }
        if self.reads.len() >= FLAPPING_OBJECTS_MAX {
            self.reads.pop_first();
        }
        let read = self.reads.entry((subject, view)).or_default();
        *read += 1;
        let roll = number(&[
            &self.seed.to_be_bytes(),
            subject.as_bytes(),
            &[view as u8],
            &read.to_be_bytes(),
        ]);
        let lag = u64::try_from(lag).unwrap_or(1).max(1);
        roll % lag < u64::try_from(age).unwrap_or(0)
    }

    /// The `count`th id of this seed.
    pub(crate) fn id(&self, count: u64) -> Uuid {
        seeded_id(self.seed, "object", count)
    }
}

/// An id that looks random and is not.
pub(crate) fn seeded_id(seed: u64, label: &str, count: u64) -> Uuid {
    let digest = digest(&[&seed.to_be_bytes(), label.as_bytes(), &count.to_be_bytes()]);
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn number(parts: &[&[u8]]) -> u64 {
    let digest = digest(parts);
    let mut bytes = [0_u8; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(bytes)
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_flaps_until_its_lag_and_never_after() {
        let mut chance = Chance::new(7);
        let id = Uuid::from_u128(1);
        let half: Vec<bool> = (0..64).map(|_| chance.sees(View::Read, id, 0, 1000, 500)).collect();
        assert!(half.contains(&true) && half.contains(&false), "both answers: {half:?}");
        assert!((0..64).all(|_| !chance.sees(View::Read, id, 0, 1000, 0)));
        assert!((0..64).all(|_| chance.sees(View::Read, id, 0, 1000, 1000)));
        assert!(chance.reads.is_empty(), "a settled object costs no memory");
    }

    #[test]
    fn the_same_seed_rolls_the_same() {
        let roll = |seed| {
            let mut chance = Chance::new(seed);
            let id = Uuid::from_u128(1);
            (0..32).map(|_| chance.sees(View::List, id, 0, 100, 40)).collect::<Vec<_>>()
        };
        assert_eq!(roll(7), roll(7));
        assert_ne!(roll(7), roll(8));
        assert_eq!(Chance::new(7).id(3), Chance::new(7).id(3));
        assert_ne!(Chance::new(7).id(3), Chance::new(7).id(4));
    }
}
