//! A vault and a record that remember everything they were given.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use skybridge_host::{Progress, Vault, VaultError, Witness};
use skybridge_model::{Clock, Secret, Timestamp};
use skybridge_plugin_protocol::audit::{Notice, Write};

/// Keeps secrets in memory, and every one it ever held.
#[derive(Default)]
pub(crate) struct MemoryVault {
    now: Mutex<BTreeMap<String, Vec<u8>>>,
    ever: Mutex<Vec<Vec<u8>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryVault {
    /// Every secret that was ever put in.
    pub(crate) fn ever(&self) -> Vec<Vec<u8>> {
        lock(&self.ever).clone()
    }
}

impl Vault for MemoryVault {
    fn get(&self, _: &str, name: &str) -> Result<Option<Secret<Vec<u8>>>, VaultError> {
        Ok(lock(&self.now).get(name).cloned().map(Secret::new))
    }

    fn put(&self, _: &str, name: &str, value: Secret<Vec<u8>>) -> Result<(), VaultError> {
        lock(&self.ever).push(value.expose().clone());
        lock(&self.now).insert(name.to_owned(), value.expose().clone());
        Ok(())
    }

    fn remove(&self, _: &str, name: &str) -> Result<(), VaultError> {
        lock(&self.now).remove(name);
        Ok(())
    }
}

/// What a plugin told while it worked.
#[derive(Default)]
pub(crate) struct Told {
    texts: Mutex<String>,
    /// Writes by step.
    writes: Mutex<BTreeMap<String, usize>>,
}

impl Told {
    /// Everything, as text.
    pub(crate) fn text(&self) -> String {
        lock(&self.texts).clone()
    }

    /// Writes that were put on record for a step.
    pub(crate) fn writes(&self, step: &str) -> usize {
        lock(&self.writes).get(step).copied().unwrap_or(0)
    }

    fn add(&self, text: &str) {
        let mut texts = lock(&self.texts);
        texts.push_str(text);
        texts.push('\n');
    }
}

impl Witness for Told {
    fn progress(&self, _: &str, progress: Progress) {
        self.add(&progress.note);
    }

    fn write(&self, _: &str, subject: &str, write: Write) {
        *lock(&self.writes).entry(subject.to_owned()).or_default() += 1;
        self.add(&format!("{write:?}"));
    }

    fn notice(&self, _: &str, _: &str, notice: Notice) {
        self.add(&format!("{notice:?}"));
    }
}

/// The real time: simulated clouds have lag, and certificates have dates.
pub(crate) struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
