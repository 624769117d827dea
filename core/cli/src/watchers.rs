//! What plugins tell while they work, passed on to whoever watches the run under way.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::render::progress::Told;

/// Tellings that wait for whoever watches; more are dropped, for later ones say more.
const QUEUE: usize = 256;

/// Whoever watches; nobody between two runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchers(Arc<Mutex<Option<Sender<Told>>>>);

impl Watchers {
    /// Somebody begins to watch. Whoever did before hears no more.
    pub(crate) fn begin(&self) -> Receiver<Told> {
        let (sender, receiver) = channel(QUEUE);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Tells whoever watches, without waiting.
    pub(crate) fn tell(&self, told: Told) {
        if let Some(sender) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // Full, or nobody listens any more.
            drop(sender.try_send(told));
        }
    }
}
